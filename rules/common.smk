# Loads and checks the configuration, and hands the rules what the library says of it.
# The only rules file with functions in it.

import functools
import re
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.25")

try:
    # Snakemake itself puts the folder of the Snakefile on Python's path.
    from scripts.benchm import (
        cell_jobs,
        cell_needs,
        configuration,
        paths,
        surroundings,
        twin,
        yaml_files,
    )
    from scripts.benchm.files import BadInput
    from scripts.benchm.matrix import published_by_others
    from scripts.benchm.rule_answers import RuleAnswers
    from scripts.benchm.source_files import files_of
except ModuleNotFoundError as missing:
    raise WorkflowError(
        f"the Python that runs Snakemake ({sys.executable}) lacks the module {missing.name}: "
        "pip install -r requirements.lock"
    ) from None


def plainly(function):
    """Have ``function`` end with the one line of a BadInput, as Snakemake prints errors."""

    @functools.wraps(function)
    def wrapped(*given):
        try:
            return function(*given)
        except BadInput as error:
            raise WorkflowError(str(error)) from None

    return wrapped


# What jobs start shall know nothing of the caller's settings, here as on the node of a cluster.
surroundings.clear()
plainly(paths.check_all)(workflow.basedir, workflow.deployment_settings.conda_prefix)
for file in workflow.configfiles:
    plainly(yaml_files.load)(file)
plainly(configuration.check)(config)
config.update(twin.add(config))


# Of this machine one cell at a time, or two parity cards; of a cluster one on each node that
# Snakemake is given.
resource_scopes:
    bench_slot="local",


wildcard_constraints:
    study=r"[^/]+",
    # Nothing is ever run in the name of another machine; its records are only merged.
    instance=re.escape(config["instance"]),
    device=r"[^/]+",
    tool=r"[^/]+",
    repeat=r"[1-9][0-9]*",
    series=r"[a-z][a-z0-9_]*",


# What the rules ask, each a function of a question that returns one of wildcards.
answers = RuleAnswers(config, workflow, plainly)
of_cell, of_machine, of_study = answers.of_cell, answers.of_machine, answers.of_study
of_each_study, of_series = answers.of_each_study, answers.of_series


@plainly
def order_of(wildcards):
    """Return names, order and descriptions of a study's tools, as JSON."""
    study, _ = configuration.study_of_folder(wildcards.study)
    return answers.order_of(study)


@plainly
def order_of_each_study(wildcards):
    """The same of each study that is asked for, a list."""
    return [answers.order_of(study) for study in answers.studies_together()]


def in_each_study(pattern):
    """Return a function of wildcards: the file of each study that is asked for."""
    return lambda wildcards: expand(pattern, study=answers.studies_together())


runs_of_series = plainly(answers.runs_of_series)
whole_series = plainly(answers.whole_series)


@plainly
def everything(wildcards):
    """Return all that the finished studies have; whatever of it is missing is made again."""
    studies = answers.studies_to_run()
    made = [path for study in studies for path in answers.jobs_of(study).made_here()]
    together = SUMMARY if len(studies) > 1 else []
    series = expand(SERIES, series=answers.series())
    return [*made, *expand(REPORTED, study=studies), *together, *series]
