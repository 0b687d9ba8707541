"""What the numbers say, in sentences that are made from them."""

from . import text


def where(block, blocks):
    """A block as a sentence names it: its hardware, with the instance when there are several."""
    if not block.hardware or len({other.instance for other in blocks}) > 1:
        return block.title
    return block.hardware


def measured(block):
    """Cells of a block that were measured here, fastest first."""
    return sorted((c for c in block.ok if not c.published), key=lambda cell: cell.train_s)


def ranked(block):
    """Those of the measured cells that were shown to train the same network, fastest first."""
    return [cell for cell in measured(block) if cell.parity.ranked]


def answer(block, blocks):
    """One sentence for a block: the fastest tool, the next and the slowest; None without runs."""
    cells = ranked(block)
    if not cells:
        if not measured(block):
            return None
        return (
            f"On {where(block, blocks)}, no tool is ranked: none was shown to train the network "
            "that was asked for."
        )
    best, *others = cells
    told = f"{text.seconds(best.train_s)} s"
    if not others:
        more = "ran" if len(measured(block)) == 1 else "is ranked"
        return f"On {where(block, blocks)}, {best.name} trained in {told}; no other tool {more}."
    parts = [f"On {where(block, blocks)}, {best.name} trained fastest: {told}"]
    tied = [cell.name for cell in others if _tied(cell.ratio(best))]
    if tied:
        parts.append(f"the repeats don't tell it apart from {_listed(tied)}")
    parts.append(f"{others[0].name} took {_times_as_long(others[0].ratio(best))}")
    if len(others) > 1:
        parts.append(f"the slowest, {others[-1].name}, {_times_as_long(others[-1].ratio(best))}")
    return "; ".join(parts) + "."


def _times_as_long(found):
    return f"{text.digits(found.value, 3 if found.value < 1.095 else 2)} times as long"


def _tied(found):
    return found.low is not None and found.low <= 1 <= found.high


def _listed(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def accuracy(block):
    """One sentence on the error rates of a block's ranked tools, or None."""
    cells = [cell for cell in ranked(block) if cell.error_rate is not None]
    if len(cells) < 2:
        return None
    rates = [cell.error_rate for cell in cells]
    told = f"Error rates lie between {text.percent(min(rates))} and {text.percent(max(rates))}"
    bounds = [cell.error_interval for cell in cells]
    if None in bounds:
        return told + "."
    if max(low for low, _ in bounds) <= min(high for _, high in bounds):
        return f"{told}; their 95 % intervals all overlap."
    return f"{told}; their 95 % intervals do not all overlap."


def certainty(blocks):
    """What stands behind the numbers: how many runs."""
    counts = {len(cell.ok) for block in blocks for cell in measured(block)}
    if not counts:
        return None
    if counts == {1}:
        return (
            "Every tool was run once, so a small difference may be chance: "
            "set `repeats` of the study in `config.yaml` to see the spread."
        )
    runs = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return f"Times are medians of {runs} runs, made in rounds of one run of each tool."


def disturbed(blocks):
    """A warning that names the runs during which other programs kept CPUs busy, or None.

    The load of all CPUs less what the tool's own processes used; the allowance is for the
    system's housekeeping.
    """
    found, n = [], 0
    for block in blocks:
        for cell in block.cells:
            for row in cell.ok.itertuples():
                n += 1
                if row.cpu_percent is None or row.cores_used is None:
                    continue
                others = sum(row.cpu_percent) / 100 - row.cores_used
                if others > max(0.25, 0.05 * len(row.cpu_percent)):
                    run = f"{cell.name} on {block.device}"
                    run += f", repeat {row.repeat}" if len(cell.runs) > 1 else ""
                    found.append((others, f"{run} ({others:.1f} CPUs)"))
    if not found:
        return None
    worst = [told for _, told in sorted(found, reverse=True)[:4]]
    more = f"; and {len(found) - len(worst)} more of {n}" if len(found) > len(worst) else ""
    return (
        f"Other programs kept CPUs busy, so these times may be too long: {'; '.join(worst)}{more}."
    )


def shared_gpus(blocks):
    """A warning that names the runs whose GPU other programs used as well, or None."""
    found = []
    for block in blocks:
        for cell in block.cells:
            for row in cell.ok.itertuples():
                others = [gpu for gpu in row.gpu_other_processes or [] if gpu and gpu["count"]]
                if others:
                    run = f"{cell.name} on {block.device}"
                    found.append(run + (f", repeat {row.repeat}" if len(cell.runs) > 1 else ""))
    if not found:
        return None
    return (
        f"Other programs used a GPU meanwhile, so these times may be too long: {'; '.join(found)}."
    )
