"""The short runs that a card of kind ``task`` is made from: tables whose answers are known.

What is no network has no weights to replay, but it can be asked what it was asked: each case is a
job like any other, on a table of the study's columns, drawn so that the predictions tell one thing.

column_NAME  the answer follows from one column alone, all others are noise: it is learnt
fine_NAME    the same of a number of several bytes, among values that differ in the last byte alone
beside       the answer follows from the bytes of a row that are the networks' view: it is not
rows         as many rows as the study has; each category has as many answers of 1 in one part of
             the table as of 0 in another: predicted is a half, unless rows of one part count less
question     the answer is 1 for nine of ten rows of a category and for one of ten of all others
noise        answers drawn at random: nothing can be learnt
base         rows and answers as they come, and the same
again        once more,
reseeded     with another seed, and with the answer of one row turned:
first, middle, last
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ..metering.hand_over import Parts

#: Rows of a case at least, and for each category of the largest column: LightGBM groups less than
#: 10 of one with others (``cat_smooth``).
ROWS, ROWS_OF_CATEGORY = 2000, 20
#: Test rows of a case.
TESTED = 1000
#: Parts of the table that ``rows`` holds against each other, two by two.
PARTS = 8
#: How often the answer is 1 in the chosen category of ``question`` and elsewhere, and the share of
#: rows that have it.
OFTEN, SELDOM, SHARE = 0.9, 0.1, 0.1
#: Share of the answers of ``base`` that are turned at random.
NOISE = 0.3
#: The rows whose answer is turned, by the case that turns it.
TURNED = {"first": 0, "middle": 0.5, "last": 1}


@dataclass
class Case:
    """One job: what it changes in the study, its data, and what its test rows are.

    ``about``: by name what a verdict needs to know of the test rows.
    """

    name: str
    study: dict
    parts: Parts
    about: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The columns of a study's table: how many codes each has, and how many bytes.

    ``lowest``, ``highest``: by name the values of a column; code 0 is for what was not seen.
    """

    categorical: dict
    lowest: dict
    highest: dict
    widths: dict
    row_bytes: int

    @classmethod
    def of(cls, workload):
        """The table of a workload on a data set."""
        categorical, numbers = workload.columns["categorical"], workload.columns["numbers"]
        return cls(
            categorical,
            # Of a single category there is only whether it is known.
            {name: int(k > 1) for name, k in categorical.items()} | dict.fromkeys(numbers, 0),
            {**categorical, **{name: min(256**w, 1 << 16) - 1 for name, w in numbers.items()}},
            {**dict.fromkeys(categorical, 1), **numbers},
            workload.inputs["shape"][0],
        )

    def rows(self, values, random):
        """Return rows, uint8 (n, bytes), of ``values`` by column; the networks' view is noise."""
        parts = []
        for name, width in self.widths.items():
            column = values[name]
            parts += [column // 256 ** (width - 1 - byte) % 256 for byte in range(width)]
        codes = np.stack(parts, axis=1)
        rest = random.integers(0, 256, (len(codes), self.row_bytes - codes.shape[1]))
        return np.hstack([codes, rest]).astype(np.uint8)

    def drawn(self, n, random):
        """Return n values of each column, a dict by name."""
        return {
            name: random.integers(self.lowest[name], self.highest[name] + 1, n)
            for name in self.widths
        }

    def in_its_last_byte(self, name):
        """The same, with values of one column that differ in the last of its bytes alone."""
        low = self.highest[name] // 512 * 256  # the other bytes are not 0
        lowest, highest = {**self.lowest, name: low}, {**self.highest, name: low + 255}
        return replace(self, lowest=lowest, highest=highest)

    def still(self, n):
        """The same, all rows alike."""
        return {name: np.full(n, self.lowest[name]) for name in self.widths}

    def widest(self):
        """Return the column that can have most values, categories before numbers."""
        return max(self.widths, key=lambda name: (name in self.categorical, self.highest[name]))

    def levels(self, name, count):
        """Return up to ``count`` different values of a column, spread over all."""
        low, high = self.lowest[name], self.highest[name]
        return np.unique(np.linspace(low, high, min(count, high - low + 1)).round().astype(int))


def make(workload, study, seed, names=None):
    """Return the cases of a study's card, a dict by name; ``seed`` is that of all jobs but one.

    ``workload``: on the study's data set; ``study``: as in a meter's job.
    """
    table = Table.of(workload)
    size = max(ROWS, ROWS_OF_CATEGORY * max(table.categorical.values(), default=0))
    makers = {f"column_{name}": _column(table, name, size) for name in table.widths}
    makers |= {
        f"fine_{name}": _column(table.in_its_last_byte(name), name, size)
        for name, width in table.widths.items()
        if width > 1
    }
    makers |= {"beside": _beside(table, size), "rows": _rows(table, study["n_train"])}
    makers |= {"question": _question(table, size), "noise": _noise(table, size)}
    makers |= dict.fromkeys(("base", "again", "reseeded"), _base(table, size))
    makers |= {name: _base(table, size, place) for name, place in TURNED.items()}
    return {
        name: _case(name, maker, study, seed)
        for name, maker in makers.items()
        if names is None or name in names
    }


def _case(name, maker, study, seed):
    # The same rows for all that are compared with each other.
    (inputs, answers), (tests, wanted), about = maker(np.random.default_rng([seed, 3]))
    changes = {"n_train": len(inputs), "n_test": len(tests), "epochs": study["epochs"]}
    changes |= {"seed": seed + (name == "reseeded"), "protocol": study["protocol"]}
    parts = Parts(inputs, answers.astype(np.uint8), tests, wanted.astype(np.uint8))
    return Case(name, changes, parts, about)


def _both(table, size, random, answers_of):
    """Return rows and answers of both halves; ``answers_of``: of values and rows."""
    found = []
    for n in (size, TESTED):
        values = table.drawn(n, random)
        rows = table.rows(values, random)
        found.append((rows, answers_of(values, rows)))
    return *found, {}


def _column(table, name, size):
    def make(random):
        levels = np.arange(table.lowest[name], table.highest[name] + 1)
        # Half of the categories, drawn at random; of a number the upper half.
        shuffled = random.permutation(levels)
        positive = shuffled[::2] if name in table.categorical else levels[len(levels) // 2 :]
        return _both(table, size, random, lambda values, _: np.isin(values[name], positive))

    return make


def _beside(table, size):
    start = sum(table.widths.values())

    def make(random):
        # All bytes of the networks' view alike: whichever is looked at tells.
        def marked(values, rows):
            answers = random.integers(0, 2, len(rows))
            rows[:, start:] = 255 * answers[:, None]
            return answers

        return _both(table, size, random, marked)

    return make


def _rows(table, n):
    def make(random):
        name = table.widest()
        levels = table.levels(name, PARTS // 2)
        pairs = len(levels)
        part = np.arange(n) * 2 * pairs // n  # of the table, in the order of its rows
        values = table.still(n)
        values[name] = levels[part % pairs]
        # 1 in the first half of the table and 0 in the second for every other level.
        answers = (part // pairs + part % pairs) % 2
        tests = table.still(pairs)
        tests[name] = levels
        about = {"level": np.arange(pairs)}
        wanted = np.arange(pairs) % 2
        train = (table.rows(values, random), answers)
        return train, (table.rows(tests, random), wanted), about

    return make


def _question(table, size):
    name = table.widest()

    def make(random):
        levels = table.levels(name, 4 if name in table.categorical else 2)
        found = []
        for n in (size, TESTED):
            chosen = random.random(n) < SHARE
            values = table.still(n)
            values[name] = np.where(chosen, levels[-1], random.choice(levels[:-1], n))
            answers = random.random(n) < np.where(chosen, OFTEN, SELDOM)
            found.append((table.rows(values, random), answers))
        return *found, {"chosen": chosen}

    return make


def _noise(table, size):
    def make(random):
        return _both(table, size, random, lambda _, rows: random.integers(0, 2, len(rows)))

    return make


def _base(table, size, turned=None):
    def make(random):
        first = next(iter(table.widths))
        middle = (table.lowest[first] + table.highest[first]) / 2

        def answers_of(values, rows):
            noise = random.random(len(rows)) < NOISE
            return (values[first] > middle) ^ noise

        (inputs, answers), (tests, wanted), about = _both(table, size, random, answers_of)
        # Tested are the rows that may be turned, too, for trees that learn each row by heart.
        places = [round(place * (size - 1)) for place in TURNED.values()]
        tests[: len(places)], wanted[: len(places)] = inputs[places], answers[places]
        if turned is not None:
            place = round(turned * (size - 1))
            answers[place] = ~answers[place]
        return (inputs, answers), (tests, wanted), about

    return make
