# Does every tool train the same network, or do the same task, and did each run?
#
# Needs: the tool's adapter and environment, the workload's reference; what runs left.
# Makes: results/{study}/parity/cards/{instance}/{device}/{tool}.json           one card
#        results/{study}/parity/{tool}.json                                     all of a tool
#        results/{study}/evidence/{instance}/{device}/{tool}/{repeat}.json      one judgement
#
# Neither is a measurement: nothing here makes a record stale. Tables rank only what has a card.


rule parity_card:
    input:
        adapter=of_cell("adapter"),
        modules=of_cell("modules"),
        contract=of_cell("contract"),
        decoys=of_cell("decoys"),
        environment=of_cell("environment_file"),
        verifier=cell_jobs.verifier(),
        reference=of_study("reference_files"),
        schema="schemas/card.schema.json",
    output:
        update("results/{study}/parity/cards/{instance}/{device}/{tool}.json"),
    log:
        "results/{study}/logs/{instance}/{device}/{tool}/parity.log",
    priority: 1000000
    conda:
        of_cell("card_environment")
    threads: of_cell("card_cpus")
    resources:
        bench_slot=of_cell("card_slots"),
        gpu=of_cell("gpus"),
        gpu_manufacturer="nvidia",
        mem_mb=of_cell("memory_mb"),
        runtime=of_cell("card_minutes"),
        time_limit=cell_needs.CARD_TIME_LIMIT,
        driver=sys.executable,
        interpreter=of_cell("interpreter"),
    params:
        job=of_cell("job"),
        attempt=of_cell("card_attempt"),
        unavailable=of_cell("unavailable"),
    shell:
        "printf '%s' {params.job:q} |"
        " {resources.driver:q} scripts/parity.py"
        " --job -"
        " --card {output:q}"
        " --log {log:q}"
        " --environment {input.environment:q}"
        " --unavailable={params.unavailable:q}"
        " --attempt {params.attempt}"
        " --time-limit {resources.time_limit}"
        " -- {resources.interpreter} {input.adapter:q}"


rule parity:
    input:
        cards=of_study("cards_of_tool", "tool"),
        script="scripts/collect_cards.py",
        schema="schemas/card.schema.json",
        modules=files_of("scripts/collect_cards.py"),
    output:
        "results/{study}/parity/{tool}.json",
    log:
        "results/{study}/logs/parity/{tool}.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.script:q} --cards {input.cards:q} --output {output:q} > {log:q} 2>&1"


# Judged beside the runs of other machines, too, when their evidence was brought along.
rule judge:
    input:
        record="results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json",
        evidence="results/{study}/evidence/{instance}/{device}/{tool}/{repeat}.npz",
        data=of_study("data_file"),
        reference=of_study("reference_files"),
        script="scripts/judge_evidence.py",
        modules=files_of("scripts/judge_evidence.py"),
    output:
        "results/{study}/evidence/{instance}/{device}/{tool}/{repeat}.json",
    log:
        "results/{study}/logs/{instance}/{device}/{tool}/{repeat}.judge.log",
    wildcard_constraints:
        instance=r"[^/]+",
    localrule: True
    conda:
        # None is built: it runs in the Python of Snakemake itself, as the meter does.
        lambda wildcards: None
    resources:
        driver=sys.executable,
    shell:
        "{resources.driver:q} {input.script:q}"
        " --record {input.record:q}"
        " --evidence {input.evidence:q}"
        ' --data "$(dirname {input.data:q})"'
        " --output {output:q}"
        " > {log:q} 2>&1"
