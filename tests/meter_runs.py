"""Runs of the real meter for tests: a tiny data set, the calibration tool, one record."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchm import idx

ROOT = Path(__file__).resolve().parents[1]
METER = ROOT / "scripts" / "meter.py"
CALIBRATION = ROOT / "tests" / "calibration" / "adapter.py"
LABELS = [0, 1, 0, 2, 0, 3, 0, 4, 5, 6]


def make_data(directory):
    """Write a data set of 20 training and 10 test images; 4 of the test labels are 0."""
    directory.mkdir(parents=True)
    noise = random.Random(1)
    for name, count in ((idx.TRAIN_IMAGES, 20), (idx.TEST_IMAGES, 10)):
        (directory / name).write_bytes(idx.encode((count, 28, 28), noise.randbytes(count * 784)))
    (directory / idx.TRAIN_LABELS).write_bytes(idx.encode((20,), bytes([1] * 20)))
    (directory / idx.TEST_LABELS).write_bytes(idx.encode((10,), bytes(LABELS)))
    (directory / "SHA256SUMS").write_text("made for a test\n")
    return directory


def make_job(epochs=2, device="cpu", **options):
    """Return a job for the calibration tool."""
    return {
        "cell": {
            "tool": "calibration",
            "device": device,
            "instance": "local",
            "repeat": 1,
        },
        "study": {
            "name": "test",
            "workload": "cnn",
            "data_set": "digits",
            "n_train": 20,
            "n_test": 10,
            "epochs": epochs,
            "seed": 1,
            "protocol": {
                "batch_size": 128,
                "learning_rate": 0.05,
                "momentum": 0.9,
                "decay": 1e-5,
                "dropout": 0.2,
            },
        },
        "workload": {
            "task": "classes",
            "predicts": "probabilities",
            "metric": "error_rate",
            "outputs": 10,
        },
        "options": options,
    }


class Bench:
    """A folder with data and a place for a record; ``run`` measures one job."""

    def __init__(self, folder):
        self.folder = folder
        self.data = make_data(folder / "data")
        self.record_path = folder / "records" / "1.json"
        self.evidence_path = folder / "evidence" / "1.npz"
        self.tmp = folder / "tmp"
        self.tmp.mkdir()
        # A lock of its own: what these tests need is the meter, not an idle machine.
        self.env = dict(os.environ, TMPDIR=str(self.tmp), BENCHM_LOCK=str(folder / "lock"))

    def command(self, job, *options, adapter=(sys.executable, CALIBRATION)):
        job_path = self.folder / "job.json"
        job_path.write_text(json.dumps(job))
        start = [sys.executable, METER, "--job", job_path, "--data", self.data]
        kept = ["--record", self.record_path, "--evidence", self.evidence_path]
        command = [*start, *kept, *options, "--", *adapter]
        return [str(part) for part in command]

    def start(self, job, *options, **kwargs):
        return subprocess.Popen(
            self.command(job, *options, **kwargs),
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, job, *options, **kwargs):
        """Measure ``job``; return ``(exit code, stderr)``."""
        process = self.start(job, *options, **kwargs)
        _, errors = process.communicate(timeout=120)
        return process.returncode, errors

    def evidence(self):
        """Return the arrays of the evidence, a dict by name."""
        with np.load(self.evidence_path) as archive:
            return {name: archive[name] for name in archive.files}

    def record(self):
        return json.loads(self.record_path.read_text())

    def measured(self, job, *options, **kwargs):
        """Measure ``job`` and return its record; the meter must have succeeded."""
        code, errors = self.run(job, *options, **kwargs)
        assert code == 0, errors
        return self.record()

    def leftovers(self):
        """Return what a measurement left in the temporary folder."""
        return [p.name for p in self.tmp.iterdir()]
