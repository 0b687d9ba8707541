"""What the evidence of a run without weights shows: rows, predictions, and their quality.

A tree tool hands over no weights, so nothing here shows which model made the predictions; that the
program which was timed solves the task is for its card to show. What is shown is that the tool
counts the study's rows, that it answered the question with probabilities, and that the quality of
the record is theirs.
"""

import numpy as np

from . import evidence_file
from .check import Check, quality_of
from .field import counted


def checks(record, content, workload, parts):
    """Return the ``Check``s of a run of contract 2 that came out ok, in the order of cause.

    ``content``: bytes of the evidence, which are the record's; ``parts``: the data set's
    (``hand_over.Parts``), or None where it is not here.
    """
    n = record["study"]["n_test"] * workload.outputs
    try:
        arrays = evidence_file.read(content, {"predictions": n})
    except evidence_file.EvidenceError as error:
        return [Check("file", False, str(error))]
    predictions = arrays.get("predictions")
    return [
        _rows(record),
        _predictions(predictions, n, workload),
        quality_of(record, workload, predictions, parts),
    ]


def _rows(record):
    rows, wanted = record["software"]["facts"].get("rows"), record["study"]["n_train"]
    if rows is None:
        return Check("rows", None, "the tool does not count its rows")
    words = f"the tool counts {counted(rows)} rows"
    if rows != wanted:
        return Check("rows", False, f"{words}, the study has {wanted:,}")
    return Check("rows", True, f"{words}, as many as the study has")


def _predictions(predictions, n, workload):
    if predictions is None:
        return Check("predictions", False, "there are no predictions")
    if predictions.size != n:
        return Check("predictions", False, f"there are {predictions.size} predictions, not {n}")
    if not np.isfinite(predictions).all():
        return Check("predictions", False, "not all predictions are finite")
    if (
        workload.predicts == "probabilities"
        and not 0 <= predictions.min() <= predictions.max() <= 1
    ):
        span = f"{predictions.min():.3g} to {predictions.max():.3g}"
        return Check("predictions", False, f"predictions are no probabilities: they are {span}")
    words = "predictions are probabilities; without weights nothing shows which model made them"
    return Check("predictions", True, words)
