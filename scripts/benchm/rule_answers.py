"""What the rules ask the library: functions of wildcards, about one configuration.

Snakemake calls them when it knows what is asked for, and whether cells run here or on nodes.
"""

import functools
import json

from . import (
    cell_jobs,
    cell_needs,
    conda_here,
    configuration,
    instances,
    matrix,
    on_nodes,
    one_machine,
    series,
    tools_in_reports,
)
from .metering import cpus, gpu, machine


class RuleAnswers:
    """``config``: checked, with the baseline's twin; ``workflow``: Snakemake's; ``plainly``: a
    decorator that turns a BadInput into what Snakemake prints in one line."""

    def __init__(self, config, workflow, plainly):
        self._config, self._workflow, self._plainly = config, workflow, plainly
        self.jobs_of = functools.cache(self._jobs_of)

    def _jobs_of(self, study):
        """Return the study's ``CellJobs``; what runs here must be the machine of its name."""
        config, gpus = self._config, gpu.detect()
        is_cluster = on_nodes.are_cells(self._workflow, config)
        here = cell_needs.Here(len(cpus.allowed_cpus()), len(gpus), is_cluster)
        if not here.is_cluster:
            instances.check(config["instance"], config["instances"])
            one_machine.check(study, config["instance"], machine.describe(gpus)[0])
        return cell_jobs.CellJobs(config, study, here, lambda: self._workflow.cores)

    def _function(self, answer):
        """Return ``answer``, a function of wildcards, with the checks that come before any job."""

        @self._plainly
        def checked(wildcards):
            conda_here.check(self._workflow.deployment_settings)
            return answer(wildcards)

        return checked

    def of_cell(self, question):
        """Return a function of wildcards: what ``CellJobs`` answers about the job's cell."""

        def answer(wildcards):
            place = dict(wildcards.items())
            cell = matrix.Cell(**{**place, "repeat": int(place.get("repeat", 1))})
            jobs = self.jobs_of(cell.study)
            jobs.check(cell)
            return getattr(jobs, question)(cell)

        return self._function(answer)

    def of_machine(self, question):
        """Return a function of wildcards: what ``CellJobs`` answers about measuring the machine."""

        def answer(wildcards):
            # Of any study: they differ in nothing that is asked here.
            study = self.studies_to_run()[0]
            tool = configuration.tool_with_torch(self._config) or ""
            cell = matrix.Cell(study, wildcards.instance, "gpu", tool, 1)
            return getattr(self.jobs_of(study), question)(cell)

        return self._function(answer)

    def of_study(self, question, *names):
        """The same about a whole study; ``names``: wildcards whose values the question needs."""

        def answer(wildcards):
            study, only_published = configuration.study_of_folder(wildcards.study)
            if only_published:
                return []
            return getattr(self.jobs_of(study), question)(*(wildcards[name] for name in names))

        return self._function(answer)

    def of_each_study(self, question):
        """The same about each study that is asked for, in one list."""
        return self._function(lambda _: self._of_all(self.studies_together(), question))

    def of_series(self, question):
        """The same about those of a series."""

        def answer(wildcards):
            return self._of_all(self._of_series(wildcards.series)[0], question)

        return self._function(answer)

    def _of_all(self, studies, question):
        return [path for study in studies for path in getattr(self.jobs_of(study), question)()]

    # -- without a word about cells --------------------------------------------------------------

    def studies_to_run(self):
        """Return the names of the studies that are asked for, in the order in which they were."""
        return configuration.studies_to_run(self._config)

    def studies_together(self):
        """Return the same in the order of config.yaml, in which they stand side by side."""
        return configuration.studies_together(self._config)

    def runs_of_series(self, wildcards):
        """Return the runs.csv of those studies of a series that are asked for."""
        return [f"results/{study}/runs.csv" for study in self._of_series(wildcards.series)[0]]

    def series(self):
        """Return the names of the series that the studies asked for belong to."""
        return series.names(self._config, self.studies_to_run())

    def _of_series(self, name):
        return series.studies_of(self._config, name, self.studies_to_run())

    def order_of(self, study):
        """Return names, order and descriptions of the tools, for a study, as JSON.

        It does not depend on the order of keys.
        """
        return json.dumps(tools_in_reports.order_of(self._config, study), sort_keys=True)

    def whole_series(self, wildcards):
        """Return studies of a series, their orders, and what the others hold, for a rule's params.

        Of those that are not asked for, what is there: no rule makes it, so that nothing else runs.
        """
        asked, others = self._of_series(wildcards.series)
        hashes = {study: series.hash_of(study) for study in others}
        known = [study for study in others if hashes[study]]
        studies = [*asked, *known]
        orders = [self.order_of(study) for study in studies]
        return {"studies": studies, "orders": orders, "others": [hashes[study] for study in known]}
