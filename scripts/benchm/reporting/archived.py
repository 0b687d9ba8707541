"""Archived studies, read from their folders in results/published, for the pages that show them."""

import json
from dataclasses import replace

from .. import project, tools_in_reports, yaml_files
from ..files import BadInput, read_text
from . import quality_checks
from . import series as series_of
from . import summary as summary_of
from .blocks import blocks_of
from .cards import Cards
from .inputs import Inputs
from .judgements import read_judgements
from .merging import merge
from .order import read_order
from .places import Study


def read(folder):
    """Return the blocks of the study in ``folder``, and what config.yaml says of its tools."""
    config = yaml_files.load(project.ROOT / "config.yaml", "config.yaml")
    order = read_order(json.dumps(tools_in_reports.order_of(config, folder.name)))
    merged = merge([folder / "runs"], [], order)
    if merged.left_out:
        raise BadInput("\n".join(merged.left_out))
    cards = [json.loads(read_text(path)) for path in folder.glob("parity/cards/*/*/*.json")]
    cards = Cards(cards, order.variants)
    # Of archives without them nobody can say any more what their evidence showed.
    judged = read_judgements(sorted(folder.glob("evidence/*/*/*/*.json")) or None)
    blocks = blocks_of(merged.rows, cards, judged, order.baselines)
    quality_checks.check(blocks, order.workload, judged)
    return blocks, order


def common(folder):
    """Return the blocks of a study in which anything was measured, without the variants; and what
    config.yaml says.
    """
    blocks, order = read(folder)
    found = [
        replace(block, cells=[c for c in block.cells if c.tool not in order.variants])
        for block in blocks
    ]
    found = [block for block in found if any(cell.timed for cell in block.cells)]
    if not found:
        raise BadInput(f"{folder}/runs: no run in it was measured")
    return found, order


def side_by_side(folder):
    """Return the ``Table`` of the studies in the folders of ``folder``."""
    folders = sorted(path.parent for path in folder.glob("*/runs"))
    if len(folders) < 2:
        raise BadInput(f"{folder}: allowed is a folder of two studies or more, with runs in each")
    studies = [(path.name, *read(path)) for path in folders]
    return summary_of.summary([Study(name, order, blocks) for name, blocks, order in studies])


def sizes(folder):
    """Return the ``series.Place``s of the studies in the folders of ``folder``, and an ``Order``.

    BadInput where there is no study.
    """
    studies = [
        series_of.Study(path.parent.name, Inputs(order, None, None, blocks, []))
        for path in sorted(folder.glob("*/runs"))
        for blocks, order in [read(path.parent)]
    ]
    if not studies:
        raise BadInput(f"{folder}: allowed is a folder of studies, with runs in each")
    return series_of.places(studies)[0], studies[0].inputs.order
