"""One thing that was looked at in the evidence of a run, and the check that all kinds share."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from ..records import writing


@dataclass
class Check:
    """One thing that was looked at: ``ok`` is None where it could not be."""

    name: str
    ok: bool | None
    words: str


def quality_of(record, workload, predictions, parts):
    """Return the ``Check`` that the record's quality follows from ``predictions``, or None."""
    if predictions is None or parts is None:
        return Check("quality", None, "the data set is not here")
    metric = import_module(f"..metrics.{workload.metric}", __package__)
    wanted = record["quality"]["value"]
    try:
        found = metric.measure(predictions.astype(np.float32), parts.test_targets)["value"]
    except (metric.Undefined, ValueError, IndexError) as error:
        if wanted is None and isinstance(error, metric.Undefined):
            return Check("quality", True, f"{error}, as the record says")
        return Check("quality", False, "no quality can be computed from the predictions")
    # Records hold six decimals, by which 1 error of 30,000 samples is no whole number.
    if wanted is not None and abs(writing.rounded(found) - wanted) <= 1e-9:
        return Check("quality", True, f"{workload.metric} is {found:.6g}, as the record says")
    words = f"{workload.metric} of the predictions is {found:.6g}, the record says {wanted}"
    return Check("quality", False, words)
