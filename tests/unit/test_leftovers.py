"""What killed runs leave is cleared away by the next, and nothing of the living is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchm import idx, scratch
from benchm.files import BadInput
from benchm.running import leftovers, one_run
from benchm.terminal import RUN

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

HOLD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from benchm import scratch
with scratch.folder() as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_scratch_folder_is_swept_when_its_process_is_dead_and_not_before(temporary):
    command = [sys.executable, "-c", HOLD, str(Path(scratch.__file__).parents[1])]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    folder = Path(holder.stdout.readline().strip())
    assert folder.parent == temporary and str(holder.pid) in folder.name
    age(folder, 10**6)  # its age proves nothing
    assert leftovers.sweep_scratch() == 0 and folder.is_dir()
    holder.kill()
    holder.communicate()
    assert folder.is_dir()
    assert leftovers.sweep_scratch() == 1 and not folder.exists()


def test_a_scratch_folder_ends_with_its_block_and_a_fault(temporary):
    with pytest.raises(ZeroDivisionError), scratch.folder() as folder:
        (folder / "file").write_text("x")
        assert leftovers.sweep_scratch() == 0
        1 / 0  # noqa: B018
    assert list(temporary.iterdir()) == []


def test_folders_of_earlier_versions_and_of_others_are_left_as_long_as_they_may_be_used(temporary):
    young, old, used = (temporary / f"benchm-dl-{name}" for name in ("young", "old", "used"))
    for folder in (young, old, used):
        folder.mkdir()
    (temporary / "benchm-dl-link").symlink_to(young)
    (temporary / "benchm-dl-1-file").write_text("")
    other = subprocess.Popen(SLEEP, cwd=used)
    try:
        for folder in (old, used):
            age(folder, 2 * leftovers.OLD)
        assert leftovers.sweep_scratch() == 1
        assert young.is_dir() and used.is_dir() and not old.exists()
        assert (temporary / "benchm-dl-link").is_symlink()
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("deaf", [False, True])
def test_processes_of_a_killed_run_are_stopped_and_no_others(deaf):
    handler = "SIG_IGN" if deaf else "SIG_DFL"
    code = f"import signal, time; signal.signal(signal.SIGINT, signal.{handler})"
    code += "; print(1, flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code]
    ours, theirs = (
        subprocess.Popen(command, env={**os.environ, RUN: run}, stdout=subprocess.PIPE)
        for run in ("run-of-a-test", "another-run")
    )
    try:
        for process in (ours, theirs):
            process.stdout.readline()
        (line,) = leftovers.stop_processes("run-of-a-test", patience=1)
        assert f"process {ours.pid} " in line and "killed" in line
        assert ours.wait(timeout=5) != 0 and theirs.poll() is None
        assert leftovers.stop_processes("run-of-a-test") == []
    finally:
        for process in (ours, theirs):
            process.kill()
            process.communicate()


def locked(folder):
    (folder / ".snakemake/locks").mkdir(parents=True)
    (folder / ".snakemake/locks/0.input.lock").write_text("x\n")
    return folder / ".snakemake/locks"


def test_snakemake_s_lock_is_cleared_when_no_snakemake_lives_there(tmp_path):
    assert leftovers.clear_snakemake_lock(tmp_path) == []
    locks = locked(tmp_path)
    assert leftovers.clear_snakemake_lock(tmp_path) == [
        "cleared the lock of a Snakemake that was killed"
    ]
    assert not locks.exists() and leftovers.clear_snakemake_lock(tmp_path) == []


def test_snakemake_s_lock_is_left_to_a_living_snakemake(tmp_path):
    locks = locked(tmp_path)
    (tmp_path / "snakemake").write_text("import time\ntime.sleep(60)\n")
    living = subprocess.Popen([sys.executable, "snakemake", "-j1"], cwd=tmp_path)
    try:
        with pytest.raises(BadInput, match=f"process {living.pid} runs Snakemake"):
            leftovers.clear_snakemake_lock(tmp_path)
        assert locks.is_dir()
    finally:
        living.kill()
        living.wait()


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        (["python", "-m", "snakemake", "-j1"], True),
        (["/x/bin/python3", "/x/bin/snakemake", "-n"], True),
        (["python", "/x/site-packages/snakemake/__main__.py"], True),
        (["less", ".snakemake/log/2026.snakemake.log"], False),
        (["vim", "Snakefile"], False),
        ([], False),
    ],
)
def test_what_snakemake_looks_like(command, is_one):
    assert leftovers.is_snakemake(command) == is_one


def test_half_written_files_go_and_nothing_else(tmp_path):
    folder = tmp_path / "quick/runs/local/cpu/a"
    folder.mkdir(parents=True)
    published = tmp_path / "published"
    published.mkdir()
    half = folder / ".1.json.ab12cd_f"
    fresh = folder / ".2.json.ab12cd_f"
    kept = [folder / "1.json", folder / ".hidden", tmp_path / ".run.lock", fresh]
    kept.append(published / ".1.json.ab12cd_f")
    for path in (half, *kept):
        path.write_text("x")
        age(path, 0 if path == fresh else 1000)
    assert leftovers.sweep_half_written(tmp_path) == 1
    assert not half.exists() and all(path.exists() for path in kept)


def test_a_data_set_that_is_not_as_it_was_made_is_made_again(tmp_path):
    with idx.install(tmp_path / "digits") as staging:
        for name in idx.FILES:
            shape = (2, 28, 28) if "images" in name else (2,)
            staging.write(name, [idx.encode(shape, bytes(2 * 784 if "images" in name else 2))])
    assert leftovers.check_data_sets(tmp_path, ["digits", "mnist"]) == []
    (tmp_path / "digits" / idx.FILES[0]).write_bytes(b"")
    (line,) = leftovers.check_data_sets(tmp_path, ["digits"])
    assert line.startswith("data set digits is made again: ")
    assert not (tmp_path / "digits" / idx.SUMS).exists()


def test_a_run_knows_the_id_of_the_one_before(tmp_path):
    with one_run.only_run_in(tmp_path) as (first, before):
        assert before is None
        with pytest.raises(BadInput, match=f"process {os.getpid()} is running a study"):
            one_run.only_run_in(tmp_path).__enter__()
    with one_run.only_run_in(tmp_path) as (second, before):
        assert before == first != second


@pytest.mark.parametrize("content", [b"\0" * 40, b"\xff\xfe 1 \x80", b"", b"12"])
def test_whatever_a_power_cut_left_in_the_lock_keeps_no_run_from_starting(tmp_path, content):
    lock = tmp_path / one_run.LOCK
    lock.parent.mkdir()
    lock.write_bytes(content)
    with one_run.only_run_in(tmp_path) as (run, _):
        assert lock.read_text() == f"{os.getpid()} {run}\n"


def test_a_run_that_was_started_by_another_does_not_stop_itself(monkeypatch):
    monkeypatch.setenv(RUN, "run-of-a-test")
    code = "from benchm.running import leftovers; print(leftovers.stop_processes('run-of-a-test'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(scratch.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr
