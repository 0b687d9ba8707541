"""Whether a record fits together: its phases, its counts and its date.

A schema looks at one value at a time. A clock that jumped, a record that was edited by hand
or put together from two shows only in how they fit.
"""

from datetime import datetime

#: Seconds by which a sum of rounded times may be off.
ROUNDING = 0.001

#: The phases of a run that follow each other; together they can't outlast ``cold_s``.
PHASES = ("import_s", "init_s", "train_s", "predict_s")


def find(record):
    """Return what in a valid record contradicts something else in it, in words, or None."""
    return in_names(record["cell"]) or _in_times(record) or _in_counts(record) or _in_date(record)


def in_names(cell):
    """Return what in the names of a record's cell, or of a card, can be no part of a path, or None.

    In Python the `$` of a schema's pattern lets a line break at the end pass.
    """
    for key in ("tool", "device", "instance"):
        if cell[key].endswith("\n"):
            return f"{key} {cell[key]!r} ends with a line break"
    return None


def _in_times(record):
    times = record["times"]
    known = [name for name in PHASES if times[name] is not None]
    total, cold = sum(times[name] for name in known), times["cold_s"]
    if cold is not None and total > cold + ROUNDING:
        return (
            f"the clock jumped: {' + '.join(known)} of times is {total:g}, "
            f"more than times.cold_s, {cold:g}"
        )
    epochs, wanted = times["epochs_s"], record["study"]["epochs"]
    if record["status"]["outcome"] == "ok" and epochs is not None and len(epochs) != wanted:
        return f"times.epochs_s has {len(epochs)} epochs; study.epochs is {wanted}"
    return None


def _in_counts(record):
    quality, n_test = record["quality"], record["study"]["n_test"]
    errors, n, rate = quality["errors"], quality["n"], quality["error_rate"]
    if n is not None and n != n_test:
        return f"quality.n is {n}; study.n_test is {n_test}"
    if None not in (errors, n, rate) and abs(errors / n - rate) > 1e-6:
        return f"quality.error_rate is {rate:g}; {errors} errors of {n} are {errors / n:g}"
    return None


def _in_date(record):
    started = record["provenance"]["started_utc"]
    try:
        datetime.strptime(started, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return f"provenance.started_utc is {started}, which is no time of any day"
    return None
