"""All studies side by side: tools by studies, and a mean over a complete rectangle of them.

Every ratio is one that the study's own tables have. Times of different studies are never divided
by each other, and machines and contracts never mixed: each has a table of its own.
"""

from functools import cached_property
from urllib.parse import quote

from ..statistics.across import geometric_mean
from . import leaders, left_out, rectangle, summary_notes, tables, text
from .places import places
from .render import to_markdown
from .standings import standing
from .tables import Section, Table, entry

TITLE = "All studies side by side"


def summary(studies):
    """The ``Table`` of a list of ``places.Study``, a section for each place."""
    parts = [Part(place, [study.name for study in studies]) for place in places(studies)]
    sections, shown = [], [part for part in parts if part.is_measured]
    for part in parts:
        block = part.place.block
        if part in shown:
            words = f"On {block.title}: {leaders.sentence(part.place)}"
            own = summary_notes.of_part(part)
            sections.append(Section(words, part.rows, block.place, own))
        else:
            cells = [cell for each in part.place.blocks for cell in each.cells]
            sections.append(Section(f"On {block.title}: {tables.nothing(cells)}.", [], block.place))
    columns = ["Tool", *(study.name for study in studies), summary_notes.MEAN]
    data = [line for part in shown for line in part.data]
    table = Table("summary", TITLE, columns, sections, [], data, fixed=1)
    table.notes += summary_notes.general(shown) if shown else []
    for study in studies:
        table.notes += [f"{study.name}: {note}" for note in left_out.note(study.left_out)]
    return table


def page(table, names):
    """The same as Markdown, with links to the studies' own reports, which lie beside it."""
    links = [f"[{text.cell_text(name)}]({quote(name)}/report.md)" for name in names]
    body = to_markdown(table).partition("\n\n")[2]
    return f"# {TITLE}\n\n{body}\nThe studies' own reports: {text.listed(links)}.\n"


class Part:
    """What the summary says of one ``places.Place``; ``studies``: the names of all."""

    def __init__(self, place, studies):
        self.place, self.studies = place, studies
        #: How each tool stands in each study that is here: tool to study's name to ``Standing``.
        self.grid = {
            tool: {study.name: standing(tool, block, study.order) for study, block in place.here}
            for tool in place.tools
        }
        filled = {
            tool: [name for name, each in row.items() if each.ratio is not None]
            for tool, row in self.grid.items()
        }
        #: The rectangle of the mean, two lists; empty without one.
        self.tools, self.over = rectangle.largest(filled, studies)

    @property
    def order(self):
        """What is known of the tools, an ``order.Order``."""
        return self.place.here[0][0].order

    @property
    def standings(self):
        """All ``Standing``s in one list."""
        return [each for row in self.grid.values() for each in row.values()]

    @property
    def is_measured(self):
        """Whether any tool ran here."""
        return any(each.runs for each in self.standings)

    @cached_property
    def means(self):
        """The geometric mean of each tool of the rectangle, a ``Ratio``."""
        return {
            tool: geometric_mean([self.grid[tool][name].ratio for name in self.over])
            for tool in self.tools
        }

    def name(self, tool):
        """What tables print for a tool."""
        cells = (cell for block in self.place.blocks for cell in block.cells)
        return next(cell.tool_name for cell in cells if cell.tool == tool and not cell.published)

    @property
    def sorted_tools(self):
        """The tools of the rectangle by their mean, then the others, by how many ratios there are.

        Those of as many by the least one: no more than an order for reading.
        """

        def key(tool):
            mean = self.means.get(tool)
            ratios = [each.ratio.value for each in self.grid[tool].values() if each.ratio]
            least = min(ratios, default=0.0)
            return mean is None, mean.value if mean else -len(ratios), least, self.name(tool)

        return sorted(self.grid, key=key)

    @property
    def rows(self):
        """Rows of entries: the tool, a study each, the mean."""
        return [self._row(tool) for tool in self.sorted_tools]

    def _row(self, tool):
        entries = [entry(self.name(tool))]
        for name in self.studies:
            each = self.grid[tool].get(name)
            value = each.ratio.value if each and each.ratio else None
            entries.append(entry(each.shown if each else "", value))
        is_baseline = tool == self.place.baseline
        return [*entries, tables.ratio(self.means.get(tool), to_itself=is_baseline)]

    @property
    def data(self):
        """Rows of plain numbers, one for each tool and study."""
        return [
            self._plain(tool, study) for tool in self.sorted_tools for study, _ in self.place.here
        ]

    def _plain(self, tool, study):
        block = self.place.block
        each, mean = self.grid[tool][study.name], self.means.get(tool)
        return {
            "instance": block.instance,
            "device": block.device.name,
            "hardware": block.hardware,
            "contract": block.contract,
            "study": study.name,
            "workload": study.order.workload.name,
            "tool": tool,
            "tool_name": self.name(tool),
            "outcome": each.word or "ok",
            "reason": each.why,
            "runs_ok": each.runs,
            "tier": each.tier,
            **tables.three("vs_baseline", each.ratio),
            "in_rectangle": "yes" if mean and study.name in self.over else "no",
            **tables.three("geometric_mean", mean),
        }
