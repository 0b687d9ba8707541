# Needs: the study's data set, the tool's adapter and environment, the meter.
# Makes: one record per run, results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json.
#
# Only a cell's own adapter, contract helper, environment and protocol make it stale, and
# the meter and the data make all of a study's. `update` keeps the old record in place until
# the new one is complete, and brings it back when the job is stopped.


rule cell:
    input:
        adapter=adapter_of,
        modules=modules_of_adapter,
        contract=contract_of,
        environment=environment_file_of,
        meter=METER,
        schema="schemas/record.schema.json",
        data=data_of,
    output:
        update("results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json"),
    log:
        "results/{study}/logs/{instance}/{device}/{tool}/{repeat}.log",
    priority: priority_of
    conda:
        environment_of
    threads: all_cores
    resources:
        bench_slot=1,
        gpu=gpus_of,
        gpu_manufacturer="nvidia",
        # Here rather than in params, because resources never make a record stale.
        time_limit=time_limit_of,
        position=position_of,
        driver=driver,
        interpreter=interpreter_of,
        description=description_of_instance,
    params:
        job=job_of,
        attempt=attempt_of,
        unavailable=why_unavailable,
    shell:
        "printf '%s' {params.job:q} |"
        " {resources.driver:q} scripts/meter.py"
        " --job -"
        ' --data "$(dirname {input.data:q})"'
        " --record {output:q}"
        " --log {log:q}"
        " --replaced results/{wildcards.study}/replaced"
        " --environment {input.environment:q}"
        " --unavailable={params.unavailable:q}"
        " --attempt {params.attempt}"
        " --position {resources.position}"
        " --time-limit {resources.time_limit}"
        " --instance {resources.description:q}"
        " -- {resources.interpreter} {input.adapter:q}"
