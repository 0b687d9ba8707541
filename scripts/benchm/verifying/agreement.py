"""Whether a card is of what a record measured: else a record could borrow a card.

Nothing here proves who wrote either: who edits a record and its card alike is believed.
"""

import re

from ..records import writing

#: How the parameters are called that a tool which is no network itself reports.
SETTINGS = "parameters of the model"

#: What a card and a record must have in common: how it is called, and where each keeps it.
SAME = {
    "tool": (("tool",), ("cell", "tool")),
    "instance": (("instance",), ("cell", "instance")),
    "device": (("device",), ("cell", "device")),
    "study": (("study",), ("study", "name")),
    # As the meter hashes it: the adapter's file and all of its folder that it is made of.
    "adapter": (("adapter_sha256",), ("provenance", "adapter_sha256")),
    "contract": (("contract",), ("provenance", "contract")),
    "contract's helper": (("contract_sha256",), ("provenance", "contract_sha256")),
    "environment file": (
        ("environment_file_sha256",),
        ("software", "environment_file_sha256"),
    ),
    "installed packages": (
        ("environment_installed_sha256",),
        ("software", "environment_installed_sha256"),
    ),
}

#: The same of what the second contract brought. The values of the first are read otherwise.
SAME_SINCE_2 = {
    "options": (("options",), ("software", "options")),
    "workload": (("work", "workload"), ("study", "workload")),
    "training samples": (("work", "n_train"), ("study", "n_train")),
    "epochs": (("work", "epochs"), ("study", "epochs")),
    "protocol": (("work", "protocol"), ("study", "protocol")),
    "interpreter": (("interpreter",), ("software", "interpreter")),
    "packages' versions": (("versions",), ("software", "versions")),
    "precision": (("facts", "precision"), ("software", "facts", "precision")),
    "kind of tool": (("kind",), ("software", "kind")),
    SETTINGS: (("facts", "settings"), ("software", "facts", "settings")),
    "columns": (("facts", "columns"), ("software", "facts", "columns")),
    "categorical columns": (("facts", "categorical"), ("software", "facts", "categorical")),
    "number of trees": (("facts", "trees"), ("software", "facts", "trees")),
    "number of parameters": (("facts", "parameters"), ("software", "facts", "parameters")),
}


def differences(card, record):
    """Return what a card and a record differ in: a list of words, empty when they agree.

    ``card``: as in schemas/card.schema.json; ``record``: of the present version, that came out ok.
    What one of them has and the other lacks is a difference: else an edit could take away what
    it does not fit.
    """
    card = {"contract": 1, **card}
    compared = {name: _pair(card, record, places) for name, places in SAME.items()}
    if 1 in compared["contract"]:
        compared |= _of_first_contract(card, record)
    else:
        compared |= {name: _pair(card, record, places) for name, places in SAME_SINCE_2.items()}
    return [
        f"{name}: {_in_words(mine, theirs)}"
        for name, (mine, theirs) in compared.items()
        if mine != theirs and not (name == SETTINGS and _is_rounded(mine, theirs))
    ]


def _is_rounded(mine, theirs):
    """Whether what a record holds is what a card does, to the decimals that records once kept."""
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return False
    try:
        return writing.rounded(mine) == theirs
    except ValueError:
        return False


def _pair(card, record, places):
    return tuple(_value(of, keys) for of, keys in zip((card, record), places, strict=True))


def _value(mapping, keys):
    for key in keys:
        if not isinstance(mapping, dict):
            return None
        mapping = mapping.get(key)
    return mapping


def _of_first_contract(card, record):
    """What the probes of the first contract told in words of their own, as pairs by name."""
    compared = {name: _pair(card, record, SAME_SINCE_2[name]) for name in _TOLD_BY_PROBES}
    interpreters = compared["interpreter"]
    if _language(interpreters[0]) != _language(interpreters[1]):
        del compared["interpreter"]  # R's tool had its probe in Python
    mine, theirs = compared["packages' versions"]
    if isinstance(mine, dict) and isinstance(theirs, dict):
        # The probe named its own NumPy; R's adapter named R's packages besides.
        named = {name for name in mine if name in theirs or name != "numpy"}
        compared["packages' versions"] = tuple(
            {name: _public(versions.get(name)) for name in named} for versions in (mine, theirs)
        )
    precision, _ = compared["precision"]
    if isinstance(precision, dict):
        kinds = sorted({str(kind) for kind in precision.values()})
        compared["precision"] = (" and ".join(kinds), compared["precision"][1])
    counted = _counted(card)
    if counted is None:
        del compared["number of parameters"]
    else:
        compared["number of parameters"] = (counted, compared["number of parameters"][1])
    return compared


_TOLD_BY_PROBES = ("interpreter", "packages' versions", "precision", "number of parameters")


def _language(interpreter):
    return str(interpreter).partition(" ")[0]


def _public(version):
    """A version without what follows a plus sign, which not every place tells."""
    return None if version is None else str(version).partition("+")[0]


def _counted(card):
    """The number of parameters that a card of the first contract names, or None."""
    for field in card.get("fields") or []:
        if isinstance(field, dict) and field.get("field") == "parameters":
            found = re.search(r"([\d,]+) parameters", str(field.get("words")))
            return int(found[1].replace(",", "")) if found and found[1].strip(",") else None
    return None


def _in_words(mine, theirs):
    if isinstance(mine, dict) and isinstance(theirs, dict):
        missing = object()
        keys = [
            key for key in {**mine, **theirs} if mine.get(key, missing) != theirs.get(key, missing)
        ]
        mine, theirs = ({k: v for k, v in each.items() if k in keys} for each in (mine, theirs))
    return f"{_shown(mine)} on the card, {_shown(theirs)} in the record"


def _shown(value):
    if value is None:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in sorted(value.items())) or "none"
    text = str(value)
    return text[:12] if re.fullmatch("[0-9a-f]{64}", text) else text
