"""The times of a run, from its events."""

import statistics


def times(timeline, started, stopped):
    """Return ``(times, reasons)``: the record's group ``times`` in seconds, and why some are null.

    ``started`` and ``stopped``: the adapter's process, on the meter's clock; None when it never
    was.
    """
    stamps, reasons = timeline.stamps, {}

    def between(first, last):
        return None if first is None or last is None else last - first

    def phase(name):
        return between(stamps.get(f"{name}_start"), stamps.get(f"{name}_stop"))

    pairs = zip(timeline.epoch_starts, timeline.epoch_stops, strict=False)
    epochs = [stop - start for start, stop in pairs]
    complete = len(epochs) == timeline.epochs
    steady = statistics.median(epochs[1:]) if complete and len(epochs) > 1 else None
    if complete and steady is None:
        for name in ("steady_epoch_s", "steady_s"):
            reasons[f"times.{name}"] = "a single epoch has no steady state"
    if not timeline.epochs:
        for name in ("first_epoch_s", "epochs_s", "steady_epoch_s", "steady_s"):
            reasons[f"times.{name}"] = "it trains in no epochs"
    train = phase("run")
    own = between(timeline.elapsed.get("run_start"), timeline.elapsed.get("run_stop"))
    return {
        "import_s": between(started, stamps.get("init_start")),
        "init_s": phase("init"),
        "train_s": train,
        "first_epoch_s": epochs[0] if epochs else None,
        "epochs_s": epochs or None,
        "steady_epoch_s": steady,
        "steady_s": None if steady is None else steady * timeline.epochs,
        "predict_s": phase("eval"),
        "cold_s": between(started, stamps.get("eval_stop")),
        "process_s": between(started, stopped),
        "clock_difference_s": None if own is None or train is None else own - train,
    }, reasons
