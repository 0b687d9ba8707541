"""Whether cells run on the nodes of a cluster: what Snakemake says of it, and when."""

from . import instances


def are_cells(workflow, config):
    """Return whether cells run on nodes, or did when all that is asked for now is a report of them.

    ``workflow``: Snakemake's, once it knows what is asked for; ``config``: the configuration.
    """
    if workflow.dryrun:
        # Of the executor that would run them Snakemake keeps no more than this.
        return workflow.execution_settings.use_threads
    if workflow.executor_plugin is None:
        return not instances.is_this_machine(config["instance"], config["instances"])
    return workflow.non_local_exec
