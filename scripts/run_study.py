#!/usr/bin/env python3
"""From a bare checkout to the report: environments, cells, tables, report.html, last words.

    python scripts/run_study.py [--study NAME ...] [--instance NAME] [-- SNAKEMAKE OPTIONS]

It does what `snakemake --use-conda` and `snakemake --report` do, and adds four things: it clears
away what a killed run left; where there is no conda it puts the stand-in on PATH; it builds the
environments one by one first, because Snakemake gives up a whole run when a single one can't be
built; and it ends with what did not run, and why. Exit codes: 0, 2 for bad input, 128 + N when
signal N stopped it, else that of the step that failed.
"""

import argparse
import contextlib
import csv
import json
import os
import sys

from benchm import (
    configuration,
    instances,
    one_machine,
    paths,
    project,
    rounds,
)
from benchm.files import BadInput, complain
from benchm.matrix import Matrix
from benchm.metering import cpus, gpu, machine
from benchm.running import (
    checked,
    derived,
    last_words,
    leftovers,
    made_from,
    own_records,
    wanted_rounds,
)
from benchm.running.one_run import only_run_in
from benchm.running.programs import Programs, Stopped, variables
from benchm.terminal import story

ROOT = project.ROOT


def clear_away(before, data_sets=()):
    """Clear away what the run of the id ``before``, if it was killed, left; say what there was."""
    told = [] if before is None else leftovers.stop_processes(before)
    told += leftovers.clear_snakemake_lock(ROOT)
    leftovers.sweep_scratch()
    leftovers.sweep_half_written(ROOT / "results")
    told += leftovers.check_data_sets(ROOT / "results/data", data_sets)
    for line in told:
        say(line)


def say(line):
    print(f"run_study: {line}", file=sys.stderr, flush=True)


def check_machine(config):
    """Refuse a name for this machine that another one has, by its description or records: BadInput.

    Snakemake would find out, too, but only after all environments are built.
    """
    instances.check(config["instance"], config["instances"])
    here, _ = machine.describe(gpu.detect())
    for study in configuration.studies_to_run(config):
        one_machine.check(study, config["instance"], here, ROOT)


def make_reports(programs, config, overrides, run, jobs=1, options=()):
    """Build, run and report the studies of ``config``; return the exit code.

    ``programs``: starts them; ``overrides``: keys of the configuration that Snakemake is given as
    they are; ``run``: this run's id; ``jobs``: cores for everything but the cells; ``options``:
    more options for Snakemake.
    """
    matrices = [Matrix(config, study) for study in configuration.studies_to_run(config)]
    for matrix in matrices:
        if not checked.holds(matrix, ROOT):
            for line in own_records.set_aside(matrix, ROOT):
                say(line)
            for line in derived.remove_damaged(matrix.study, ROOT):
                say(line)
        for line in own_records.set_machine_aside(matrix, ROOT):
            say(line)
    environment = variables(run)
    build = [sys.executable, "scripts/build_environments.py", "--study"]
    build += [matrix.study for matrix in matrices]
    if "also" in overrides:
        build += ["--also", *overrides["also"]]
    code = programs.run(build, environment)
    if code:
        return code

    def measure_and_report():
        if not options:  # which may be those of a dry run
            for matrix in matrices:
                code = measure(programs, config, overrides, matrix.study, jobs, environment)
                if code:
                    return code
        before = machine_measured(config)
        stale = [m.study for m in matrices if made_from.is_stale(config, m.study, ROOT)]
        code = report(programs, overrides, jobs, options, environment, stale)
        # Snakemake doesn't ask whether a cell is stale while what it waits for has to be made, be
        # it ``ancient``. What an edit concerns beside the measured machine is found only now.
        if not code and not options and machine_measured(config) != before:
            code = report(programs, overrides, jobs, options, environment)
        return code

    code = measure_and_report()
    # What was stale has been measured again meanwhile, and may leave an interval wide.
    is_wide = (wanted_rounds.wanted(config, matrix.study) for matrix in matrices)
    if not code and not options and any(is_wide):
        code = measure_and_report()
    if code:
        return code
    for matrix in (matrices := [Matrix(config, each.study) for each in matrices]):
        if made_from.is_html_stale(config, matrix.study, ROOT):
            html = ROOT / "results" / matrix.study / made_from.HTML
            one = snakemake(overrides | {"study": matrix.study})
            code = make_html(programs, html, one, environment)
            if code:
                return code
        if not options:
            has_enough = wanted_rounds.wanted(config, matrix.study) is None
            made_from.note(config, matrix.study, ROOT)
            checked.note(matrix, wanted_rounds.devices(config) if has_enough else None, ROOT)
    studies = configuration.studies_together(config)
    if len(studies) > 1 and made_from.is_html_of_all_stale(studies, ROOT):
        html = ROOT / "results" / made_from.HTML
        code = make_html(programs, html, snakemake(overrides), environment)
        if code:
            return code
        if not options:
            made_from.note_all(studies, ROOT)
    for matrix in matrices:
        print("", *last_words.lines(config, matrix, ROOT), sep="\n")
    if len(studies) > 1:
        print("", *last_words.of_several(), sep="\n")
    return 0


