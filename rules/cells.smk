# Needs: the study's data set, the tool's adapter and environment, the meter.
# Makes: results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json       one record per run
#        results/{study}/evidence/{instance}/{device}/{tool}/{repeat}.npz    its weights and
#                                                                            predictions
#
# Only a cell's own adapter, contract helper, environment and protocol make it stale, and what
# of the meter makes numbers and the data make all of a study's. `update` keeps the old record in
# place until the new one is complete, and brings it back when the job is stopped.


rule cell:
    input:
        adapter=of_cell("adapter"),
        modules=of_cell("modules"),
        contract=of_cell("contract"),
        environment=of_cell("environment_file"),
        meter=of_study("meter_files"),
        data=of_study("data_file"),
        # What differs between probes by chance; measured again it makes no record stale.
        machine=ancient("results/machines/{instance}.json"),
    output:
        record=update("results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json"),
        evidence=update("results/{study}/evidence/{instance}/{device}/{tool}/{repeat}.npz"),
    log:
        "results/{study}/logs/{instance}/{device}/{tool}/{repeat}.log",
    priority: of_cell("priority")
    conda:
        of_cell("environment")
    threads: of_cell("cpus")
    resources:
        bench_slot=cell_needs.SLOTS,
        gpu=of_cell("gpus"),
        gpu_manufacturer="nvidia",
        mem_mb=of_cell("memory_mb"),
        runtime=of_cell("minutes"),
        # Here rather than in params, because resources never make a record stale.
        time_limit=of_cell("time_limit"),
        position=of_cell("position"),
        round=of_cell("round"),
        driver=sys.executable,
        interpreter=of_cell("interpreter"),
        description=of_cell("description"),
    params:
        job=of_cell("job"),
        attempt=of_cell("attempt"),
        unavailable=of_cell("unavailable"),
    shell:
        "printf '%s' {params.job:q} |"
        " {resources.driver:q} scripts/meter.py"
        " --job -"
        ' --data "$(dirname {input.data:q})"'
        " --record {output.record:q}"
        " --evidence {output.evidence:q}"
        " --log {log:q}"
        " --replaced results/{wildcards.study}/replaced"
        " --attempts results/{wildcards.study}/attempts/{wildcards.instance}/{wildcards.device}/"
        "{wildcards.tool}"
        " --machine {input.machine:q}"
        " --environment {input.environment:q}"
        " --unavailable={params.unavailable:q}"
        " --attempt {params.attempt}"
        " --position {resources.position}"
        " --round {resources.round:q}"
        " --time-limit {resources.time_limit}"
        " --instance {resources.description:q}"
        " -- {resources.interpreter} {input.adapter:q}"
