"""The parity card for real: tools come out right; what goes wrong is said."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from cards import make_card, make_job

from benchm import project
from tool_environments import prefix_of

pytestmark = pytest.mark.slow

#: Tools of which none takes long; the others' cards are made by `make report`.
QUICK = ["pytorch", "numpy_reference", "mxnet", "keras_tensorflow"]


@pytest.mark.parametrize("tool", QUICK)
def test_the_tool_trains_what_the_protocol_says(tool, tmp_path):
    done, path = make_card(make_job(tool), prefix_of(tool), tmp_path)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert card["outcome"] == "ok", card["log_tail"]
    assert card["first_difference"] is None
    assert card["verdict"] in ("same", "equivalent")
    assert card["versions"]
    assert card["adapter"].endswith("cnn.py")
    fields = {field["field"]: field for field in card["fields"]}
    assert {"gradients", "weights_20", "late", "dropout", "order", "predictions"} <= set(fields)
    # Far inside, so that no other seed falls out.
    assert fields["gradients"]["error"] < fields["gradients"]["tolerance"] / 2
    # Nothing but its card and the lock is left behind.
    assert {p.name for p in tmp_path.iterdir()} == {"card.json", "lock"}


def test_a_device_that_is_not_here_makes_a_card_without_a_verdict(tmp_path):
    done, path = make_card(make_job("numpy_reference", "cpu-4096"), Path(sys.prefix), tmp_path)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("no_device", None)
    assert card["reason"].startswith("4096 CPUs asked for")


def test_an_adapter_that_breaks_or_hangs_makes_a_card_that_says_so(tmp_path):
    job = make_job("numpy_reference")
    broken = tmp_path / "broken.py"
    broken.write_text("raise ValueError('no such layer')\n")
    done, path = make_card(job, Path(sys.prefix), tmp_path, adapter=broken)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("failed", None)
    assert card["reason"] == "ValueError: no such layer (exit code 1)"
    assert card["first_difference"] is None and card["fields"] == []

    broken.write_text("import time\ntime.sleep(600)\n")
    done, path = make_card(job, Path(sys.prefix), tmp_path, "--time-limit", "1", adapter=broken)
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("timeout", None)

    broken.write_text("raise SystemExit\n")
    done, path = make_card(job, Path(sys.prefix), tmp_path, adapter=broken)
    card = json.loads(path.read_text())
    assert (card["outcome"], card["verdict"]) == ("failed", None)
    assert card["reason"] == "it sent no events"


def test_a_signal_leaves_no_card_and_no_process(tmp_path):
    job, here = make_job("numpy_reference"), tmp_path / "started"
    adapter = tmp_path / "slow.py"
    adapter.write_text(
        f"import os, time\nopen({str(here)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    )
    (tmp_path / "job.json").write_text(json.dumps(job))
    command = [sys.executable, project.SCRIPTS / "parity.py", "--job", tmp_path / "job.json"]
    command += ["--card", tmp_path / "card.json", "--", sys.executable, adapter]
    environment = dict(os.environ, TMPDIR=str(tmp_path), BENCHM_LOCK=str(tmp_path / "lock"))
    process = subprocess.Popen(list(map(str, command)), env=environment, stderr=subprocess.PIPE)
    while process.poll() is None and not (here.exists() and here.read_text()):
        time.sleep(0.05)
    process.terminate()
    assert process.communicate(timeout=60)[1] == b"parity: stopped by SIGTERM, no card written\n"
    assert process.returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "card.json").exists()
    assert not psutil.pid_exists(int(here.read_text()))


def test_bad_input_is_one_line_and_no_card(tmp_path):
    job = make_job("numpy_reference")
    del job["study"]["seed"]
    done, path = make_card(job, Path(sys.prefix), tmp_path)
    assert done.returncode == 2
    assert done.stderr == ("parity: standard input: key study: 'seed' is a required property\n")
    assert not path.exists()
