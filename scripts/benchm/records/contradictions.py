"""Whether a record fits together: its outcome, its phases, its counts, its date and its place.

A schema looks at one value at a time. A clock that jumped, a record that was edited by hand
or put together from two shows only in how they fit. What can be computed from other values is
computed again (``recomputed``), what the machine bounds is held against it (``possible``). All of
it is about records of the present version; earlier ones are lifted before.

What can't be seen: one believable value in the place of another where nothing else follows from
it, e.g. a time to start up that is a tenth longer, or a training and its epochs scaled alike.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .. import kinds
from . import possible, recomputed, upgrade

#: Seconds by which sums of rounded times may be off.
ROUNDING = 0.001

#: The phases of a run that follow each other; together they can't outlast ``cold_s``.
PHASES = ("import_s", "init_s", "train_s", "predict_s")

#: No tool of the benchmark is older; a machine that lost its clock says 1970.
EARLIEST = "2016"

#: Outcomes of runs whose adapter was never started.
NEVER_STARTED = ("no_device", "unavailable")

#: A study's name is one level of a path, as the configuration allows it.
STUDY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

#: What is null by its own meaning, and needs no reason.
SPEAK_FOR_THEMSELVES = ("status.reason", "status.exit_code", "status.signal")


def find(record):
    """Return what in a valid record contradicts something else in it, in words, or None."""
    checks = (_names, _outcome, _nothing, _clock, _phases, _epochs, _steps, _round, _evidence)
    checks += (_date, _hashes, *recomputed.CHECKS, *possible.CHECKS, _reasons)
    return in_names(record["cell"]) or next(filter(None, (look(record) for look in checks)), None)


def version(record):
    """Return what is wrong with the contract of a record as it was written, in words, or None.

    A record of the present schema was made under a contract that leaves evidence; one that says
    otherwise would be ranked without any.
    """
    contract = record["provenance"].get("contract", 1)
    if record["schema_version"] == upgrade.PRESENT and contract != upgrade.CONTRACT:
        return f"provenance.contract is {contract}; allowed is {upgrade.CONTRACT}"
    return None


def in_names(cell):
    """Return what in the names of a record's cell, or of a card, can be no part of a path, or None.

    In Python the `$` of a schema's pattern lets a line break at the end pass.
    """
    for key in ("tool", "device", "instance"):
        if cell[key].endswith("\n"):
            return f"{key} {cell[key]!r} ends with a line break"
    return None


def in_place(path, record):
    """Return what differs between a record and its path, or None when it lies where it belongs.

    The path ends on .../runs/instance/device/tool/repeat.json, in the folder of its study.
    """
    cell = record["cell"]
    wanted = [cell["instance"], cell["device"], cell["tool"], f"{cell['repeat']}.json"]
    parts = Path(path).absolute().parts
    if list(parts[-4:]) != wanted:
        return f"the record names the run {'/'.join(wanted)}, which is not where it lies"
    if len(parts) > 5 and parts[-5] == "runs" and parts[-6] != record["study"]["name"]:
        return f"the record names the study {record['study']['name']}, which is not where it lies"
    return None


def _names(record):
    for key in ("name", "data_set"):
        name = record["study"][key]
        if not STUDY_NAME.fullmatch(name):
            return f"study.{key} is {name!r}; allowed are letters, digits and . _ -"
    return None


def _outcome(record):
    """A run that came out ok says so in every place, and any other gives its reason."""
    status, train_s = record["status"], record["times"]["train_s"]
    if status["outcome"] != "ok":
        if not (status["reason"] or "").strip():
            return f"outcome is {status['outcome']}, without a reason"
        return None
    if not train_s:
        return f"outcome is ok, but times.train_s is {train_s}"
    for key, wanted in (("exit_code", 0), ("signal", None), ("reason", None)):
        if status[key] != wanted:
            return f"outcome is ok, but status.{key} is {status[key]!r}"
    return None


def _nothing(record):
    """What did not come out ok has no quality, and what never was started no times."""
    outcome = record["status"]["outcome"]
    if outcome == "ok":
        return None
    if record["quality"]["value"] is not None:
        return f"outcome is {outcome}, but quality.value is {record['quality']['value']:g}"
    if outcome in NEVER_STARTED:
        for name, value in record["times"].items():
            if value is not None:
                return f"outcome is {outcome}, but times.{name} is {value}"
    return None


def _clock(record):
    """Epochs lie in the training, that in the time to the predictions, that in the process."""
    times = record["times"]
    parts = [("sum of times.epochs_s", sum(times["epochs_s"] or []))]
    parts += [(f"times.{name}", times[name]) for name in ("train_s", "cold_s", "process_s")]
    known = [(name, value) for name, value in parts if value is not None]
    for (inner, part), (outer, whole) in zip(known, known[1:], strict=False):
        if part > whole + ROUNDING:
            return f"the clock jumped: {inner} is {part:g}, more than {outer}, {whole:g}"
    return None


def _phases(record):
    times = record["times"]
    known = [name for name in PHASES if times[name] is not None]
    total, cold = sum(times[name] for name in known), times["cold_s"]
    if cold is not None and total > cold + ROUNDING:
        return (
            f"the clock jumped: {' + '.join(known)} of times is {total:g}, "
            f"more than times.cold_s, {cold:g}"
        )
    return None


def _epochs(record):
    epochs, wanted = record["times"]["epochs_s"], record["study"]["epochs"]
    if epochs is None:
        return None
    if kinds.of(record["software"]) != kinds.NETWORK:
        return f"times.epochs_s has {len(epochs)} epochs; what is no network has none"
    ok = record["status"]["outcome"] == "ok"
    if len(epochs) > wanted or (ok and len(epochs) != wanted):
        return f"times.epochs_s has {len(epochs)} epochs; study.epochs is {wanted}"
    return None


def _steps(record):
    """Updates grow with every epoch, by no more than there are samples."""
    steps, study = record["training"]["steps"], record["study"]
    if steps is None:
        return None
    if steps != sorted(steps):
        return "training.steps decreases from one epoch to the next"
    ok, wanted = record["status"]["outcome"] == "ok", study["epochs"]
    if len(steps) > wanted or (ok and len(steps) != wanted):
        return f"training.steps has {len(steps)} epochs; study.epochs is {wanted}"
    batch_size = study["protocol"].get("batch_size")
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        return None
    # A last batch may be left out, or its samples kept for the next epoch.
    full = study["n_train"] / batch_size
    for number, total in enumerate(steps, start=1):
        if not number * (full - 1) - 1 < total < number * (full + 1) + 1:
            return (
                f"training.steps counts {total} updates after {number} epochs; {study['n_train']} "
                f"samples in batches of {batch_size} are about {full:.0f} an epoch"
            )
    return None


def _round(record):
    own, repeat = record["round"], record["cell"]["repeat"]
    if own["number"] not in (None, repeat):
        return f"round.number is {own['number']}; cell.repeat is {repeat}"
    if None not in (own["place"], own["of"]) and own["place"] > own["of"]:
        return f"round.place is {own['place']}; round.of is {own['of']}"
    return None


def _evidence(record):
    """A run of the present contract that came out ok left evidence, and no other did."""
    outcome, contract = record["status"]["outcome"], record["provenance"]["contract"]
    for key, value in record["evidence"].items():
        if outcome == "ok" and contract >= upgrade.CONTRACT and value is None:
            return f"outcome is ok, but evidence.{key} is null"
        if outcome != "ok" and value is not None:
            return f"outcome is {outcome}, but evidence.{key} is {value}"
    return None


def _hashes(record):
    for group in ("software", "provenance"):
        for key, value in record[group].items():
            is_hash = key.endswith("_sha256") and value is not None
            if is_hash and not re.fullmatch("[0-9a-f]{64}", value):
                return f"{group}.{key} is {value!r}; allowed are 64 digits from 0 to f"
    return None


def _date(record):
    started = record["provenance"]["started_utc"]
    # Times of this form sort as text.
    if started < EARLIEST:
        return f"the clock jumped: started_utc is {started}, before {EARLIEST}"
    if started > f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}":
        return f"the clock jumped: started_utc is {started}, in the future"
    try:
        datetime.strptime(started, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return f"provenance.started_utc is {started}, which is no time of any day"
    return None


def _reasons(record):
    """Every null has its reason, under its own name or that of a group above."""
    absent = record["absent"]
    for name in _nulls({key: value for key, value in record.items() if key != "absent"}):
        scopes = [name]
        while "." in scopes[-1]:
            scopes.append(scopes[-1].rpartition(".")[0])
        if name not in SPEAK_FOR_THEMSELVES and not any(scope in absent for scope in scopes):
            return f"{name} is null, and absent gives no reason"
    for name in absent:
        value = record
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, (dict, list)):
            return f"absent gives a reason for {name}, which is {str(value)[:40]}"
    return None


def _nulls(record):
    """Dotted names of what is null in the groups of a record, what a tool says of itself aside."""
    ahead = [("", record)]
    while ahead:
        name, value = ahead.pop()
        if value is None:
            yield name
        elif isinstance(value, dict) and name != "software.facts":
            ahead += [(f"{name}.{key}" if name else key, item) for key, item in value.items()]
        elif isinstance(value, list):
            ahead += [(name, item) for item in value]
