"""One run, measured or published, as the reports see it."""

from dataclasses import dataclass, field

from .. import kinds
from ..device import Device
from ..files import BadInput

#: Share of the training's CPU time that a run may spend before its timed window without a mark.
MOST_INIT = 0.25


@dataclass(frozen=True)
class Run:
    """A row of runs.csv. The fields are what the reports decide by; ``run[column]`` is the rest.

    ``contract``: version under which it was measured, None of a published run; ``train_s``: in
    seconds, None of a run that is not ok; ``kind``: of its tool.
    """

    tool: str
    tool_name: str
    instance: str
    device: Device
    repeat: int
    published: bool
    contract: int | None
    outcome: str
    reason: str | None
    train_s: float | None
    kind: str
    row: dict = field(repr=False, compare=False)

    @classmethod
    def of(cls, row):
        """The run of a row, a mapping of column to value; BadInput when its device is none."""
        same = ("tool", "instance", "repeat", "contract", "outcome", "reason")
        try:
            device = Device.parse(row["device"])
        except BadInput as error:
            raise BadInput(f"{row['instance']}/{row['device']}/{row['tool']}: {error}") from None
        return cls(
            device=device,
            tool_name=row["tool_name"] or row["tool"],
            published=row["source"] == "published",
            train_s=row["train_s"],
            kind=kinds.of(row),
            row=row,
            **{name: row[name] for name in same},
        )

    def __getitem__(self, column):
        return self.row[column]

    @property
    def ok(self):
        """Whether it was measured."""
        return self.outcome == "ok"

    @property
    def why_not_ok(self):
        """The reason of a run that is not ok."""
        return self.reason or "no reason was recorded"

    @property
    def initialises_much(self):
        """Whether it used much CPU time before the timed window, for what it used in there."""
        before, training = self["init_core_seconds"], self["core_seconds"]
        return None not in (before, training) and before > MOST_INIT * training

    @property
    def foreign_cpus(self):
        """How many CPUs other programs kept busy, more than housekeeping takes; 0 when fewer.

        The load of all CPUs less what the tool's own processes used.
        """
        percent, used = self["cpu_percent"], self["cores_used"]
        if percent is None or used is None:
            return 0.0
        others = sum(percent) / 100 - used
        return others if others > max(0.25, 0.05 * len(percent)) else 0.0
