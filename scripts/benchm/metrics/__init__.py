"""One module for each metric: what the meter computes from predictions, and how it is shown.

A metric is a file of this folder with the name that a workload's ``metric`` gives. It has

``TITLE``    what tables call it, e.g. ``"Error rate"``
``BETTER``   ``"lower"`` or ``"higher"``
``PERCENT``  whether its values are fractions of 1 that are shown as percentages
``INTERVAL`` in words, what its 95 % interval is
``measure``  ``measure(predictions, targets)``: the record's group ``quality``; may raise Undefined

and, where they make sense for it,

``interval``       ``interval(value, n)``: the 95 % interval of a value, or of a mean over repeats
                   that predicted the same n samples; else the mean of the repeats' bounds is shown
``contradiction``  ``contradiction(quality)``: what in a record's group contradicts itself, or None
``BESIDE``         what of ``more`` tables show beside the value: by key its title and its meaning

Nothing else has to be edited to add one.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ..files import BadInput


class Undefined(Exception):
    """The metric can't be computed of these targets; the message is one line that says why."""


@dataclass(frozen=True)
class Metric:
    """How a metric is shown, and what else is known of it; see the module's names.

    ``beside``: (key, title, meaning) of each number of ``more`` that tables show.
    """

    name: str
    title: str
    better: str
    percent: bool
    interval_in_words: str
    interval: Callable | None = None
    contradiction: Callable | None = None
    beside: tuple = ()


def known():
    """Return the names of all metrics, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@cache
def describe(name):
    """Return the ``Metric`` of that name; BadInput, with the names that there are, without one."""
    if name not in known():
        raise BadInput(f"metric {name!r} is unknown; allowed are {', '.join(known())}")
    module = importlib.import_module(f".{name}", __name__)
    return Metric(
        name,
        module.TITLE,
        module.BETTER,
        module.PERCENT,
        module.INTERVAL,
        getattr(module, "interval", None),
        getattr(module, "contradiction", None),
        tuple((key, *words) for key, words in getattr(module, "BESIDE", {}).items()),
    )
