"""Rows of a table, as its columns.json says what they mean: what each view tells of a sample."""

import numpy as np


def decoded(rows, columns):
    """Return what both views say of each row: a list of dicts for each, the trees' first.

    None where a category is missing or was not in the training half.
    """
    codes, start = {}, 0
    for name in columns["categorical"]:
        codes[name], start = rows[:, start], start + 1
    trees = {name: _categories(columns, name, code) for name, code in codes.items()}
    for name, about in columns["numbers"].items():
        part, start = rows[:, start : start + about["bytes"]], start + about["bytes"]
        trees[name] = [int.from_bytes(row.tobytes(), "big") for row in part]
    networks = {}
    for name in columns["categorical"]:
        stop = start + len(columns["categories"][name])
        part, start = rows[:, start:stop], stop
        assert set(np.unique(part)) <= {0, 255}
        assert (part.sum(axis=1, dtype=int) <= 255).all()
        code = np.where(part.any(axis=1), part.argmax(axis=1) + 1, 0)
        networks[name] = _categories(columns, name, code)
    for name in columns["numbers"]:
        pair, start = rows[:, start : start + 2].astype(np.float32), start + 2
        away = (256 * pair[:, 0] + pair[:, 1]) / np.float32(4096) - np.float32(8)
        networks[name] = away * columns["standard_deviation"][name] + columns["mean"][name]
    assert start == rows.shape[1]
    return [
        [dict(zip(view, row, strict=True)) for row in zip(*view.values(), strict=True)]
        for view in (trees, networks)
    ]


def _categories(columns, name, codes):
    return np.array([None, *columns["categories"][name]], dtype=object)[codes].tolist()
