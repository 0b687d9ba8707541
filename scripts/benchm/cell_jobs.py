"""What the rules are told of a cell: its files and its parameters, and of the study as a whole.

Methods take a ``matrix.Cell``. What Snakemake compares to see whether a record is stale comes
back in a form in which equal values are equal texts.
"""

import json
from functools import cache, cached_property
from pathlib import Path

from . import adapters, attempts, configuration, kinds, project
from .cell_needs import CellNeeds
from .device import Device
from .files import BadInput
from .records import parsing
from .source_files import files_of

#: What of the meter makes the numbers of a record, and which of several runs it is.
METER = ("scripts/benchm/metering/measure.py", "scripts/benchm/metering/tries.py")
#: Where scripts/build_environments.py leaves what came of each environment.
STATUS = ".environments/status"


class CellJobs(CellNeeds):
    """The matrix of a study with all that its rules ask."""

    # -- files that a cell depends on -------------------------------------------------------

    def adapter(self, cell):
        """The program that trains."""
        return self.leaves[cell.tool]

    def modules(self, cell):
        """The other files of its folder that the adapter is made of."""
        return adapters.modules_of(self.adapter(cell))

    def contract(self, cell):
        """The contract's helper for the adapter's language."""
        return adapters.contract_of(self.adapter(cell))

    def decoys(self, cell):
        """What hands the adapter another training set, for its card alone."""
        return adapters.decoys_of(self.adapter(cell))

    def environment_file(self, cell):
        """What describes the tool's environment on the cell's device."""
        return configuration.environment_of(self.config["tools"][cell.tool], cell.device)

    # -- parameters: a change of them makes a record stale ----------------------------------

    def job(self, cell):
        """The meter's job as JSON."""
        entry, tool = self.entry, self.config["tools"][cell.tool]
        job = {
            "cell": {
                "tool": cell.tool,
                "device": cell.device,
                "instance": cell.instance,
                "repeat": cell.repeat,
            },
            "study": {
                "name": cell.study,
                "workload": self.workload.name,
                **{key: entry[key] for key in ("data_set", "n_train", "n_test", "epochs")},
                # Every round has a seed of its own; the same for all tools.
                "seed": entry["seed"] + cell.repeat,
                "protocol": self.workload.settings(entry),
            },
            "workload": {
                **{key: getattr(self.workload, key) for key in ("task", "predicts", "metric")},
                "outputs": self.workload.outputs,
            },
            "options": tool.get("options", {}),
            # Of a network the job says nothing: there was no other kind when records were made.
            **kinds.named(kinds.of(tool)),
        }
        return json.dumps(job, sort_keys=True)

    def attempt(self, cell):
        """The number of the attempt that the record should come from."""
        return attempts.wanted(_known(cell.record), self.here.offers(cell.device))

    def card_attempt(self, cell):
        """The number of the attempt that the card should come from."""
        return attempts.wanted(_known(cell.card), self.here.offers(cell.device))

    def unavailable(self, cell):
        """Why the tool's environment can't be had here, or "" when nothing is known against it.

        scripts/build_environments.py finds out before the workflow runs; without it,
        environments are built by Snakemake itself and this is always "".
        """
        status = Path(STATUS, f"{Path(self.environment_file(cell)).stem}.json")
        try:
            found = parsing.load(status)
            return "" if found["ok"] else str(found["reason"])
        except (BadInput, KeyError, TypeError):
            return ""

    # -- what never makes a record stale ----------------------------------------------------

    def environment(self, cell):
        """The environment to run in; None builds none, for a cell that can't run here."""
        return self._environment(cell, cell.record)

    def card_environment(self, cell):
        """The same for the cell's parity card."""
        return self._environment(cell, cell.card)

    def _environment(self, cell, path):
        if self.unavailable(cell):
            return None
        found = _known(path)
        is_measured = found is not None and found[0] == "ok"
        runs = self.here.offers(cell.device) or is_measured
        return str(project.ROOT / self.environment_file(cell)) if runs else None

    def interpreter(self, cell):
        """The command that starts the adapter."""
        return adapters.interpreter_of(self.adapter(cell))

    def time_limit(self, cell):
        """Seconds for one run."""
        return self.entry["time_limit"]

    def position(self, cell):
        """The cell's place in its study, e.g. "3/16"; for the progress line."""
        return "{}/{}".format(*self.position_of(cell))

    def round(self, cell):
        """The cell's place in its round, as JSON."""
        return json.dumps(self.round_of(cell), sort_keys=True)

    def priority(self, cell):
        """A higher number for a cell that comes earlier; at least 1."""
        number, count = self.position_of(cell)
        return count - number + 1

    def machine_environment(self, cell):
        """The environment with PyTorch that measures the machine's GPU; None where that can't be.

        ``cell``: one of that tool's on a GPU; its tool is "" where there is none.
        """
        wanted = cell.tool and any(Device.parse(device).is_gpu for device in self.config["devices"])
        if not wanted or not self.here.offers(cell.device) or self.unavailable(cell):
            return None
        return str(project.ROOT / self.environment_file(cell))

    def machine_gpus(self, cell):
        """How many GPUs measuring the machine takes: 1 or none."""
        return 1 if self.machine_environment(cell) else 0

    def description(self, cell):
        """What the configuration says of this machine's hardware, as JSON."""
        return json.dumps(configuration.description_of(self.config, cell.instance), sort_keys=True)

    # -- the study as a whole ---------------------------------------------------------------

    def data_file(self):
        """The data set's checksums, which stand for its files."""
        return f"results/data/{self.entry['data_set']}/SHA256SUMS"

    def meter_files(self):
        """What makes the numbers of a record: the meter's own sources, and the metric's."""
        return list(_meter_files(self.workload.metric))

    def reference_files(self):
        """What answers are held against: the workload's reference, and causes that have a name."""
        folder = f"scripts/workloads/{self.workload.name}"
        programs = [f"{folder}/{name}" for name in ("reference.py", "causes.py")]
        found = [
            file for name in programs if (project.ROOT / name).is_file() for file in files_of(name)
        ]
        return sorted(set(found))

    @cached_property
    def made_cards(self):
        """The paths of all cards that this machine makes."""
        return [cell.card for cell in self.cards(self.here.offers)]

    def made_here(self):
        """All that this machine makes of the study: records, evidence, cards, judgements."""
        measured = [path for cell in self.cells for path in (cell.record, cell.evidence)]
        return [*measured, *self.made_cards, *self.judgements()]

    def card_files(self):
        """The file with all cards of a tool, for each tool that has any."""
        tools = {Path(path).stem for path in [*self.made_cards, *self.cards_brought_in()]}
        return [f"results/{self.study}/parity/{tool}.json" for tool in sorted(tools)]

    def cards_of_tool(self, tool):
        """The cards of one tool on all devices of all machines."""
        made = [path for path in self.made_cards if Path(path).stem == tool]
        return [*made, *self.cards_brought_in(tool)]

    def records(self):
        """This machine's records and those of others."""
        return [*(cell.record for cell in self.cells), *self.records_brought_in()]

    def machine_files(self):
        """What is known of the machines: of this one, and of others what was brought along."""
        others = sorted(
            {Path(path).parts[3] for path in self.records_brought_in()} - {self.instance}
        )
        files = {name: f"results/machines/{name}.json" for name in [self.instance, *others]}
        return [
            file for name, file in files.items() if name == self.instance or Path(file).exists()
        ]

    def judgements(self):
        """What the evidence of each run shows."""
        return [cell.judgement for cell in [*self.cells, *self.evidence_brought_in()]]


def _known(path):
    """As ``attempts.known``, but of what can't be used nothing is known.

    It stops no other: merging leaves it out and names it, and run_study.py has it made again.
    """
    try:
        return attempts.known(path)
    except BadInput:
        return None


@cache
def _meter_files(metric):
    metrics = f"scripts/benchm/metrics/{metric}.py"
    return sorted({file for start in (*METER, metrics) for file in files_of(start)})


@cache
def verifier():
    """Return the files of what replays a tool's runs with the reference."""
    return files_of("scripts/parity.py")
