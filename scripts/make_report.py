#!/usr/bin/env python3
"""Make report.md: the answer, the machine, the tables, the figures, and where it all comes from.

    make_report.py --runs results/quick/runs.csv --order tools.json \\
        --cards results/quick/parity/*.json \\
        --tables results/quick/tables/{by_tool,by_gpu,gpu_vs_cpu}.md \\
        --figures results/quick/figures/*.svg --captions report/*.rst \\
        --output results/quick/report.md

Tables are copied in, figures are linked by relative paths, both in the order of the
arguments; but the story comes first, and the figure of parity stands in its own section.
A caption is a file that has the name of its figure; its text stands below the figure as it is.
Without --cards parity is not looked at, and every measured tool is ranked. Exit code 2: bad
input, named on stderr.
"""

import argparse
import html
import os
import sys
from pathlib import Path
from urllib.parse import quote

from reporting import cards, original, parity, text
from reporting.answers import accuracy, answer, certainty, disturbed, shared_gpus
from reporting.cells import read_blocks
from reporting.files import BadInput, complain, one_line, read_text, write_text
from reporting.order import add_option, read_order
from reporting.pages import page

#: What a figure shows, for those who can't see it.
DESCRIPTIONS = {
    "time_by_tool": "Training time of each tool",
    "time_split": "Time of each tool, split into its parts",
    "error_rate": "Error rate of each tool",
    "speedup": "Speed-up of each tool against the baseline",
    "story": "Training time by machine and tool, with what each machine could do at best",
    "parity": "How far each tool's loss is from the reference, step by step",
}

QUESTION = "# How fast does each tool train the same small network, and how well?"

TIMES = """\
## How the times are defined

All are seconds on one monotonic clock outside the tool, which reports when a phase begins and ends.

| Time | From | To |
|:--|:--|:--|
| train, *Time (s)* | call of the training, compiling still to come | end of the last epoch |
| first epoch | start of the first epoch | its end |
| steady | median epoch after the first | times the number of epochs |
| cold | start of the process | predictions of the test images |
| import | start of the process | end of the imports |
| init | end of the imports | data in memory, model described |

*Time (s)* is what the page of 2017 printed. Evaluation is outside train and steady. *steady* is
training without start-up costs, what a long training tends to; *cold* is what one waits for."""

DIGITS = (
    "The test images of `digits` are jittered copies of few originals, so they are not "
    "independent: the interval of an error rate describes this test set only, not handwriting "
    "at large."
)


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", required=True, metavar="CSV", help="from merge_records.py")
    parser.add_argument("--tables", nargs="*", default=[], metavar="MD", help="from make_tables.py")
    parser.add_argument(
        "--figures", nargs="*", default=[], metavar="SVG", help="from make_figures.py"
    )
    parser.add_argument(
        "--captions", nargs="*", default=[], metavar="RST", help="report/{figure}.rst"
    )
    parser.add_argument("--output", required=True, metavar="MD")
    parser.add_argument(
        "--pages", metavar="DIR", help="write the sections on parity and on the 2017 page as HTML"
    )
    add_option(parser)
    cards.add_option(parser)
    options = parser.parse_args(arguments)
    try:
        order = read_order(options.order)
        found = cards.read_cards(options.cards, order.variants)
        blocks = read_blocks(options.runs, found)
        tables = [read_text(path).strip() for path in options.tables]
        home = Path(options.output).parent
        figures = [Path(os.path.relpath(path, home)) for path in options.figures]
        captions = {Path(path).stem: read_text(path).strip() for path in options.captions}
        write_text(options.output, report(blocks, order, found, tables, figures, captions))
        if options.pages:
            sections = {
                "parity": parity.section(found, order),
                "page_2017": original.section(blocks, order),
            }
            for name, section in sections.items():
                write_text(Path(options.pages, f"{name}.html"), page(name, section))
    except BadInput as error:
        return complain("make_report", error)
    return 0


