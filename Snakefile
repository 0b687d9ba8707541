# benchm-dl: the same network, trained with every tool on every device.
#
#   snakemake --use-conda -j1                      the default study
#   snakemake --use-conda -j1 --config study=seed  another one; 'study=[quick, seed]', study=all
#   snakemake --report report.html                 the report of what has been run
#
# What is run is said in config.yaml.


configfile: "config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/machine.smk"
include: "rules/cells.smk"
include: "rules/parity.smk"
include: "rules/report.smk"
include: "rules/several_studies.smk"


rule all:
    default_target: True
    input:
        everything,
