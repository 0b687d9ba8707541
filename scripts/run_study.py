#!/usr/bin/env python3
"""From a bare checkout to the report: environments, cells, tables, report.html, last words.

    python scripts/run_study.py [--study NAME ...] [--instance NAME] [-- SNAKEMAKE OPTIONS]

It does what `snakemake --use-conda` and `snakemake --report` do, and adds three things: where
there is no conda it puts the stand-in on PATH; it builds the environments one by one first,
because Snakemake gives up a whole run when a single one can't be built; and it ends with what
did not run, and why. Exit codes: 0, 2 for bad input, else that of the step that failed.
"""

import argparse
import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # PYTHONSAFEPATH leaves it out

from benchm import configuration, instances, locks, one_machine, paths, project, surroundings
from benchm.files import BadInput, complain
from benchm.metering import gpu, machine

ROOT = project.ROOT
LOCK = ROOT / "results" / ".run.lock"
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def only_run_here():
    """Refuse a second run in the same directory: BadInput."""
    try:
        LOCK.parent.mkdir(exist_ok=True)
        lock = LOCK.open("a+")
    except OSError as error:
        raise BadInput(f"{LOCK.relative_to(ROOT)}: {error.strerror}") from None
    with lock:
        try:
            has_locks = locks.take(lock, wait=False)
        except BlockingIOError:
            lock.seek(0)
            raise BadInput(
                f"process {lock.read().strip() or 'unknown'} is running a study in this directory "
                "already; wait for it, or use a second checkout"
            ) from None
        if not has_locks:
            print("run_study: no locks in results/; start no other run here", file=sys.stderr)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_machine(config):
    """Refuse a name for this machine that another one has, by its description or records: BadInput.

    Snakemake would find out, too, but only after all environments are built.
    """
    instances.check(config["instance"], config["instances"])
    here, _ = machine.describe(gpu.detect())
    for study in configuration.studies_to_run(config):
        one_machine.check(study, config["instance"], here, ROOT)


def tool_environment():
    """Return the variables for Snakemake: PATH with a conda on it, and the driver's Python."""
    path = subprocess.run(
        [ROOT / "scripts/benchm/standin/prefer-conda"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()
    # Snakemake is started as a module, yet calls `snakemake` itself for some jobs.
    path = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    environment = dict(os.environ, PATH=path, BENCHM_DRIVER_PYTHON=sys.executable)
    surroundings.clear(environment)
    surroundings.clear_snakemake(environment)
    return environment


def run(command, environment):
    """Run ``command`` in the project and return its exit code.

    A signal that would end this program is passed on as Ctrl-C to the whole group of the
    command, which then stops cleanly; this waits until it has.
    """
    process = None
    stopping = False

    def pass_on(_signum=None, _frame=None):
        nonlocal stopping
        stopping = True
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)

    # Before the start: a shell has its background jobs ignore Ctrl-C, and what a process
    # ignores its children ignore too, but what it handles they do not.
    before = {number: signal.signal(number, pass_on) for number in STOPPING}
    try:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, process_group=0)
        if stopping:  # it came while the process was being made
            pass_on()
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_report_stale(html):
    """Whether anything that the report shows is newer than it."""
    if not html.exists():
        return True
    made = html.stat().st_mtime
    shown = [
        *html.parent.glob("*.md"),
        *html.parent.glob("*.csv"),
        *html.parent.glob("tables/*"),
        *html.parent.glob("figures/*"),
        *html.parent.glob("pages/*"),
        *(ROOT / "report").iterdir(),
    ]
    return any(path.stat().st_mtime > made for path in shown)


def last_words(config, study):
    """Print what did not come out, tools with the same reason together, and where the report is."""
    folder = ROOT / "results" / study
    with (folder / "runs.csv").open(newline="", encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["source"] == "measured"]
    missing = {}
    for row in rows:
        if row["outcome"] != "ok":
            why = f"{row['device']}: {row['outcome']}: {row['reason']}"
            missing.setdefault(why, {})[row["tool"]] = None
    measured = sum(row["outcome"] == "ok" for row in rows)
    print(f"\n{measured} of {len(rows)} runs of study {study} measured")
    for why, tools in missing.items():
        print(f"  {', '.join(tools)} on {why}")
    without = configuration.not_offered(config, study)
    if without:
        workload = config["studies"][study]["workload"]
        print(f"  {', '.join(without)}: no adapter for workload {workload}")
    print(f"tables and figures: results/{study}/report.md")
    print(f"to look at:         results/{study}/report.html")


