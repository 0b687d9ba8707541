"""What a run says on the terminal: a line for each cell, card and environment as it ends, and for
what fails the end of its log and a sentence."""

import json
import logging
import os

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase
from synthetic import changed, of_metric, record, write

from benchm.terminal import RUN, results
from benchm.terminal.story import Job, Story, name, tail
from snakemake_logger_plugin_benchm import LogHandler

WILDCARDS = {"study": "quick", "instance": "local", "device": "cpu", "tool": "a"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(RUN, raising=False)
    return tmp_path


def cell(story, number=1, repeat="1", **keys):
    """Have a story hear of a cell from its start to its end; return the lines of its end."""
    log = [f"results/quick/logs/local/cpu/a/{repeat}.log"]
    story.job_info(number, "cell", {**WILDCARDS, "repeat": repeat, **keys}, log)
    return story.job_finished(number)


def test_a_cell_is_one_line_with_its_place_time_and_quality(here):
    write([changed(record("a"), "times.train_s", 10.23)], here / "results")
    story = Story()
    assert story.run_info({"cell": 3, "parity_card": 2, "judge": 3, "total": 9}) == [
        "to do: 3 runs and 2 parity cards"
    ]
    heading, line = cell(story)
    assert heading == "study quick"
    percent = 100 * record("a")["quality"]["value"]
    assert line == f"1/5 a on cpu: 10.2 s, {percent:.2f} % errors"


def test_a_study_is_named_when_it_is_another_than_that_of_the_line_before(here):
    first = record("a")
    other = changed(changed(first, "study.name", "seed"), "cell.repeat", 2)
    write([first, other], here / "results")
    story = Story()
    assert len(cell(story)) == 2 and len(cell(story)) == 1
    heading, line = cell(story, study="seed", repeat="2")
    assert heading == "study seed" and "a on cpu (round 2): " in line


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (record("a", outcome="failed", reason="it\n broke"), "failed: it broke"),
        (record("a", outcome="failed", reason="\x1b[31mred\x00"), "failed: \ufffd[31mred\ufffd"),
        (changed(record("a"), "quality.value", None), " s"),
        ("[]", "its record can't be read"),
        ("", "its record can't be read"),
    ],
)
def test_whatever_a_record_holds_it_is_one_line(here, item, words):
    path = here / "1.json"
    path.write_text(item if isinstance(item, str) else json.dumps(item))
    said = results.of_cell(path)
    assert said.endswith(words) and "\n" not in said and "None" not in said


def test_a_metric_that_is_no_rate_is_named(here, monkeypatch):
    class Auc:
        title, percent = "AUC", False

    monkeypatch.setattr(results.metrics, "describe", lambda name: Auc)
    path = here / "1.json"
    path.write_text(json.dumps(of_metric(record("a"), "auc", 0.78125)))
    assert results.of_cell(path).endswith(" s, AUC 0.7812")


def failed(
    story, log, message="CalledProcessError ... returned non-zero exit status 2.", rule="mnist"
):
    """Have a story hear that a rule failed, as Snakemake tells it; return the lines."""
    story.job_info(7, rule, {}, [str(log)])
    assert story.error("RuleException", f"RuleException:\n{message}\nCommand '{{json}}'") == []
    return story.job_failed(7, rule, [str(log)])


