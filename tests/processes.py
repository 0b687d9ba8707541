"""What tests ask of other processes, which may end at any moment."""

import time

import psutil


def words_of(process):
    """Return the words of a process's command line; none once it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:  # psutil calls what its parent has not reaped yet an error as well
        return []


def below(pid):
    """Return the descendants of a process; none once it has ended."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def adapter_below(pid, adapter, jobs="job.json"):
    """Return the process in which an adapter runs, None as long as there is none.

    ``adapter``: how the path of its program ends; ``jobs``: the name of the file that it is given,
    "job.json" where it is measured, "jobs.json" for a card.
    """
    for child in below(pid):
        *_, program, job = ["", "", *words_of(child)]
        if program.endswith(adapter) and job.endswith(f"/{jobs}"):
            return child
    return None


def are_dead(processes, seconds=10):
    """Whether all ``processes`` end within ``seconds``.

    A zombie is dead: it only waits for its parent, for an orphan the system, to take notice.
    """
    deadline = time.monotonic() + seconds
    while any(map(_is_alive, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