def report(blocks, order, found, tables, figures, captions):
    """The text of the report.

    ``found``: the parity cards or None; ``tables``: Markdown; ``figures``: paths as seen from
    the report; ``captions``: text by the name of its figure.
    """
    runs = [run for block in blocks for cell in block.cells for _, run in cell.runs.iterrows()]
    images = {
        path.stem: f"![{DESCRIPTIONS.get(path.stem, path.stem)}]({quote(path.as_posix())})"
        + (f"\n\n{captions[path.stem]}" if path.stem in captions else "")
        for path in sorted(figures, key=lambda path: path.stem != "story")  # it comes first
    }
    divergence = images.pop("parity", "")  # stands with what it shows, or nowhere
    measured = any(run["source"] == "measured" for run in runs)
    proof = parity.section(found, order) if measured else ""
    parts = [QUESTION, opening(blocks, checked=bool(proof)), machines(runs), *tables]
    if any(run["data_set"] == "digits" for run in runs):
        parts.append(f"> {DIGITS}")
    parts += ["## Figures" if images else "", *images.values()]
    parts += [proof, divergence if proof else ""]
    if measured:
        parts += [original.section(blocks, order), not_run(blocks)]
    parts += [TIMES, provenance(runs)]
    return "\n\n".join(part for part in parts if part) + "\n"


def opening(blocks, checked):
    """The answer, what was trained, and what the answer rests on.

    ``checked``: whether the report tells which tools were shown to train the same.
    """
    told = [
        [f"**{text.cell_text(words)}**", accuracy(block)]
        for block in blocks
        if (words := answer(block, blocks))
    ]
    if not told:
        if all(cell.published for block in blocks for cell in block.cells):
            return "**Nothing was measured here: these are the runs that others published.**"
        return "**Nothing was measured.** Why is told under *What did not run*."
    if len(told) > 1:
        told = ["\n".join("* " + " ".join(filter(None, pair)) for pair in told)]
    else:
        told = told[0]
    told += [protocol(blocks, checked), certainty(blocks), disturbed(blocks), shared_gpus(blocks)]
    return "\n\n".join(filter(None, told))


def protocol(blocks, checked):
    """The study in a few sentences."""
    run = next(c for b in blocks for c in b.cells if not c.published).runs.iloc[0]
    return (
        f"Study `{run['study']}`: {run['epochs']} epochs of {run['n_train']:,} images of "
        f"`{run['data_set']}` in batches of {run['batch_size']}, tested on {run['n_test']:,} "
        "others. Two convolutions with pooling, dropout, three dense layers, 65,402 parameters, "
        "trained with SGD and momentum. "
        + (
            "*Parity* tells which tools were shown to train exactly that."
            if checked
            else "Whether every tool trains exactly that was not checked."
        )
    )


def machines(runs):
    """The machines that the runs were made on, with the dates."""
    groups, identities = {}, {}
    for run in runs:
        if run["source"] == "measured":
            # A new kernel or fewer allowed CPUs make another row, but not another machine.
            identity = (run["cpu_model"], run["cores_logical"], str(run["machine_gpus"]))
            identities.setdefault(run["instance"], set()).add(identity)
            gpus = ", ".join(dict.fromkeys(run["machine_gpus"] or [])) or "none"
            count = len(run["machine_gpus"] or [])
            hardware = (
                run["instance"],
                run["cpu_model"] or "",
                text.whole(run["cores_allowed"]),
                f"{run['memory_bytes'] / 1e9:.0f} GB" if run["memory_bytes"] else "",
                f"{count} × {gpus}" if count else gpus,
                " ".join(filter(None, [run["system"], run["kernel"]])),
            )
            groups.setdefault(hardware, []).append(run["started_utc"] or "")
    if not groups:
        return ""
    header = ["Instance", "Processor", "Logical CPUs", "Memory", "GPU", "System", "Measured (UTC)"]
    rows = [[*hardware, _period(times)] for hardware, times in groups.items()]
    warning = ""
    twice = sorted(name for name, found in identities.items() if len(found) > 1)
    if twice:
        warning = (
            f"\n\n**Runs of {', '.join(f'`{name}`' for name in twice)} were not all made on the "
            "same machine: their times don't compare.**"
        )
    return "## Machine\n\n" + text.markdown_table(header, rows, left=len(header)) + warning


def _period(times):
    """From the first to the last start, to the minute."""
    first, last = (time[:16].replace("T", " ") for time in (min(times), max(times)))
    if first == last:
        return first
    return f"{first} to {last[11:] if last[:10] == first[:10] else last}"


