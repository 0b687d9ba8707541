"""What came from another machine: the records and parity cards in a directory, and their names."""

import functools
import json
from pathlib import Path

import jsonschema

import contradictions
from reporting.files import BadInput, one_line, read_text
from reporting.records import SCHEMA, find_records, load_validator, read_record

CARD_SCHEMA = SCHEMA.with_name("card.schema.json")

#: What machines call themselves until told otherwise.
UNNAMED = "local"

#: Folders of a results directory whose records stand for no run of that machine's tables.
LEFT_OUT = ("replaced", "published")

#: A record of a machine with hundreds of CPUs has some 100 kB; what is larger than this is none.
MOST_BYTES = 2**24

validator = functools.cache(load_validator)


def read_all(source):
    """Return ``(path, content)`` of every record and card below a directory.

    Raises BadInput with a line for each file that is neither.
    """
    source = Path(source)
    if (source / "Snakefile").is_file() and (source / "results").is_dir():
        source = source / "results"
    paths, defects = find_records([source])
    found = []
    for path in sorted(paths):
        inside = path.relative_to(source).parts
        if path.is_dir() or any(part in LEFT_OUT or part[0] == "." for part in inside):
            continue
        try:
            content = read(path)
        except BadInput as error:
            defects.append(str(error))
            continue
        if content is not None:
            found.append((path, content))
    if not found and not defects:
        defects.append(f"{source}: no record (*.json) in this directory")
    if defects:
        raise BadInput("\n".join(defects))
    return found


def read(path):
    """Return the record or card at ``path``, None for a file that collects a tool's cards.

    Raises BadInput for what is none of the three.
    """
    if path.exists() and path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path}: {path.stat().st_size} bytes; allowed are at most {MOST_BYTES}")
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError):
        content = None  # reading it as a record says what is wrong with it
    if isinstance(content, dict) and "cell" not in content:
        if "cards" in content:
            return None  # results/{study}/parity/{tool}.json; the cards themselves lie below it
        if "verdict" in content:
            return read_card(path, content)
    record = read_record(path, validator(SCHEMA), placed=False)
    wrong = contradictions.find(record)
    if wrong:
        raise BadInput(f"{path}: {wrong}")
    return record


def read_card(path, card):
    """Return the parity ``card`` from ``path``; BadInput when it is not one of this version."""
    try:
        validator(CARD_SCHEMA).validate(card)
    except jsonschema.ValidationError as error:
        where = ".".join(map(str, error.absolute_path)) or "top level"
        raise BadInput(f"{path}: {where}: {one_line(error.message, 120)}") from None
    wrong = contradictions.in_names(card)
    if wrong:
        raise BadInput(f"{path}: {wrong}")
    return card


def rename(found, instance, source):
    """Give the records of an unnamed machine, or of the only one there is, the name ``instance``.

    A results directory may hold what was brought in there: that keeps its names. Raises
    BadInput when nothing says which of several machines is meant.
    """
    cells = [cell_of(content) for _, content in found]
    names = sorted({cell["instance"] for cell in cells})
    if len(names) > 1 and UNNAMED not in names:
        raise BadInput(
            f"{source}: records of several instances ({', '.join(names)}), so --as {instance} "
            "could mean any; bring each in from a directory of its own"
        )
    for cell in cells:
        if len(names) == 1 or cell["instance"] == UNNAMED:
            cell["instance"] = instance


def cell_of(content):
    """Return what names the tool, device and instance of a record or card."""
    return content.get("cell", content)
