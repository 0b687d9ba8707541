"""What came from another machine: the records and parity cards in a directory, and their names."""

import copy
import json
from dataclasses import dataclass, replace
from pathlib import Path

from ..cell import Cell
from ..files import BadInput
from . import card_file, parsing, upgrade
from .reading import find_records, read_as_written

#: What machines call themselves by default.
UNNAMED = "local"

#: Folders of a results directory that hold no run of that machine's tables, or no record at all:
#: evidence is brought in with its record, and judged here.
LEFT_OUT = ("replaced", "published", "evidence", "attempts", "machines")


@dataclass(frozen=True)
class Item:
    """A record or a parity card, ``content``, as it was written in the file ``path``.

    ``renamed``: whether the name of its instance is not the file's any more.
    """

    path: Path
    content: dict
    renamed: bool = False

    @property
    def is_record(self):
        """Whether it is a record; else it is a card."""
        return "cell" in self.content

    @property
    def names(self):
        """What names its tool, device and instance, a dict."""
        return self.content.get("cell", self.content)

    @property
    def study(self):
        """The name of its study."""
        return self.content["study"]["name"] if self.is_record else self.content["study"]

    @property
    def cell(self):
        """The run that it is of; a card is of round 1."""
        names = self.names
        place = [names[key] for key in ("instance", "device", "tool")]
        return Cell(self.study, *place, names.get("repeat", 1))

    @property
    def label(self):
        """The run, or the card, as its path names it."""
        cell = self.cell
        last = str(cell.repeat) if self.is_record else "card"
        return "/".join([cell.instance, cell.device, cell.tool, last])

    @property
    def fingerprint(self):
        """A text that tells it from any other run or card, whatever its instance is called."""
        bare = copy.deepcopy(self.content)
        del bare.get("cell", bare)["instance"]
        return json.dumps(bare, sort_keys=True)

    def lifted(self):
        """Return a record in the present version of the schema."""
        return upgrade.lift(self.content)

    def under(self, instance):
        """Return the same of another instance's name."""
        if self.names["instance"] == instance:
            return self
        content = copy.deepcopy(self.content)
        content.get("cell", content)["instance"] = instance
        return replace(self, content=content, renamed=True)

    def written(self):
        """Return the bytes to keep of it: the file's own, unless it was renamed.

        Raises BadInput when JSON has no words for it.
        """
        try:
            text = json.dumps(self.content, indent=1, allow_nan=False) + "\n"
        except ValueError:
            raise BadInput(f"{self.path}: broken, not valid JSON: NaN or infinity in it") from None
        except RecursionError:
            raise BadInput(f"{self.path}: broken, its values are nested too deeply") from None
        return text.encode() if self.renamed else self.path.read_bytes()

    def evidence_file(self):
        """Return where the evidence of this record would lie beside it, a path."""
        parts = self.path.parts
        if len(parts) > 4 and parts[-5] == "runs":
            return Path(*parts[:-5], "evidence", *parts[-4:]).with_suffix(".npz")
        return self.path.with_suffix(".npz")


def read_all(source):
    """Return every record and card below a directory, a list of ``Item``.

    Raises BadInput with a line for each file that is neither.
    """
    source = Path(source)
    if (source / "Snakefile").is_file() and (source / "results").is_dir():
        source = source / "results"
    paths, defects = find_records([source])
    found = []
    for path in sorted(paths):
        parts = path.relative_to(source).parts
        if path.is_dir() or any(part in LEFT_OUT or part[0] == "." for part in parts):
            continue
        try:
            content = read(path)
        except BadInput as error:
            defects.append(str(error))
            continue
        if content is not None:
            found.append(Item(path, content))
    if not found and not defects:
        defects.append(f"{source}: no record (*.json) in this directory")
    if defects:
        raise BadInput("\n".join(defects))
    return found


def read(path):
    """Return the record or card at ``path``, None for what the workflow makes of them.

    Raises BadInput for anything else.
    """
    content = parsing.load(path)
    if isinstance(content, dict) and "cell" not in content:
        # results/{study}/parity/{tool}.json, the cards themselves lie below it; left_out.json
        if "cards" in content or "left_out" in content:
            return None
        if "verdict" in content:
            card_file.check(path, content)
            return content
    return read_as_written(path, placed=False)


def renamed(found, instance, source):
    """Return ``found`` with ``instance`` for the name of an unnamed machine, or of the only one.

    A results directory may hold what was brought in there: that keeps its names. Raises
    BadInput when nothing says which of several machines is meant.
    """
    names = sorted({item.names["instance"] for item in found})
    if len(names) > 1 and UNNAMED not in names:
        raise BadInput(
            f"{source}: records of several instances ({', '.join(names)}), so --as {instance} "
            "could mean any; bring each in from a directory of its own"
        )
    return [
        item.under(instance) if len(names) == 1 or item.names["instance"] == UNNAMED else item
        for item in found
    ]
