"""What a run ends with: how much was measured, what was not and why, and where the report is."""

import csv
from pathlib import Path

from .. import tools_in_reports
from ..files import BadInput, one_line
from ..matrix import unusable
from ..records import card_file
from ..reporting.text import plain
from ..terminal import story


def lines(config, matrix, root="."):
    """Return the last lines about a study whose report was made; ``matrix``: its ``Matrix``.

    Tools that share a reason stand in one line; each record that was left out has one.
    """
    study = matrix.study
    folder = Path(root, "results", study)
    csv.field_size_limit(2**31 - 1)  # what a tool says of itself may be long
    with (folder / "runs.csv").open(newline="", encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["source"] == "measured"]
    missing = {}
    for row in rows:
        if row["outcome"] != "ok":
            why = f"{row['device']}: {row['outcome']}: {one_line(plain(row['reason']))}"
            missing.setdefault(why, {})[row["tool"]] = None
    measured = sum(row["outcome"] == "ok" for row in rows)
    said = [f"{measured} of {len(rows)} runs of study {study} measured"]
    said += [f"  {', '.join(tools)} on {why}" for why, tools in missing.items()]
    without = tools_in_reports.not_offered(config, study)
    if without:
        workload = config["studies"][study]["workload"]
        said.append(f"  {', '.join(without)}: no adapter for workload {workload}")
    said += [f"  {line}" for line in story.left_out(folder)]
    said += [f"  left out: {line}" for line in _bad_cards(matrix, root) + _odd_files(matrix, root)]
    unasked = _unasked(matrix, root)
    if unasked:
        said.append(f"  kept, but not asked for by config.yaml and so not in the report: {unasked}")
    said.append(f"tables and figures: results/{study}/report.md")
    said.append(f"to look at:         results/{study}/report.html")
    series = config["studies"][study].get("series")
    if series:
        said.append(f"with other studies: results/series/{series}.md")
    return said


def _bad_cards(matrix, root):
    """A line for each card of another machine that can't be used; this one's are made again."""
    folder = Path(root, "results", matrix.study, "parity/cards")
    found = []
    for path in sorted(folder.glob("*/*/*.json")):
        if path.relative_to(folder).parts[0] != matrix.instance:
            try:
                card_file.read(path)
            except BadInput as error:
                words = str(error).replace(str(path), str(path.relative_to(root)))
                found.append(one_line(plain(words), 300))
    return found


def _odd_files(matrix, root):
    """A line for each file that was brought in and that Snakemake can't be given."""
    folder = Path(root, "results", matrix.study)
    found = [
        path.relative_to(root)
        for what in ("runs", "evidence", "parity/cards")
        for path in sorted((folder / what).rglob("*"))
        if path.suffix in (".json", ".npz")
    ]
    published = Path(root, "results/published").glob("*.csv")
    found += [path.relative_to(root) for path in sorted(published)]
    return [f"{one_line(plain(path))}: {why}" for path in found if (why := unusable(path, root))]


def of_several():
    """Return the last lines about several studies together."""
    return [
        "all studies side by side: results/summary.md",
        "to look at:               results/report.html",
    ]


def _unasked(matrix, root):
    """Records of this machine that no cell of the configuration has, in words; "" for none."""
    asked = {cell.record for cell in matrix.cells}
    runs = Path(root, "results", matrix.study, "runs", matrix.instance)
    found = sorted(
        path.relative_to(runs).parts
        for path in runs.glob("*/*/[!.]*.json")
        if path.relative_to(root).as_posix() not in asked
    )
    named = {f"{tool} on {device}": None for device, tool, _ in found}
    return ", ".join(named)
