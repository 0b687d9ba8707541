"""A tool whose cost is known: sleeps, keeps CPUs busy and allocates as its options say.

options: ``sleep`` (seconds a epoch), ``busy`` (list of CPU seconds, one process each),
``ignore_children`` (whether it waits for none of them), ``allocate`` (bytes, touched page by
page), ``share`` (bytes that it and four children share), ``child_allocates`` (bytes in a child
while it tells the meter something all the time, for ``chatter`` seconds), ``misbehave`` (one of
the names below).
Its ``facts`` say what it really did, by its own kernel accounting.
"""

import os
import signal
import subprocess
import sys
import time

import numpy as np

import contract


def spin(cpu_seconds):
    """Use exactly this much CPU time, however long that takes on a busy machine."""
    until = time.process_time() + cpu_seconds
    while time.process_time() < until:
        pass


def busy(seconds):
    """Fork one process for each number of ``seconds``, keep it busy, and wait for all."""
    children = []
    for cpu_seconds in seconds:
        pid = os.fork()
        if pid == 0:
            spin(cpu_seconds)
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def busy_unwaited(seconds):
    """As ``busy``, with the kernel told that nobody will wait for the children."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        busy(seconds)
    except ChildProcessError:
        pass  # waitpid's answer once all have ended unwaited for
    finally:
        signal.signal(signal.SIGCHLD, before)


def children(count, work):
    """Fork ``count`` processes that do ``work``; return their ids."""
    pids = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            work()
            os._exit(0)
        pids.append(pid)
    return pids


def share(size, seconds):
    """Share a block of ``size`` bytes with four children for some seconds."""
    block = allocate(size)
    for pid in children(4, lambda: (sum(block[::4096]), time.sleep(seconds))):
        os.waitpid(pid, 0)


def chatter(job, seconds, size):
    """Describe oneself all the time, while a child holds ``size`` bytes."""

    def hold():
        block = allocate(size)
        time.sleep(seconds)
        del block

    (pid,) = children(1, hold)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job.describe(chatter=1)
        time.sleep(0.01)
    os.waitpid(pid, 0)


def allocate(size):
    """Return ``size`` bytes that are really there."""
    block = bytearray(size)
    block[::4096] = b"x" * len(block[::4096])
    return block


def misbehave(how, job):
    """Break the contract, or break, in one of the ways that real tools do."""
    if how == "hang":
        time.sleep(3600)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "orphan":
        # A grandchild in a session of its own, as daemons do: no process group reaches it.
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(3600)", job.options["mark"]],
            start_new_session=True,
        )
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "missing_module":
        import no_such_module  # noqa: F401
    elif how == "out_of_memory":
        bytearray(1 << 62)
    elif how == "garbage":
        job._pipe.write("hello, I am no JSON\n")
        job._pipe.flush()
        time.sleep(3600)
    elif how == "garbage_on_stdout":
        os.write(1, os.urandom(4096))
    elif how == "out_of_order":
        job.send("run_stop")
    elif how == "early_end":
        sys.exit(0)
    elif how == "exit_code":
        print("Segmentation of a sort")
        sys.exit(3)
    elif how == "slow_clock":
        now = time.monotonic()
        contract._clock = lambda: now + (time.monotonic() - now) / 2
    else:
        raise SystemExit(f"unknown way to misbehave: {how!r}")


def weights(value):
    """The weights of a network that has one."""
    return {"weight": np.full(1, value, np.float32)}


def results(how, job):
    """What it predicts: class 0 throughout, or what ``how`` asks for."""
    scores = np.zeros((job.n_test, 10), np.float32)
    scores[:, 0] = 1
    if how == "predictions_short":
        return scores[:-1]
    if how == "predictions_of_eleven":
        return np.zeros((job.n_test, 11), np.float32)
    if how == "predictions_nan":
        scores[3, 0] = np.nan
    elif how == "predictions_whole":
        return scores.astype("int64")
    elif how == "predictions_in_file_order":
        scores = np.eye(10, dtype=np.float32)[job.options["labels"]]
    return scores


def main(job):
    options = job.options
    how = options.get("misbehave")
    if how and not how.startswith(("predictions", "weights")):
        misbehave(how, job)
    # Threads of NumPy's OpenBLAS spin for a moment after they were made: that is no work of ours.
    time.sleep(0.2)
    spin(options.get("spin_in_init", 0))
    job.initial_weights(weights(0))
    synchronise = None if options.get("unsynchronised") else int  # there is nothing to wait for
    with job.run(synchronise):
        began = time.monotonic()
        for epoch in range(job.epochs):
            with job.epoch(synchronise, steps=epoch + 1):
                if options.get("busy"):
                    (busy_unwaited if options.get("ignore_children") else busy)(options["busy"])
                if options.get("share"):
                    share(options["share"], options["sleep"])
                if options.get("chatter"):
                    chatter(job, options["chatter"], options["child_allocates"])
                if options.get("allocate"):
                    allocate(options["allocate"])
                time.sleep(options.get("sleep", 0))
        seconds = time.monotonic() - began
    job.describe(seconds=seconds)
    time.sleep(0.1)  # on a busy machine the meter may read its counters a moment late
    with job.evaluation():
        scores = results(how, job)
    if how == "predictions_fifo":
        os.mkfifo(job.predictions_file)
        os._exit(0)
    if how != "predictions_missing":
        job.predictions(scores)
    if how != "weights_missing":
        job.trained_weights(weights(1))


if __name__ == "__main__":
    contract.run(main, calibration="1")
