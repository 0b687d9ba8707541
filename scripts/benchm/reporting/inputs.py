"""What the programs that make tables, figures and the report read, and their options for it."""

from dataclasses import dataclass

from . import cards, judgements, left_out, order, quality_checks
from .blocks import read_blocks


@dataclass(frozen=True)
class Inputs:
    """``cards`` and ``judgements`` are None where they were not looked at.

    ``left_out``: a line for each file that merging could not use.
    """

    order: order.Order
    cards: cards.Cards | None
    judgements: judgements.Judgements | None
    blocks: list
    left_out: list


def add_options(parser):
    """Add ``--runs``, ``--order``, ``--cards``, ``--judgements``, ``--left-out`` to a program."""
    parser.add_argument("--runs", required=True, metavar="CSV", help="from merge_records.py")
    order.add_option(parser)
    cards.add_option(parser)
    judgements.add_option(parser)
    left_out.add_option(parser)


def read(runs, settings, card_paths=None, judgement_paths=None, left_out_path=None):
    """``Inputs`` from the options' values; BadInput names what can't be used."""
    wanted = order.read_order(settings)
    found = cards.read_cards(card_paths, wanted.variants)
    judged = judgements.read_judgements(judgement_paths)
    blocks = read_blocks(runs, found, judged, wanted.baselines)
    quality_checks.check(blocks, wanted.workload, judged)
    return Inputs(wanted, found, judged, blocks, left_out.read(left_out_path, runs))