def make_reports(config, overrides, jobs=1, options=()):
    """Build, run and report the studies of ``config``; return the exit code.

    ``overrides``: keys of the configuration that Snakemake is given as they are; ``jobs``: cores
    for everything but the cells; ``options``: more options for Snakemake.
    """
    studies = configuration.studies_to_run(config)
    environment = tool_environment()
    build = [sys.executable, "scripts/build_environments.py", "--study", *studies]
    if "also" in overrides:
        build += ["--also", *overrides["also"]]
    code = run(build, environment)
    if code:
        return code
    command = [*snakemake(overrides), "-j", str(jobs), "--quiet", "rules", *options]
    code = run(command, environment)
    if code:
        return code
    for study in studies:
        html = ROOT / "results" / study / "report.html"
        if is_report_stale(html):
            code = make_html(html, snakemake(overrides | {"study": study}), environment)
            if code:
                return code
    for study in studies:
        last_words(config, study)
    return 0


def snakemake(overrides):
    """Return the command that starts Snakemake with keys of the configuration replaced."""
    command = [sys.executable, "-m", "snakemake"]
    if overrides:
        # JSON is YAML: an instance named 1080 stays a text, a list a list.
        command += ["--config", *(f"{key}={json.dumps(value)}" for key, value in overrides.items())]
    return command


def make_html(html, command, environment):
    """Have Snakemake write its report; return the exit code."""
    # Snakemake writes in place; a broken report must not replace a good one.
    fresh = html.with_name(".report.html")
    style = ["--report-stylesheet", "report/stylesheet.css"]
    code = run([*command, "--quiet", "all", "--report", str(fresh), *style], environment)
    if code == 0:
        os.replace(fresh, html)
    return code


def make_published(study):
    """Make tables, figures and report of a study's published rows alone; return the exit code."""
    studies = set()
    for file in sorted((ROOT / "results/published").glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as source:
            studies |= {row.get("study") for row in csv.DictReader(source)}
    if study not in studies:
        raise BadInput(
            f"results/published/*.csv hold no run of study {study}; "
            f"allowed: {', '.join(sorted(filter(None, studies))) or 'none, there are no runs'}"
        )
    environment = tool_environment()
    code = run([sys.executable, "scripts/build_environments.py", "report"], environment)
    if code:
        return code
    report = f"results/{study}{configuration.PUBLISHED}/report.md"
    code = run([*snakemake({}), report, "-j1", "--quiet", "rules"], environment)
    if code == 0:
        print(f"tables and figures: {report}")
    return code


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--study",
        nargs="+",
        metavar="NAME",
        help="studies of config.yaml, or all (default: what it says)",
    )
    parser.add_argument("--mnist", help="directory with MNIST (default: what config.yaml says)")
    parser.add_argument("--instance", help="name for this machine (default: what config.yaml says)")
    parser.add_argument(
        "--also", nargs="+", metavar="TOOL", help="tools of config.yaml besides the default ones"
    )
    parser.add_argument(
        "--published", metavar="STUDY", help="only the tables of what others published of a study"
    )
    parser.add_argument("--jobs", type=int, default=1, help="cores for everything but the cells")
    parser.add_argument("snakemake", nargs="*", help="more options for snakemake, after --")
    asked = parser.parse_args(argv)
    if asked.jobs < 1:
        parser.error("--jobs: must be at least 1")
    return asked


def main(argv=None):
    asked = parse_arguments(argv)
    # A make variable comes as one word: STUDY="quick seed".
    studies = [name for words in asked.study or () for name in words.split()]
    if configuration.ALL in studies:
        studies = configuration.ALL
    elif len(studies) == 1:
        (studies,) = studies
    given = {
        "study": asked.published or studies,
        "mnist_directory": asked.mnist,
        "instance": asked.instance,
        "also": asked.also,
    }
    overrides = {key: value for key, value in given.items() if value}
    try:
        paths.check("the project's folder", ROOT)
        config = configuration.read(overrides=overrides)
        with only_run_here():
            if asked.published:
                return make_published(asked.published)
            check_machine(config)
            return make_reports(config, overrides, asked.jobs, asked.snakemake)
    except BadInput as error:
        return complain("run_study", error)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
