"""What is wrong with the order of the samples, or with the sizes of the batches."""

from math import prod

import numpy as np

#: Samples of the shuffled epochs, as scripts/tools/parity/probe.py asks for them.
SAMPLES = 1000


def of_order(order, batches):
    """Return what is wrong with the order of samples, or None.

    ``order``: (epochs, samples), padded with -1; ``batches``: list (epochs) of batch sizes.
    """
    rows = [row[row >= 0] for row in np.asarray(order)]
    if len(rows) < 2:
        return "one epoch alone does not show that the next has another order"
    # A feed that fills up its last batch begins again with the first samples and goes on there.
    stored = [np.array_equal(row, (row[0] + np.arange(len(row))) % SAMPLES) for row in rows]
    if all(stored):
        return "no shuffling: the same order in each epoch, that in which samples are stored"
    if any(stored):
        return f"no shuffling in epoch {stored.index(True) + 1}"
    for row in rows:
        if row.max() >= SAMPLES:
            return f"there is a sample {row.max()} among {SAMPLES:,}"
        repeated = len(row) - len(np.unique(row))
        if repeated:
            return f"{repeated} samples come twice or more in an epoch"
    if any(np.array_equal(rows[0], row) for row in rows[1:]):
        return "the same order in every epoch"
    for row, sizes in zip(rows, batches, strict=True):
        inside = np.split(row, np.cumsum(sizes)[:-1])
        if all((np.diff(batch) == 1).all() for batch in inside):
            return "only the order of the batches is shuffled, not the samples"
        following = float(np.mean(np.diff(row) == 1))
        if following > 0.1:
            return f"{following:.0%} of the samples come right after the one stored before them"
        lead = int((row - np.arange(len(row))).max())
        # In a full shuffle of 1,000 the first tenth nearly surely holds a sample from the
        # last half (all but 1e-30 of the time); a buffer of k never lends from beyond k.
        if lead < len(row) // 2:
            return f"samples are shuffled only within a window of about {lead + 1}"
    return None


def of_batches(batches, size):
    """Return what is wrong with the sizes of the batches, or None."""
    full, last = divmod(SAMPLES, size)
    right = [size] * full + [last] * (last > 0)
    for sizes in batches:
        if sizes == right:
            continue
        if sizes == right[:-1]:
            return f"last partial batch left out: {sum(sizes):,} of {SAMPLES:,} samples in an epoch"
        if len(sizes) == len(right) and set(sizes) == {size}:
            return f"last batch is filled up: {sum(sizes):,} samples in an epoch of {SAMPLES:,}"
        if sum(sizes) == SAMPLES and prod(sizes[:1]) != size:
            return f"batches of {sizes[0]} instead of {size}"
        return f"batches of {_sizes(sizes)} instead of {_sizes(right)}"
    return None


def _sizes(sizes):
    shown = sorted(set(sizes), reverse=True)
    return " and ".join(f"{sizes.count(n)} x {n}" for n in shown[:4])