def test_a_rule_that_fails_shows_the_end_of_its_log_and_a_sentence(here):
    log = here / "x.log"
    log.write_text("".join(f"line {n}\n" for n in range(100)) + "no mirror could supply it\n\n")
    story = Story()
    head, *lines = failed(story, log)
    assert head == f"rule mnist: failed (exit code 2); the end of {log}:"
    assert lines[-1] == "    no mirror could supply it" and 5 < len(lines) < 20
    (sentence,) = story.error("WorkflowError", "At least one job did not complete successfully.")
    assert sentence.startswith("not finished: rule mnist: no mirror could supply it; what is done")


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00\n", b"\x1b[2Jgone\n"])
def test_a_log_may_be_missing_empty_or_no_text(here, content):
    log = here / "x.log"
    if content is not None:
        log.write_bytes(content)
    story = Story()
    lines = failed(story, log)
    assert "rule mnist: failed (exit code 2)" in lines[0]
    assert all(line.isprintable() for line in lines)
    assert story.end()[0].startswith("not finished: rule mnist: ")


@pytest.mark.parametrize(
    "how",
    ["returned non-zero exit status 130.", "died with <Signals.SIGTERM: 15>."],
)
def test_what_a_signal_stopped_did_not_fail(here, how):
    story = Story()
    log = here / "x.log"
    log.write_text("Traceback\nKeyboardInterrupt\n")
    assert failed(story, log, f"CalledProcessError in file x, line 1:\n {how}") == []
    assert story.message("Terminating processes on user request, this might take", False) == []
    (line,) = story.error("WorkflowError", "At least one job did not complete successfully.")
    assert line.startswith("stopped; what is done is kept")
    assert Story(is_last=False, stopped=True).end() == []  # run_study.py says it


def test_an_error_of_the_rules_is_its_own_line(here):
    story = Story()
    assert story.error(
        "WorkflowError",
        'WorkflowError in file "x/common.smk", line 3:\nno such study\n  File "x", 1',
    ) == ["no such study"]
    refused = (
        'InputFunctionException in rule all in file "Snakefile", line 23:\nError:\n'
        "  WorkflowError:\n    there is no conda on PATH\nWildcards:\n\nTraceback:\n  File ..."
    )
    assert story.error("InputFunctionException", refused) == ["there is no conda on PATH"]
    # What nobody foresaw is told whole.
    assert len(story.error("NameError", "NameError in file x:\nname 'y' is not defined\n")) == 2


def test_snakemake_s_own_words_stay_in_its_log(here):
    story = Story()
    for words in ("Select jobs to execute...", "Activating conda environment: x", "Execute 1 jobs"):
        assert story.message(words, False) == []
    assert story.message("Nothing to be done (all requested files are ...).", False) != []
    assert story.message("something is odd", True) == ["something is odd"]


def test_an_environment_is_a_line_as_it_ends():
    times = iter([100.0, 121.4])
    story = Story(clock=lambda: next(times))
    story.message("Creating conda environment envs/pytorch.yaml...", False)
    line = "Environment for /x/envs/pytorch.yaml created (location: .environments/1a_)"
    assert story.message(line, False) == ["environment pytorch: ready (21 s)"]


def test_merging_names_what_it_left_out_where_nobody_else_does(here):
    folder = here / "results/quick"
    folder.mkdir(parents=True)
    (folder / "left_out.json").write_text('{"left_out": ["x/1.json: broken"]}')
    for is_last, lines in ((True, ["left out: x/1.json: broken"]), (False, [])):
        story = Story(is_last=is_last)
        story.job_info(1, "merge", {"study": "quick"}, [])
        assert story.job_finished(1) == lines


def test_the_page_over_all_studies_is_named_where_nobody_else_does(here):
    for is_last, lines in ((True, ["all studies side by side: results/summary.md"]), (False, [])):
        story = Story(is_last=is_last)
        story.job_info(1, "summary", {}, [])
        assert story.job_finished(1) == lines and name(Job("summary", {}, [])) == "rule summary"


def test_the_end_of_a_log_is_bounded(here):
    log = here / "x.log"
    log.write_text("x" * 10**6 + "\n")
    _, (line,) = tail([str(log)])
    assert len(line) <= 1000


def test_of_a_log_of_any_size_only_the_end_is_read_and_of_a_pipe_nothing(here):
    log = here / "x.log"
    with open(log, "wb") as out:
        out.truncate(2**40)
        out.seek(0, 2)
        out.write(b"\nthe last line\n")
    assert tail([str(log)])[1][-1] == "the last line"
    os.mkfifo(here / "pipe")
    assert tail([str(here / "pipe")]) == (str(here / "pipe"), [])


def test_jobs_of_other_rules_have_names(here):
    story = Story()
    story.job_info(1, "tables", {"study": "quick"}, [])
    assert name(story.jobs[1]) == "rule tables of study quick"


class TestThePlugin(TestLogHandlerBase):
    """Snakemake's own tests of a logger plugin, and what this one prints."""

    __test__ = True

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return None

    def handler(self, **asked):
        settings = MockOutputSettings()
        settings.printshellcmds = False
        for key, value in asked.items():
            setattr(settings, key, value)
        handler = LogHandler(common_settings=settings, settings=None)
        handler.setFormatter(logging.Formatter())
        return handler

    def tell(self, handler, event, message="", level=logging.INFO, **extra):
        handler.emit(self._create_event_record(event, message, level, **extra))

    def run_a_cell(self, handler):
        record = {"jobid": 1, "rule_name": "cell", "log": [], "msg": None}
        self.tell(handler, LogEvent.WORKFLOW_STARTED)
        self.tell(handler, LogEvent.RUN_INFO, stats={"cell": 27, "total": 40})
        record |= {"wildcards": {**WILDCARDS, "repeat": "1"}}
        record.pop("msg")
        self.tell(handler, LogEvent.JOB_INFO, **record)
        self.tell(handler, LogEvent.JOB_FINISHED, job_id=1)

    def test_it_prints_lines_on_stderr(self, here, capsys):
        write([record("a")], here / "results")
        self.run_a_cell(self.handler())
        said = capsys.readouterr()
        assert said.out == "" and "\n1/27 a on cpu: " in said.err

    def test_it_tells_of_failures_even_when_snakemake_is_to_be_quiet(self, here, capsys):
        handler = self.handler(quiet={"all"})
        (here / "x.log").write_text("because\n")
        keys = {"jobid": 1, "rule_name": "tables", "log": ["x.log"]}
        self.tell(handler, LogEvent.JOB_ERROR, "Error in rule", logging.ERROR, **keys)
        assert "    because\n" in capsys.readouterr().err

    @pytest.mark.parametrize("asked", ["dryrun", "verbose", "printshellcmds", "debug_dag"])
    def test_it_steps_aside_for_whoever_wants_snakemake_s_own_words(self, here, capsys, asked):
        write([record("a")], here / "results")
        handler = self.handler(**{asked: True})
        assert not handler.writes_to_stream
        self.run_a_cell(handler)
        assert capsys.readouterr().err == ""

    def test_a_defect_of_its_own_ends_no_run(self, here, capsys):
        self.tell(self.handler(), LogEvent.JOB_INFO, jobid=1)  # without what it should have
        assert "Logging error" in capsys.readouterr().err