def measure(programs, config, overrides, study, jobs, environment):
    """Have the rounds of a study run, one after the other, until it has enough; the exit code."""
    before = None
    while (wanted := wanted_rounds.wanted(config, study)) and wanted.files != before:
        if wanted.number > rounds.of_study(config, study).least:
            say(f"study {study}: round {wanted.number}, because an interval is still wide")
        asked = overrides | {"study": study, "rounds": wanted.number}
        code = programs.run([*snakemake(asked), "-j", str(jobs), *wanted.files], environment)
        if code:
            return code
        before = wanted.files  # what can't be made must not be asked for without end
    return 0


def report(programs, overrides, jobs, options, environment, stale=()):
    """Have Snakemake make all that is missing or stale, up to report.md; return the exit code.

    ``stale``: studies whose report is made anew whatever Snakemake finds.
    """
    command = [*snakemake(overrides), "-j", str(jobs), *options]
    if stale:
        say(f"the report of {', '.join(stale)} is of other files than are here now: made anew")
        command += ["--forcerun", *(f"results/{study}/runs.csv" for study in stale)]
    return programs.run(command, environment)


def machine_measured(config):
    """Return when this machine was measured last, in nanoseconds, or None."""
    path = ROOT / "results/machines" / f"{config['instance']}.json"
    return path.stat().st_mtime_ns if path.exists() else None


def snakemake(overrides):
    """Return the command that starts Snakemake with keys of the configuration replaced."""
    command = [sys.executable, "-m", "snakemake"]
    if overrides:
        # JSON is YAML: an instance named 1080 stays a text, a list a list.
        command += ["--config", *(f"{key}={json.dumps(value)}" for key, value in overrides.items())]
    return command


def make_html(programs, html, command, environment):
    """Have Snakemake write its report; return the exit code."""
    # Snakemake writes in place; a broken report must not replace a good one.
    fresh = html.with_name(".report.html")
    style = ["--report-stylesheet", "report/stylesheet.css"]
    command = [*command, "--quiet", "all", "--report", str(fresh), *style]
    code = programs.run(command, environment)
    if code == 0:
        os.replace(fresh, html)
    return code


def make_published(programs, study, run):
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
    environment = variables(run)
    code = programs.run([sys.executable, "scripts/build_environments.py", "report"], environment)
    if code:
        return code
    report = f"results/{study}{configuration.PUBLISHED}/report.md"
    code = programs.run([*snakemake({}), report, "-j1"], environment)
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
    parser.add_argument("--reviews", help="directory with the reviews of films, as --mnist")
    parser.add_argument("--instance", help="name for this machine (default: what config.yaml says)")
    parser.add_argument(
        "--also", nargs="+", metavar="TOOL", help="tools of config.yaml besides the default ones"
    )
    parser.add_argument(
        "--published", metavar="STUDY", help="only the tables of what others published of a study"
    )
    parser.add_argument(
        "--rounds", type=int, help="exactly so many rounds (default: what the study says)"
    )
    # A cell and a card ask for all CPUs, so that nothing runs beside them whatever is given here.
    parser.add_argument(
        "--jobs",
        type=int,
        default=len(cpus.allowed_cpus()),
        help="cores for everything but cells and cards (default: all, %(default)s)",
    )
    parser.add_argument("snakemake", nargs="*", help="more options for snakemake, after --")
    asked = parser.parse_args(argv)
    if asked.jobs < 1:
        parser.error("--jobs: must be at least 1")
    return asked


def main(argv=None):
    asked = parse_arguments(argv)
    with contextlib.suppress(AttributeError):  # a reason may hold what a locale has no bytes for
        sys.stdout.reconfigure(errors="backslashreplace")
    # A make variable comes as one word: STUDY="quick seed".
    studies = [name for words in asked.study or () for name in words.split()]
    if configuration.ALL in studies:
        studies = configuration.ALL
    elif len(studies) == 1:
        (studies,) = studies
    given = {
        "study": asked.published or studies,
        "mnist_directory": asked.mnist,
        "reviews_directory": asked.reviews,
        "instance": asked.instance,
        "also": asked.also,
        "rounds": asked.rounds,
    }
    overrides = {key: value for key, value in given.items() if value not in (None, "", [])}
    try:
        paths.check("the project's folder", ROOT)
        config = configuration.read(overrides=overrides)
        # Which records there are is asked of relative paths, as by Snakemake: it is started there.
        here = contextlib.chdir(ROOT)
        with here, Programs(ROOT) as programs, only_run_in(ROOT) as (run, before):
            if asked.published:
                clear_away(before)
                return make_published(programs, asked.published, run)
            check_machine(config)
            clear_away(before, configuration.data_sets_of(config))
            return make_reports(programs, config, overrides, run, asked.jobs, asked.snakemake)
    except BadInput as error:
        return complain("run_study", error)
    except Stopped as stopped:
        say(f"stopped by {stopped}; {story.KEPT}")
        return 128 + stopped.number
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
