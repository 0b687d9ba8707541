"""Run an adapter and see from inside its process what it did with the GPUs.

    python inside.py ANSWERS ADAPTER JOB

The meter starts it in place of the adapter. ANSWERS, a JSON file, gets ``devices`` (UUIDs that
CUDA shows this process, null without a driver), ``waits`` (seconds that the GPUs still had to
work each time the adapter stopped a clock, null where that can't be seen), ``precision`` (see
precision.py) and ``problem`` (why there is none, or null). Runs on Python 3.6.
"""

import importlib
import importlib.util
import json
import os
import runpy
import sys


def main():
    answers_path, adapter, job_path = sys.argv[1:]
    with open(job_path) as source:
        on_gpu = bool(json.load(source)["gpus"])
    here = os.path.dirname(os.path.abspath(__file__))
    # What the adapter finds is what it would find without this program.
    sys.path[0] = os.path.dirname(os.path.abspath(adapter))
    sys.argv = [adapter, job_path]
    contract = importlib.import_module("contract")
    cuda_driver = _load("cuda_driver", here)

    answers = {"devices": None, "waits": [], "precision": None, "problem": None}
    send = contract.Job.send

    def send_when_idle(job, event, **values):
        if on_gpu and event in ("epoch_stop", "run_stop"):
            driver = cuda_driver.load()
            answers["waits"].append(driver.wait() if driver else None)
        send(job, event, **values)

    contract.Job.send = send_when_idle
    runpy.run_path(adapter, run_name="__main__")

    driver = cuda_driver.load()
    answers["devices"] = driver.devices() if driver else None
    try:
        answers["precision"] = _load("precision", here).experiment(adapter, on_gpu)
    except Exception as error:  # whatever the tool raises is the answer
        lines = str(error).strip().splitlines() or [""]
        answers["problem"] = f"{type(error).__name__}: {lines[0]}"
    with open(answers_path, "w") as out:
        json.dump(answers, out)


def _load(name, folder):
    """Import a module beside this one, without the folder on the path."""
    specification = importlib.util.spec_from_file_location(name, os.path.join(folder, name + ".py"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
