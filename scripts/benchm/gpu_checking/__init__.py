"""The parts of gpu_check.py: what only a machine with a GPU can show."""


class CannotCheck(Exception):
    """Nothing can be checked; the message is one line."""


class MeterBroke(CannotCheck):
    """The meter wrote no record, or parity.py no card; the message is its last line."""
