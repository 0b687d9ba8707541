"""The README's example: its three steps, as they stand there, in a fresh checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest
import yaml

from benchm.environments.locking import MARKER
from benchm.environments.reasons import passes
from workflow.project import ROOT, STUDY, Project

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "docs/examples/flax"
#: What follows when a record, or a card, is added.
AFTER = {"merge", "parity", "tables", "figures", "report_md"}


def steps():
    """Return the blocks of the README's section: shell commands, and the entry in config.yaml."""
    readme = (ROOT / "README.md").read_text()
    section = re.search(r"^## Add a tool in three steps\n(.*?)^## ", readme, re.M | re.S)[1]
    # Blocks stand four columns further in than the text they belong to.
    blocks = re.findall(r"(?:^ {4,}\S.*\n)+", section, re.M)
    return [textwrap.dedent(block) for block in blocks]


FOLDER, ENVIRONMENT, ENTRY, REPORT = steps()


class Checkout(Project):
    """A fresh checkout with one small study of one tool, in which `make` finds its driver made.

    Its environments are its own: those of the checkout under test, and what is written there about
    them, are for everybody, and this one goes away.
    """

    def __init__(self, folder):
        super().__init__(folder)
        self.config["devices"] = ["cpu"]
        del self.config["tools"]["beta"]
        self.write_config()
        python = folder / ".driver/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        (folder / ".driver/.installed").touch()

    def command(self, *options):
        return [sys.executable, "-m", "snakemake", *options]

    def type(self, commands):
        """Have a shell run ``commands`` in the checkout."""
        done = subprocess.run(
            ["bash", "-ec", commands],
            cwd=self.folder,
            # A lock of its own: what is tested here needs no idle machine.
            env=dict(os.environ, BENCHM_LOCK=str(self.folder.with_name("lock"))),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
        )
        *_, last = ["", *done.stdout.splitlines()]
        # Of all that was printed only what it ended with: an error must not pass for a skip.
        if done.returncode and passes(last, []):
            pytest.skip(f"{commands}: {last}")
        assert done.returncode == 0, done.stdout[-4000:]

    def enter(self, entry):
        """Write ``entry`` below the line `tools:` of config.yaml."""
        path = self.folder / "config.yaml"
        text, line = path.read_text(), "\ntools:\n"
        assert text.count(line) == 1
        path.write_text(text.replace(line, line + textwrap.indent(entry, "  ")))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout whose report is made, and in which the three steps are then taken."""
    checkout = Checkout(tmp_path_factory.mktemp("readme") / "checkout")
    checkout.type(REPORT)
    checkout.before = made(checkout, "alpha")
    checkout.type(FOLDER)
    checkout.type(ENVIRONMENT)
    checkout.enter(ENTRY)
    checkout.planned = checkout.stale()
    checkout.type(REPORT)
    status = json.loads((checkout.folder / ".environments/status/flax.json").read_text())
    if not status["ok"] and not status["lasting"]:
        pytest.skip(f"flax: {status['reason']}")
    yield checkout
    shutil.rmtree(checkout.folder / ".environments")  # a gigabyte


def made(checkout, tool):
    """Return the content of what a cell of ``tool`` leaves: record, evidence, judgement, card."""
    evidence = checkout.evidence(tool)
    card = checkout.folder / f"results/tiny/parity/cards/local/cpu/{tool}.json"
    files = [checkout.record(tool), evidence, evidence.with_suffix(".json"), card]
    return [path.read_bytes() for path in files]


def test_it_is_under_a_hundred_lines_in_all():
    written = [(EXAMPLE / name).read_text() for name in ("cnn.py", "engine.py", "flax.yaml")]
    written[-1] = written[-1].partition(MARKER)[0].rstrip(" ")  # the rest is written by make lock
    count = sum(text.count("\n") for text in [*written, ENTRY])
    assert f"the example: {count} lines in all" in (ROOT / "README.md").read_text()
    assert count < 100


def test_its_entry_is_one_that_the_shipped_configuration_may_have(checkout, tmp_path):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["tools"] |= yaml.safe_load(ENTRY)
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    checkout.type(f"{sys.executable} scripts/check_configuration.py {path}")


def test_that_tool_runs_and_no_other(checkout):
    assert checkout.planned == {"flax cpu 1", "flax cpu 1 judgement", "flax cpu card"} | AFTER
    assert made(checkout, "alpha") == checkout.before
    assert checkout.stale() == set()


def test_it_is_measured_and_its_evidence_holds(checkout):
    record = json.loads(checkout.record("flax").read_text())
    assert record["status"]["outcome"] == "ok", record["status"]
    per_epoch = STUDY["n_train"] // STUDY["batch_size"]
    assert record["training"]["steps"] == [per_epoch, 2 * per_epoch]
    assert {"flax", "optax", "jax"} <= set(record["software"]["versions"])
    judgement = json.loads(checkout.evidence("flax").with_suffix(".json").read_text())
    assert (judgement["verdict"], judgement["reasons"]) == ("holds", [])


def test_its_card_certifies_it_and_it_is_ranked(checkout):
    results = checkout.folder / "results/tiny"
    card = json.loads((results / "parity/cards/local/cpu/flax.json").read_text())
    assert (card["outcome"], card["first_difference"]) == ("ok", None)
    assert card["verdict"] in ("same", "equivalent")
    (row,) = re.findall(r"^\| Flax NNX \|.*", (results / "tables/by_tool.md").read_text(), re.M)
    assert re.search(r"\| [SE] \|", row)


def test_the_lock_adds_what_the_packages_need_in_turn(checkout):
    environment = checkout.folder / "envs/flax.yaml"
    shipped = environment.read_text()
    assert shipped == (EXAMPLE / "flax.yaml").read_text()  # it was locked already
    environment.write_text(shipped.partition(MARKER)[0].rstrip(" "))
    try:
        checkout.type(ENVIRONMENT.splitlines()[-1])
        locked = environment.read_text()
    finally:
        environment.write_text(shipped)
    (jax,) = re.findall(r"- jax==(\S+)", locked)
    assert f"- jaxlib=={jax}\n" in locked.partition(MARKER)[2]
