"""Judgements of the runs' evidence: whether the network of the protocol made the predictions.

scripts/judge_evidence.py writes one for each record. Runs of contract 1 left no evidence; they are
ranked by the rules that they were made by.
"""

import json

from .. import kinds
from ..files import BadInput, one_line
from ..records import parsing
from ..verifying import wrong
from . import text
from .marks import run_name

VERSION = 1
VERDICTS = ("holds", "fails", "missing", "not_applicable")

#: What a judgement must hold to be read here.
ESSENTIAL = ("study", "instance", "device", "tool", "repeat", "record_sha256", "evidence_sha256")
ESSENTIAL += ("verdict", "reasons")


class Judgements:
    """The judgements of a study; ``judgements`` are the mappings as they stand in the files."""

    def __init__(self, judgements):
        self._found = {
            (each["instance"], each["device"], each["tool"], each["repeat"]): each
            for each in judgements
        }

    def doubt(self, run):
        """Why the evidence of a run does not show what it should, in words; '' when it does."""
        if run.published or not run.ok or run.contract < 2:
            return ""
        found = self._found.get((run.instance, run.device.name, run.tool, run.repeat))
        if found is None:
            return "its evidence was not judged"
        holds = found["verdict"] == "holds"
        for key in ("record_sha256", "evidence_sha256"):
            if found[key] != run[key] and (holds or None not in (found[key], run[key])):
                return "its evidence was judged for another record"
        if holds:
            return ""
        words = "fails" if found["verdict"] == "fails" else "is missing"
        reasons = "; ".join(map(one_line, found["reasons"]))
        return f"its evidence {words}" + (f": {reasons}" if reasons else "")

    def wrong(self, run):
        """Which test samples a run got wrong, bool (n,); None where no evidence that holds says.

        They are in the data set's order, so that runs on the same data are compared one by one.
        """
        found = self._found.get((run.instance, run.device.name, run.tool, run.repeat), {})
        if "wrong" not in found or run.published or self.doubt(run):
            return None
        return wrong.unpacked(found["wrong"])

    def doubts(self, cell):
        """Why a cell's evidence does not show what it should: a tuple of words, empty if it does.

        One run is enough; it is named where there are several.
        """
        by_doubt = {}
        for run in cell.ok:
            if words := self.doubt(run):
                by_doubt.setdefault(words, []).append(str(run.repeat))
        if len(cell.runs) == 1:
            return tuple(by_doubt)
        return tuple(
            f"round{'s' * (len(repeats) > 1)} {', '.join(repeats)}: {words}"
            for words, repeats in by_doubt.items()
        )


METHOD = (
    "Each run leaves its weights, as initialised and as trained, and its predictions. They were "
    "judged: whether the network of the protocol, in its precision, made these predictions with "
    "these weights. How it was trained is what *Parity* is about."
)
METHOD_WITHOUT_WEIGHTS = (
    "What is no network leaves its predictions alone. They were judged: whether they are "
    "probabilities, whether the quality is theirs, and whether the tool counts as many rows as the "
    "study has. Which model made them nothing shows."
)


def section(judgements, blocks):
    """The report's section on evidence as Markdown; '' when it was not looked at."""
    if judgements is None:
        return ""
    found = [
        (cell, run)
        for block in blocks
        for cell in block.cells
        for run in cell.ok
        if not cell.published
    ]
    judged = [(cell, run) for cell, run in found if run.contract >= 2]
    parts = ["## Evidence"]
    if judged:
        doubts = [(cell, run, judgements.doubt(run)) for cell, run in judged]
        wrong = [
            f"* {text.cell_text(run_name(cell, run))}: {text.cell_text(words)}"
            for cell, run, words in doubts
            if words
        ]
        parts += [METHOD] if any(c.kind == kinds.NETWORK for c, _ in judged) else []
        without = any(cell.kind != kinds.NETWORK for cell, _ in judged)
        parts += [METHOD_WITHOUT_WEIGHTS] if without else []
        parts += [f"It holds for {len(judged) - len(wrong)} of {len(judged)} runs."]
        parts += ["\n".join(wrong)] if wrong else []
    if len(judged) < len(found):
        parts.append(
            "Runs of contract 1 left no evidence; they are ranked by the rules that they were "
            "made by."
        )
    return "\n\n".join(parts) if len(parts) > 1 else ""


def add_option(parser):
    """Add ``--judgements`` to a program."""
    parser.add_argument(
        "--judgements",
        nargs="*",
        metavar="JSON",
        help="judgements of the runs' evidence, from judge_evidence.py; a run of contract 2 is "
        "ranked only when its evidence holds. Without this option evidence is not looked at",
    )


def read_judgements(paths):
    """``Judgements`` from the files, or None for None; BadInput with a line for each bad file."""
    if paths is None:
        return None
    found, defects = [], []
    for path in paths:
        try:
            found.append(_read(path))
        except BadInput as error:
            defects.append(f"{error}; delete it, and the workflow makes it again")
    if defects:
        raise BadInput("\n".join(defects))
    return Judgements(found)


def _read(path):
    found = parsing.load(path)
    missing = [key for key in ESSENTIAL if not isinstance(found, dict) or key not in found]
    if missing:
        raise BadInput(f"{path}: not a judgement of evidence: {', '.join(missing)} is missing")
    if found.get("schema_version") != VERSION:
        version = one_line(json.dumps(found.get("schema_version")), 30)
        raise BadInput(f"{path}: schema_version {version}; allowed is {VERSION}")
    if found["verdict"] not in VERDICTS:
        raise BadInput(
            f"{path}: verdict: {one_line(found['verdict'], 40)}; allowed are {', '.join(VERDICTS)}"
        )
    reasons = found["reasons"]
    if not isinstance(reasons, list) or not all(isinstance(words, str) for words in reasons):
        raise BadInput(f"{path}: reasons: allowed is a list of strings")
    names = (*(found[key] for key in ("instance", "device", "tool")), str(found["repeat"]))
    if not all(isinstance(name, str) for name in names) or type(found["repeat"]) is not int:
        raise BadInput(f"{path}: it does not name the run of which it is")
    if "wrong" in found:
        try:
            wrong.unpacked(found["wrong"])
        except ValueError as error:
            raise BadInput(f"{path}: wrong: {one_line(error, 120)}") from None
    return found