def not_run(blocks):
    """Cells and repeats without a measurement: outcome, reason, last lines of the log."""
    groups, logs = {}, {}
    for block in blocks:
        for cell in block.cells:
            for _, run in cell.runs[cell.runs["outcome"] != "ok"].iterrows():
                reason = one_line(run["reason"] or "no reason was recorded")
                key = (f"{block.instance}, {block.device}", run["outcome"], reason)
                name = cell.name
                if len(cell.runs) > 1:
                    name += f", repeat {run['repeat']}"
                groups.setdefault(key, []).append((cell.name, name, len(cell.runs)))
                if run["log_tail"] and run["outcome"] != "no_device":
                    log = (cell.name, block.instance, block.device, tuple(run["log_tail"]))
                    # repeats that end alike are shown once
                    logs.setdefault(log, f"{name} on {block.instance}, {block.device}")
    parts = ["## What did not run"]
    if not groups:
        return parts[0] + "\n\nEverything ran."
    lines = []
    for (place, outcome, reason), found in groups.items():
        names = []
        for cell in dict.fromkeys(cell for cell, _, _ in found):
            own = [item for item in found if item[0] == cell]
            # every repeat for the same reason: the tool's name says it
            names += [cell] if len(own) == own[0][2] else [name for _, name, _ in own]
        meaning = text.OUTCOMES.get(outcome, outcome)
        lines.append(
            f"* {place}: **{outcome}** ({meaning}): {text.cell_text(reason)}<br>"
            f"{text.cell_text('; '.join(names))}"
        )
    parts.append("\n".join(lines))
    for (*_, tail), title in logs.items():
        body = html.escape("\n".join(tail)).replace("\n\n", "\n&nbsp;\n")  # a blank line ends HTML
        parts.append(
            f"<details><summary>Last lines of {html.escape(title)}</summary>\n"
            f"<pre>\n{body}\n</pre>\n</details>"
        )
    return "\n\n".join(parts)


def provenance(runs):
    """A row for each run: what ran, from what, when."""
    measured = [run for run in runs if run["source"] == "measured"]
    published = [run for run in runs if run["source"] == "published"]
    header = ["Run", "Outcome", "Interpreter", "Versions", "As the tool reports", "Environment"]
    header += ["Installed", "Adapter", "Started (UTC)", "Attempt"]
    rows = [
        [
            f"{run['instance']}/{run['device']}/{run['tool']}/{run['repeat']}",
            run["outcome"],
            run["interpreter"] or "",
            ", ".join(f"{name} {version}" for name, version in _items(run["versions"])),
            ", ".join(f"{name} {_plain(value)}" for name, value in _items(run["facts"])),
            _short(run["environment_file_sha256"]),
            _short(run["environment_installed_sha256"]),
            _short(run["adapter_sha256"]),
            run["started_utc"] or "",
            text.whole(run["attempt"]),
        ]
        for run in measured
    ]
    parts = ["## Provenance"]
    if rows:
        parts += [
            text.markdown_table(header, rows, left=len(header)),
            "Environment, Installed, Adapter: the first 12 digits of the SHA-256 of the "
            "environment's file, of the list of packages really installed, and of the adapter."
            + _built(measured),
        ]
    origins = sorted({run["origin"] or "unknown" for run in published})
    if origins:
        parts.append(f"Published rows come from: {text.cell_text('; '.join(origins))}.")
    versions = sorted({run["project_version"] for run in measured if run["project_version"]})
    if versions:
        parts.append(f"Measured with benchm-dl {', '.join(versions)}.")
    return "\n\n".join(parts)


def _items(mapping):
    return sorted((mapping or {}).items())


def _plain(value):
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _short(digest):
    return digest[:12] if digest else ""


def _built(runs):
    """Who built the environments, in words."""
    words = {"conda": "conda", "stand-in": "the stand-in for conda"}
    builders = {run["environment_source"] for run in runs if run["environment_source"] in words}
    if not builders:
        return ""
    return f" Environments were built by {' and '.join(words[key] for key in sorted(builders))}."


if __name__ == "__main__":
    sys.exit(main())
