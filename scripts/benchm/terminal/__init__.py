"""What a run says on the terminal: a line for each thing that a person waits for, as it ends.

``results`` puts what a job left in one line, ``story`` makes the lines of Snakemake's events.
``scripts/snakemake_logger_plugin_benchm`` is what Snakemake finds; nothing here imports Snakemake.
"""

#: Environment variable with the id of the run that a process belongs to. Who has it leaves last
#: words to whoever set it (run_study.py, or the logger plugin of a plain Snakemake).
RUN = "BENCHM_RUN"
