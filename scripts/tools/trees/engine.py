"""What is true of every tool for tables: which of a row's bytes are its features."""

import numpy


def to_table(rows, columns):
    """Return rows, uint8, as whole numbers (n, features): codes of categories, then numbers."""
    widths = [1] * len(columns["categorical"]) + list(columns["numbers"].values())
    table, start = numpy.zeros((len(rows), len(widths)), numpy.int64), 0
    for column, width in enumerate(widths):
        for byte in rows[:, start : start + width].T:  # the higher one first
            table[:, column] = 256 * table[:, column] + byte
        start += width
    return table
