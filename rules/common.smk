# Loads and checks the configuration, and hands the rules what the library says of it.
# The only rules file with functions in it.

import functools
import json
import re
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.25")

try:
    # Snakemake itself puts the folder of the Snakefile on Python's path.
    from scripts.benchm import cell_jobs, conda_here, configuration, instances, matrix
    from scripts.benchm import on_nodes, one_machine, paths, surroundings, twin
    from scripts.benchm.files import BadInput
    from scripts.benchm.metering import cpus, gpu, machine
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
plainly(configuration.check)(config)
config.update(twin.add(config))


# Of this machine one cell at a time; of a cluster one on each node that Snakemake is given.
resource_scopes:
    bench_slot="local",


wildcard_constraints:
    study=r"[^/]+",
    # Nothing is ever run in the name of another machine; its records are only merged.
    instance=re.escape(config["instance"]),
    device=r"[^/]+",
    tool=r"[^/]+",
    repeat=r"[1-9][0-9]*",


# Snakemake calls these when it knows what is asked for, and whether cells run here or on nodes.


@functools.cache
def jobs_of(study):
    """Return the study's ``CellJobs``; what runs here must be the machine of its name."""
    gpus = gpu.detect()
    here = cell_jobs.Here(len(cpus.allowed_cpus()), len(gpus), on_nodes.are_cells(workflow, config))
    if not here.is_cluster:
        instances.check(config["instance"], config["instances"])
        one_machine.check(study, config["instance"], machine.describe(gpus)[0])
    return cell_jobs.CellJobs(config, study, here, lambda: workflow.cores)


def of_cell(question):
    """Return a function of wildcards: what ``CellJobs`` answers about the job's cell."""

    @plainly
    def answer(wildcards):
        conda_here.check(workflow.deployment_settings)
        place = dict(wildcards.items())
        cell = matrix.Cell(**{**place, "repeat": int(place.get("repeat", 1))})
        jobs = jobs_of(cell.study)
        jobs.check(cell)
        return getattr(jobs, question)(cell)

    return answer


def of_machine(question):
    """Return a function of wildcards: what ``CellJobs`` answers about measuring the machine."""

    @plainly
    def answer(wildcards):
        conda_here.check(workflow.deployment_settings)
        # Of any study: they differ in nothing that is asked here.
        study = configuration.studies_to_run(config)[0]
        tool = configuration.tool_with_torch(config) or ""
        cell = matrix.Cell(study, wildcards.instance, "gpu", tool, 1)
        return getattr(jobs_of(study), question)(cell)

    return answer


def of_study(question, *names):
    """The same about a whole study; ``names``: wildcards whose values the question needs."""

    @plainly
    def answer(wildcards):
        conda_here.check(workflow.deployment_settings)
        study, only_published = configuration.study_of_folder(wildcards.study)
        if only_published:
            return []
        return getattr(jobs_of(study), question)(*(wildcards[name] for name in names))

    return answer


def in_each_study(pattern):
    """Return a function of wildcards: the file of each study that is asked for."""
    return lambda wildcards: expand(pattern, study=configuration.studies_together(config))


def of_each_study(question):
    """The same: what ``CellJobs`` answers about each of them, in one list."""

    @plainly
    def answer(wildcards):
        conda_here.check(workflow.deployment_settings)
        studies = configuration.studies_together(config)
        return [path for study in studies for path in getattr(jobs_of(study), question)()]

    return answer


@plainly
def everything(wildcards):
    """Return all that the finished studies have; whatever of it is missing is made again."""
    studies = configuration.studies_to_run(config)
    return [
        path
        for study in studies
        for path in (*jobs_of(study).made_here(), *expand(REPORTED, study=study))
    ] + (SUMMARY if len(studies) > 1 else [])


@plainly
def order_of(wildcards):
    """Return names, order and descriptions, as JSON that does not depend on the order of keys."""
    study, _ = configuration.study_of_folder(wildcards.study)
    return json.dumps(configuration.order_of(config, study), sort_keys=True)


@plainly
def order_of_each_study(wildcards):
    """The same of each study that is asked for, a list."""
    studies = configuration.studies_together(config)
    return [json.dumps(configuration.order_of(config, study), sort_keys=True) for study in studies]
