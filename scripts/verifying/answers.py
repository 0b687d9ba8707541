"""What a probe answered, read from the file that it wrote (scripts/tools/parity/probe.py)."""

import json
import zipfile

import numpy as np


class AnswersError(Exception):
    """The file can't be used; the message is one line."""


class Answers:
    """``said``: what is words and small numbers; ``arrays``: name to array.

    An answer that is none (text in place of numbers, another number of axes, nothing at all)
    is not there, as if its method had raised; ``failure`` tells why.
    """

    def __init__(self, said, arrays):
        self.said = {key: said[key] for key, right in SAID.items() if right(said.get(key))}
        self.arrays = dict(arrays)
        failures = said.get("failures")
        self.failures = dict(failures) if isinstance(failures, dict) else {}
        for name, values in arrays.items():
            field, right = ARRAYS.get(name, (name.partition(".")[0], lambda _: True))
            if values.dtype.kind not in "fiub" or not right(values):
                del self.arrays[name]
                kind = f"{values.dtype}, shape {values.shape}"
                self.failures.setdefault(field, f"its answer is no such array: {kind}")
        order, batches = self.arrays.get("order"), self.said.get("order_batches")
        if order is not None and not _is_split(order, batches):
            del self.arrays["order"]
            self.failures.setdefault("order", "its batches do not make up its epochs")

    def failure(self, *fields):
        """Return why the first of ``fields`` that failed did so, or None."""
        return next((str(self.failures[field]) for field in fields if field in self.failures), None)

    def named(self, prefix):
        """Return the arrays ``prefix.NAME`` as a dict by NAME."""
        return {
            name.partition(".")[2]: values
            for name, values in self.arrays.items()
            if name.startswith(prefix + ".")
        }


def read(path):
    """Return the ``Answers`` in an .npz; AnswersError when it holds none."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise AnswersError("it wrote no answers") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise AnswersError(f"its answers are no .npz: {error}") from None
    try:
        # A card has no NaN: what a tool says of itself may hold one, and becomes a word.
        said = json.loads(str(arrays.pop("answers")), parse_constant=str)
    except (KeyError, ValueError):
        raise AnswersError("its answers lack the JSON text 'answers'") from None
    if not isinstance(said, dict):
        raise AnswersError("its answers' JSON text is no object")
    return Answers(said, arrays)


def _is_split(order, batches):
    """Whether the lengths of ``batches`` add up to the epochs in ``order``, padded with -1."""
    if not isinstance(batches, list) or len(batches) != len(order):
        return False
    return all(
        isinstance(sizes, list)
        and all(isinstance(size, int) and size > 0 for size in sizes)
        and sum(sizes) == np.count_nonzero(row != -1)
        for sizes, row in zip(batches, order, strict=True)
    )


def _are_texts(value):
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


#: What the keys of the JSON text must be.
SAID = {
    "precision": _are_texts,
    "layers": lambda value: isinstance(value, list),
    "shapes": lambda value: isinstance(value, dict),
    "facts": lambda value: isinstance(value, dict),
    "versions": _are_texts,
    "interpreter": lambda value: isinstance(value, str),
    "order_batches": lambda value: isinstance(value, list),
}

#: The field of an array that is not named after it, and what the array must be.
ARRAYS = {
    "log_probabilities": ("log_probabilities", lambda a: a.ndim == 3 and len(a) == 2 and a.size),
    "loss": ("gradients", lambda a: a.size == 1),
    "losses": ("steps", lambda a: a.ndim == 1 and a.size),
    "dropout": ("dropout", lambda a: a.size),
    "order": ("order", lambda a: a.ndim == 2 and a.size),
}
