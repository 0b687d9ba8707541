"""The least time that a study's training can take on a machine, and what binds it.

A roofline (Williams, Waterman and Patterson 2009, https://doi.org/10.1145/1498765.1498785) of the
whole training: three things have to be done, each at the rate that was measured on the machine.
They may go on at the same time, so the one that takes longest is the limit.

arithmetic: the operations of all matrix products, forward and back (``flop_per_sample``), in
    float32. What is no product, the activations and the update, is not counted.
bytes: each step finds parameters, momentum and inputs in memory and leaves parameters and momentum
    there: each parameter is read and written, so is its momentum, and each raw input is read. What
    is between them in a step, activations and gradients, can be used up where it was made, a few
    samples at a time, and need not pass through memory; a tool that works layer by layer moves
    more. Caches that hold all parameters from one step to the next move less, but such a network
    is bound by something else.
launches: a GPU only. A kernel for each matrix product of a step, with all else in it.

Of the rates that were measured the highest counts: what a machine did once, it can do. Operations
are those of the products as they are written; algorithms that save multiplications (Winograd's, of
convolutions: Lavin and Gray 2016, https://doi.org/10.1109/CVPR.2016.435) may go below.
"""

import math
from dataclasses import dataclass

from .. import kinds
from . import tables, text

#: Bytes of a float32.
FLOAT = 4


@dataclass(frozen=True)
class Part:
    """``seconds``: what ``amount`` (of operations, bytes, kernels) takes at least; ``words``: it
    and its rate."""

    seconds: float
    words: str


@dataclass(frozen=True)
class Limit:
    """``parts``: arithmetic, bytes and launches, as far as they are known, a ``Part`` each."""

    parts: dict

    @property
    def binds(self):
        """The name of the longest part."""
        return max(self.parts, key=lambda name: self.parts[name].seconds)

    @property
    def seconds(self):
        """How long that takes."""
        return self.parts[self.binds].seconds

    def above(self, cell):
        """How many times as long the cell's training takes, or None where it isn't the same."""
        comparable = cell.train_s is not None and cell.ranked and not cell.published
        return cell.train_s / self.seconds if comparable else None


def add_option(parser):
    """Add ``--machines`` to a program."""
    parser.add_argument(
        "--machines",
        nargs="*",
        default=[],
        metavar="JSON",
        help="what machines can do at most, from measure_machine.py: a file for each instance",
    )


def limit_of(block, order, machines):
    """The ``Limit`` of a block of networks.

    None of other kinds, and where its machine was not measured, or with other hardware.
    """
    cell = next((cell for cell in block.ok if not cell.published), None)
    machine = machines.get(block.instance)
    if cell is None or machine is None or block.kind != kinds.NETWORK:
        return None
    rates = _of_gpu(machine, cell) if block.device.is_gpu else _of_cpu(machine, cell)
    if rates is None:
        return None
    run, workload = cell.runs[0], order.workload
    protocol = run["protocol"] or {}
    samples = run["n_train"] * run["epochs"]
    batch_size = protocol.get("batch_size")
    steps = run["epochs"] * math.ceil(run["n_train"] / batch_size) if batch_size else None
    amounts = {
        "arithmetic": _times(workload.flop_per_sample, samples),
        "bytes": _bytes(workload, protocol, samples, steps),
        "launches": _times(workload.kernels_per_step, steps),
    }
    parts = {name: _part(name, amount, rates[name]) for name, amount in amounts.items()}
    parts = {name: part for name, part in parts.items() if part}
    return Limit(parts) if parts else None


def _of_cpu(machine, cell):
    """Rates per second of a machine's CPUs; None where the cell had other ones."""
    models = {machine["cpu_model"], cell.runs[0]["cpu_model"]} - {None}
    if len(models) > 1 or cell.cores != machine["cpus"]:
        return None
    return {"launches": None} | _rates(machine)


def _of_gpu(machine, cell):
    """The same of one GPU."""
    gpu = machine["gpu"]
    if gpu is None or cell.device.gpus != 1 or cell.models[:1] != [gpu["name"]]:
        return None
    launch = gpu["graph_launch_s"] or gpu["launch_s"]
    return {"launches": 1 / launch["least"]} | _rates(gpu)


def _rates(about):
    copy = about["copy_gbs"]
    return {
        "arithmetic": 1e9 * about["matrix_gflops"]["largest"],
        "bytes": 1e9 * copy["largest"] if copy else None,
    }


def _times(number, count):
    return None if None in (number, count) else number * count


def _bytes(workload, protocol, samples, steps):
    """Bytes that the whole training moves at least, or None."""
    if workload.bytes_per_sample is None:
        return None
    kept = 2 if protocol.get("momentum") else 1
    updates = 2 * FLOAT * kept * (workload.parameters or 0) * (steps or 0)
    return workload.bytes_per_sample * samples + updates


def _part(name, amount, rate):
    if not amount or not rate:
        return None
    seconds, scaled, billions = amount / rate, 1e-9 * amount, 1e-9 * rate
    words = {
        "arithmetic": f"{text.digits(scaled)} GFLOP at {text.digits(billions)} GFLOP/s",
        "bytes": f"{text.digits(scaled)} GB at {text.digits(billions)} GB/s",
        "launches": f"{amount:,} kernels at {text.digits(1e6 / rate)} µs",
    }
    return Part(seconds, f"{text.digits(seconds)} s for {words[name]}")


# -- what the table says of it ------------------------------------------------------------------

COLUMN = "x above limit"


def plain(limit, cell):
    """Columns of the CSV, a dict; empty values where there is no limit."""
    return {
        "limit_s": limit.seconds if limit else None,
        "limit_binds": limit.binds if limit else None,
        "above_limit": limit.above(cell) if limit else None,
    }


def entry(limit, cell):
    """What stands in a cell's row of the table."""
    above = limit.above(cell) if limit else None
    return tables.entry(text.ratio(above), above)


def rows(limit, columns):
    """The row of the limit itself, which says what binds, as a list; empty without one."""
    if limit is None:
        return []
    row = dict.fromkeys(columns, tables.entry(""))
    row[columns[0]] = tables.entry(f"limit ({limit.binds})")
    row["Time (s)"] = tables.entry(text.seconds(limit.seconds), limit.seconds)
    row[COLUMN] = tables.entry(text.ratio(1), 1.0)
    return [list(row.values())]


def notes(limit, cells):
    """What the limit of a section is, as notes; empty without one."""
    if limit is None:
        return []
    order = sorted(limit.parts, key=lambda name: -limit.parts[name].seconds)
    parts = "; ".join(f"{name} {limit.parts[name].words}" for name in order)
    words = [
        f"Limit: the longest of what has to be done at least, at the highest rates measured on "
        f"this machine: {parts}. {COLUMN}: the row's time divided by it."
    ]
    faster = [cell.name for cell in cells if (limit.above(cell) or 1) < 1]
    if faster:
        words.append(
            f"{text.listed(faster)} took less time than the limit. Either the machine was slower "
            "when its rates were measured than when it trained, or the tool has a way that needs "
            "fewer operations than were counted, as there are for convolutions (Winograd's)."
        )
    return words
