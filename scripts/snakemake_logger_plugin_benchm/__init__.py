"""Snakemake's terminal in this project: ``snakemake --logger benchm``, and what the profile says.

One line for each environment, card and cell as it ends, and for what fails the end of its log;
everything else that Snakemake says is in its log file. ``scripts/bootstrap.sh`` puts this folder
on the path of the driver's Python, where Snakemake looks for plugins of this name.
"""

import os
import sys
import uuid

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from benchm.terminal import RUN
from benchm.terminal.story import Story


class LogHandler(LogHandlerBase):
    """Prints the lines of a ``Story``; steps aside where Snakemake was asked for more."""

    def __post_init__(self):
        asked = self.common_settings
        # Whoever asks for a plan or for details wants Snakemake's own words.
        self._steps_aside = bool(
            asked.dryrun or asked.verbose or asked.printshellcmds or asked.debug_dag
        )
        self._quiet = "all" in {
            str(words).lower().rpartition(".")[2] for words in asked.quiet or ()
        }
        self._runs = False
        self._story = Story(is_last=RUN not in os.environ)
        if not self._steps_aside:
            os.environ.setdefault(RUN, uuid.uuid4().hex)

    def emit(self, record):
        """Print what a record has to say."""
        if self._steps_aside:
            return
        try:
            lines = self._lines(record)
            if lines:
                sys.stderr.write("".join(f"{line}\n" for line in lines))
                sys.stderr.flush()
        except Exception:  # a logger must never end what it tells of
            self.handleError(record)

    def _lines(self, record):
        event, story = getattr(record, "event", None), self._story
        message = str(record.msg)
        if event == LogEvent.ERROR:
            return story.error(getattr(record, "exception", None), message)
        if event == LogEvent.JOB_ERROR:
            return story.job_failed(record.jobid, record.rule_name, record.log)
        if self._quiet:
            return message.splitlines() if record.levelname == "ERROR" else []
        if event == LogEvent.WORKFLOW_STARTED:
            self._runs = True
        elif event == LogEvent.RUN_INFO:
            return story.run_info(record.stats)
        elif event == LogEvent.JOB_INFO:
            return story.job_info(record.jobid, record.rule_name, record.wildcards, record.log)
        elif event == LogEvent.JOB_FINISHED:
            return story.job_finished(record.job_id)
        elif event == LogEvent.GROUP_ERROR:
            return self.format(record).splitlines()
        elif event is None:
            # Outside a run (--report, --lint, ...) what Snakemake says is the answer itself.
            if self._runs or message.startswith("Assuming unrestricted shared filesystem"):
                return story.message(message, record.levelname in ("WARNING", "ERROR"))
            return message.splitlines()
        return []

    @property
    def writes_to_stream(self):
        """Snakemake prints, too, unless a plugin says that it does."""
        return not self._steps_aside

    @property
    def writes_to_file(self):
        return False

    @property
    def has_filter(self):
        """Snakemake's own would swallow failures together with progress."""
        return True

    @property
    def has_formatter(self):
        return False

    @property
    def needs_rulegraph(self):
        return False
