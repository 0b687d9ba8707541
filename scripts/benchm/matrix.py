"""What there is to run of a study: its cells, their order, and the files that each has.

Everything here follows from values: the configuration, the study's name, and which files exist.
"""

import glob
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from . import adapters, configuration, rounds, twin, workloads
from .cell import Cell, Place, order
from .checking import unknown
from .files import BadInput
from .records import reading


class Matrix:
    """The cells of one study on this machine, in the order in which they run.

    ``config``: the checked configuration. Raises BadInput for an unknown study.
    """

    def __init__(self, config, study):
        if study not in config["studies"]:
            raise BadInput(f"config.yaml: {unknown('study', study, config['studies'])}")
        self.config, self.study = config, study
        self.entry = config["studies"][study]
        self.instance = config["instance"]

    @cached_property
    def workload(self):
        """What the study trains, as it is on its data set."""
        return workloads.load(self.entry["workload"]).on(self.entry["data_set"])

    @cached_property
    def leaves(self):
        """The tools that have a cell, in the order of the file, and the adapter of each."""
        found = {
            tool: adapters.leaf_of(self.config["tools"][tool], self.workload.name)
            for tool in configuration.tools_to_run(self.config)
        }
        return {tool: leaf for tool, leaf in found.items() if leaf}

    @cached_property
    def pairs(self):
        """Every tool with every device that it can use, as (device, tool)."""
        return [
            (device, tool)
            for device in self.config["devices"]
            for tool in configuration.tools_to_run(self.config, device)
            if tool in self.leaves
        ]

    @cached_property
    def rounds(self):
        """How many rounds there are: those asked for, and those that were begun besides."""
        asked = rounds.of_study(self.config, self.study)
        return max(asked.least, *(n for n in self._rounds_begun if n <= asked.most), 1)

    @cached_property
    def _rounds_begun(self):
        return rounds.on_disk(self.study, self.instance, self.pairs)

    @cached_property
    def places(self):
        """Every cell that there could be, in the order of running, and its ``Place``.

        Rounds follow each other, so that a drift of the machine's speed meets all tools alike;
        in each the order is drawn anew, so that no tool always runs after the same one.
        """
        places = {}
        for number in sorted({*range(1, self.rounds + 1), *self._rounds_begun}):
            seed = self.entry["seed"] + number
            drawn = order(self.pairs, seed)
            for place, (device, tool) in enumerate(drawn, start=1):
                cell = Cell(self.study, self.instance, device, tool, number)
                places[cell] = Place(number, place, len(drawn), seed)
        return places

    @cached_property
    def cells(self):
        """Every cell to be run, in the order of running.

        After the first round without those that would only cost time there. What was measured
        besides is kept: a record that is there is wanted.
        """
        first = [cell for cell in self.places if cell.repeat == 1]
        once = {
            (cell.device, cell.tool)
            for device in self.config["devices"]
            for cell in rounds.once_is_enough([cell for cell in first if cell.device == device])
        }

        def is_wanted(cell):
            is_asked = cell.repeat <= self.rounds and (cell.device, cell.tool) not in once
            return cell.repeat == 1 or is_asked or Path(cell.record).exists()

        return [cell for cell in self.places if is_wanted(cell)]

    def round_of(self, cell):
        """Return a record's group ``round``, a dict."""
        return asdict(self.places[cell])

    def position_of(self, cell):
        """Return ``(number, all)``: the how-manieth cell of the study it is, from 1."""
        return self._positions.get(cell, len(self.cells)), len(self.cells)

    @cached_property
    def _positions(self):
        return {cell: number for number, cell in enumerate(self.cells, start=1)}

    def check(self, cell):
        """Raise BadInput, with what is allowed, for a cell that the study does not have."""
        where = f"config.yaml: study {self.study}"
        tools, devices = self.config["tools"], self.config["devices"]
        if cell.tool not in tools:
            raise BadInput(f"config.yaml: {unknown('tool', cell.tool, tools)}")
        if cell.device not in devices:
            raise BadInput(f"config.yaml: {unknown('device', cell.device, devices)}")
        if cell.repeat not in {*range(1, self.rounds + 1), *self._rounds_begun}:
            raise BadInput(
                f"config.yaml: key studies.{self.study}.rounds: there is no round "
                f"{cell.repeat}; allowed: 1 to {self.rounds}, more with --config rounds=NUMBER"
            )
        if cell.tool not in configuration.tools_to_run(self.config):
            raise BadInput(f"{where}: tool {cell.tool} runs only when 'also' names it")
        if cell.tool not in self.leaves:
            raise BadInput(
                f"{where}: tool {cell.tool} has no adapter for workload {self.workload.name}"
            )
        if (cell.device, cell.tool) not in self.pairs:
            raise BadInput(f"{where}: tool {cell.tool} does not run on {cell.device}")

    def cards(self, is_here):
        """Return the cells (of round 1) that have a parity card: none for absent devices.

        ``is_here``: whether a device can be had, a function of its name. A card that was made
        while its device was here is kept. Only what trains a network can be replayed.
        """
        if not self.workload.is_network:
            return []
        cells = [
            Cell(self.study, self.instance, device, tool)
            for device, tool in self.pairs
            # The twin is its base a second time: it has the same card.
            if not twin.base_of(tool)
        ]
        return [cell for cell in cells if is_here(cell.device) or Path(cell.card).exists()]

    def records_brought_in(self):
        """Return the records of other machines that lie in the study's folder, sorted.

        Any file: merging names what does not lie where it belongs.
        """
        return self._brought_in("runs", "**/[!.]*.json")

    def evidence_brought_in(self):
        """Return the cells of other machines whose record and evidence lie there, sorted.

        A record that can't be used is passed over: merging names it and leaves it out.
        """
        cells = [
            Cell(self.study, *Path(path).parts[3:6], int(Path(path).stem))
            for path in self._brought_in("evidence", "*/*/*.npz")
            if Path(path).stem.isdecimal()
        ]
        return [cell for cell in cells if _is_record(cell.record)]

    def cards_brought_in(self, tool="*"):
        """Return the cards of other machines, of one tool or of all, sorted."""
        name = tool if tool == "*" else glob.escape(tool)
        return self._brought_in("parity/cards", f"*/{name}.json")

    def _brought_in(self, what, pattern):
        folder = Path("results", self.study, what)
        return sorted(
            str(path)
            for path in folder.glob(f"*/{pattern}")
            if path.relative_to(folder).parts[0] != self.instance and not unusable(path)
        )


def published_by_others(root="."):
    """Return the paths of the archived rows of others, results/published/*.csv, sorted.

    Without those that Snakemake can't take; what a run ends with names them.
    """
    found = sorted(Path(root, "results/published").glob("*.csv"))
    named = [path.relative_to(root) for path in found]
    return [str(path) for path in named if not unusable(path, root)]


def unusable(path, root="."):
    """Return why Snakemake can't take a file for an input, in words, or None.

    ``path``: as it is told, relative to ``root``.

    It takes braces in a name for a wildcard, has no bytes for what is no text, and ends for a file
    that is not there.
    """
    odd = next((c for c in str(path) if c in "{}" or not c.isprintable()), None)
    if odd:
        return f"its name holds {odd!r}, which Snakemake can't bear"
    return None if Path(root, path).exists() else "a link to nowhere"


def _is_record(path):
    try:
        return bool(reading.read_record(path))
    except BadInput:
        return False
