"""What killed runs leave, and clearing it away: nobody should have to do that by hand.

All of it belongs to the dead: processes are known by the id of their run, scratch folders by a
lock that only the living hold, and Snakemake's lock is touched when no Snakemake lives here.
"""

import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
from pathlib import Path

import psutil

from .. import idx, locks, scratch
from ..files import BadInput
from ..terminal import RUN

#: Seconds that processes get to stop cleanly.
PATIENCE = 30
#: Seconds without a change after which a scratch folder of an earlier version, which had no lock,
#: counts as left behind when no process works in it.
OLD = 3600
#: Files that are written next to those that they replace (``files.write_bytes``).
HALF_WRITTEN = re.compile(r"\..+\.(json|npz|csv|md|html|svg)\.[a-z0-9_]{8}")
#: Seconds that writing such a file never takes.
LONGEST_WRITE = 60


# -- processes ---------------------------------------------------------------------------------


def processes_of(run):
    """Return the living processes that were started by the run of that id, but not this one."""
    own = os.getpid()
    return [each for each in psutil.process_iter() if each.pid != own and _belongs(each, run)]


def _belongs(process, run):
    try:
        is_alive = process.status() != psutil.STATUS_ZOMBIE
        return is_alive and process.environ().get(RUN) == run
    except (psutil.Error, OSError):  # ended meanwhile, or another user's
        return False


def stop_processes(run, patience=PATIENCE):
    """Stop what a killed run has left running: as Ctrl-C does, or in the end outright.

    Returns a line for each, [] when there was none. A measurement that is stopped so leaves no
    record; its cell is measured again.
    """
    found = processes_of(run)
    told = [f"stopped {_name(process)}, left by a run that was killed" for process in found]
    for number, seconds in ((signal.SIGINT, patience), (signal.SIGKILL, 5)):
        for process in processes_of(run):
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        if _ended(run, seconds):
            break
    return told


def _ended(run, seconds):
    """Whether all processes of a run have ended within so many seconds."""
    until = time.monotonic() + seconds
    while processes_of(run):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def _name(process):
    try:
        words = [Path(word).name for word in process.cmdline()[:3]]
        return f"process {process.pid} ({' '.join(words)[:60]})"
    except (psutil.Error, OSError):
        return f"process {process.pid}"


# -- Snakemake's lock --------------------------------------------------------------------------


def clear_snakemake_lock(root):
    """Remove the lock that a killed Snakemake left in a directory; return a line if there was one.

    Snakemake can't tell its own lock from one that was left, and asks for a hand. BadInput when
    a Snakemake lives there.
    """
    folder = Path(root, ".snakemake", "locks")
    if not folder.is_dir() or not any(folder.iterdir()):
        return []
    living = snakemake_in(root)
    if living:
        raise BadInput(
            f"process {living.pid} runs Snakemake in this directory already; wait for it, or use "
            "a second checkout"
        )
    shutil.rmtree(folder)
    return ["cleared the lock of a Snakemake that was killed"]


def snakemake_in(root):
    """Return a living Snakemake that works in a directory, or None."""
    for process in psutil.process_iter():
        try:
            if is_snakemake(process.cmdline()) and Path(process.cwd()).samefile(root):
                return process
        except (psutil.Error, OSError):  # ended meanwhile, or another user's
            continue
    return None


def is_snakemake(command):
    """Whether a command line is Snakemake's: as a program, a module, or the module's file."""
    return any(
        Path(word).name == "snakemake" or word.endswith("snakemake/__main__.py")
        for word in command[:4]
    )


# -- folders and files -------------------------------------------------------------------------


def sweep_scratch(where=None):
    """Remove this user's scratch folders that belong to no living process; return how many.

    ``where``: the directory for temporary files, by default this process's.
    """
    swept = 0
    for path in Path(where or tempfile.gettempdir()).glob(f"{scratch.PREFIX}*"):
        try:
            about = path.lstat()
            if not path.is_dir() or path.is_symlink() or about.st_uid != os.geteuid():
                continue
            is_dead = _is_unlocked(path)
            if not re.match(rf"{scratch.PREFIX}\d+-", path.name):
                is_old = time.time() - about.st_mtime > OLD
                is_dead = is_dead and is_old and not _is_used(path)
        except OSError:
            continue
        if is_dead:
            shutil.rmtree(path, ignore_errors=True)
            swept += 1
    return swept


def _is_unlocked(path):
    """Whether nobody holds the folder; not where there are no locks, so that it can't be known."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return locks.take(handle, wait=False)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def _is_used(path):
    """Whether a process has the folder in its command line or works in it."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if any(str(path) in word for word in (*process.cmdline(), process.cwd())):
                return True
    return False


def sweep_half_written(results):
    """Remove what was being written below ``results`` when a run was killed; return how many."""
    swept = 0
    for folder, folders, names in os.walk(results):
        if "published" in folders:
            folders.remove("published")  # tracked, and nobody writes there
        for name in filter(HALF_WRITTEN.fullmatch, names):
            path = Path(folder, name)
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > LONGEST_WRITE:
                    path.unlink()
                    swept += 1
    return swept


def check_data_sets(data, names):
    """Have data sets made again whose files are not as they were made; return a line for each.

    ``data``: their folder; ``names``: which of them. What a power cut leaves may be anything.
    """
    told = []
    for name in names:
        sums = Path(data, name, idx.SUMS)
        problems = idx.verify(sums.parent) if sums.is_file() else []
        if problems:
            sums.unlink()
            told.append(f"data set {name} is made again: {problems[0]}")
    return told
