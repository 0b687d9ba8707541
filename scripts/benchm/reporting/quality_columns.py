"""The columns on quality of the tables' CSV files."""


def _end(bounds, number):
    return None if bounds is None else bounds[number]


def _difference(cell, number):
    found = cell.quality_check and cell.quality_check.difference
    return found.in_sign_of(cell.metric.better)[number] if found else None


def _equivalent(cell):
    check = cell.quality_check
    if not check or not check.difference:
        return None
    return "yes" if check.difference.is_equivalent(check.margin) else "no"


def _guessed(cell):
    check = cell.quality_check
    return None if check is None or check.chance is None else len(check.guessed)


#: ``quality_low_95`` and ``quality_high_95`` are what the table shows, ``quality_interval`` says
#: of what: seeds or test set. Both follow, where there are both. ``quality_vs_others``: the mean
#: minus the median of the other ranked tools, with its 90 % interval; ``runs_guessed``: how many
#: runs are no better than a guess without the inputs.
QUALITY = {
    "quality_metric": lambda cell: cell.metric.name if cell.metric else None,
    "quality": lambda cell: cell.quality,
    "quality_low_95": lambda cell: _end(cell.quality_interval, 0),
    "quality_high_95": lambda cell: _end(cell.quality_interval, 1),
    "quality_interval": lambda cell: cell.quality_interval_of,
    "quality_seeds_low_95": lambda cell: _end(cell.quality_seeds_interval, 0),
    "quality_seeds_high_95": lambda cell: _end(cell.quality_seeds_interval, 1),
    "quality_test_low_95": lambda cell: _end(cell.quality_test_interval, 0),
    "quality_test_high_95": lambda cell: _end(cell.quality_test_interval, 1),
    "quality_vs_others": lambda cell: _difference(cell, 0),
    "quality_vs_others_low_90": lambda cell: _difference(cell, 1),
    "quality_vs_others_high_90": lambda cell: _difference(cell, 2),
    "quality_margin": lambda cell: cell.quality_check and cell.quality_check.margin,
    "quality_equivalent": _equivalent,
    "runs_guessed": _guessed,
}
