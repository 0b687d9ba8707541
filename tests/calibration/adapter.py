"""A tool whose cost is known: sleeps, keeps CPUs busy and allocates as its options say.

options: ``sleep`` (seconds a epoch), ``busy`` (list of CPU seconds, one process each),
``allocate`` (bytes, touched page by page), ``misbehave`` (one of the names below).
Its ``facts`` say what it really did, by its own kernel accounting.
"""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "scripts", "tools"))

import contract  # noqa: E402


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


def main():
    job = contract.start(calibration="1")
    options = job.options
    how = options.get("misbehave")
    if how and not how.startswith("labels"):
        misbehave(how, job)
    with job.run():
        began = time.monotonic()
        for _ in range(job.epochs):
            with job.epoch():
                if options.get("busy"):
                    busy(options["busy"])
                if options.get("allocate"):
                    allocate(options["allocate"])
                time.sleep(options.get("sleep", 0))
        seconds = time.monotonic() - began
    job.describe(seconds=seconds)
    with job.evaluation():
        labels = [0] * job.n_test
    if how == "labels_short":
        labels.pop()
    elif how == "labels_out_of_range":
        labels[-1] = 10
    elif how == "labels_missing":
        return
    job.predictions(labels)


if __name__ == "__main__":
    main()
