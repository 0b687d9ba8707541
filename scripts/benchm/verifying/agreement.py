"""Whether a card is of what a record measured: else a record could borrow a card."""

#: What a card and a record must have in common: how it is called, and where each keeps it.
SAME = {
    "tool": (("tool",), ("cell", "tool")),
    "instance": (("instance",), ("cell", "instance")),
    "device": (("device",), ("cell", "device")),
    "study": (("study",), ("study", "name")),
    "adapter": (("adapter_sha256",), ("provenance", "adapter_sha256")),
    "contract's helper": (("contract_sha256",), ("provenance", "contract_sha256")),
    "environment file": (
        ("environment_file_sha256",),
        ("software", "environment_file_sha256"),
    ),
    "installed packages": (
        ("environment_installed_sha256",),
        ("software", "environment_installed_sha256"),
    ),
    "interpreter": (("interpreter",), ("software", "interpreter")),
    "packages' versions": (("versions",), ("software", "versions")),
    "precision": (("facts", "precision"), ("software", "facts", "precision")),
    "number of parameters": (("facts", "parameters"), ("software", "facts", "parameters")),
}


def differences(card, record):
    """Return what a card and a record differ in: a list of words, empty when they agree.

    ``card``: as in schemas/card.schema.json; ``record``: of the present version, that came out ok.
    What either of them does not have is no difference: cards of the first contract lack some of it.
    """
    found = []
    for name, (in_card, in_record) in SAME.items():
        mine, theirs = _value(card, in_card), _value(record, in_record)
        if mine is not None and theirs is not None and mine != theirs:
            found.append(f"{name}: {_shown(mine)} on the card, {_shown(theirs)} in the record")
    return found


def _value(mapping, keys):
    for key in keys:
        if not isinstance(mapping, dict):
            return None
        mapping = mapping.get(key)
    return mapping


def _shown(value):
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in sorted(value.items())) or "none"
    text = str(value)
    return text[:12] if len(text) == 64 else text
