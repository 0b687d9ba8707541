# Does every tool compute the same network?
#
# Needs: the tool's adapter, its probe (scripts/tools/parity/), its environment.
# Makes: results/{study}/parity/cards/{instance}/{device}/{tool}.json   one card
#        results/{study}/parity/{tool}.json                             all cards of a tool
#
# A card is no measurement: nothing here makes a record stale. Tables rank only what has one.


rule parity_card:
    input:
        adapter=adapter_of,
        probe=probe_of,
        modules=modules_of_adapter,
        probe_modules=modules_of_probe,
        contract=contract_of,
        environment=environment_file_of,
        verifier=VERIFIER,
        schema="schemas/card.schema.json",
    output:
        update("results/{study}/parity/cards/{instance}/{device}/{tool}.json"),
    log:
        "results/{study}/logs/{instance}/{device}/{tool}/parity.log",
    priority: 1000000
    conda:
        environment_of
    threads: all_cores
    resources:
        bench_slot=1,
        gpu=gpus_of,
        gpu_manufacturer="nvidia",
        driver=driver,
        interpreter=interpreter_of,
    params:
        job=job_of,
        attempt=attempt_of,
        unavailable=why_unavailable,
    shell:
        "printf '%s' {params.job:q} |"
        " {resources.driver:q} scripts/parity.py"
        " --job -"
        " --card {output:q}"
        " --log {log:q}"
        " --case results/{wildcards.study}/parity/case.npz"
        " --adapter {input.adapter:q}"
        " --environment {input.environment:q}"
        " --unavailable={params.unavailable:q}"
        " --attempt {params.attempt}"
        " -- {resources.interpreter} {input.probe:q}"


rule parity:
    input:
        cards=cards_of_tool,
        script="scripts/collect_cards.py",
        schema="schemas/card.schema.json",
        modules=files_of("scripts/collect_cards.py"),
    output:
        "results/{study}/parity/{tool}.json",
    log:
        "results/{study}/logs/parity/{tool}.log",
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.script:q} --cards {input.cards:q} --output {output:q} > {log:q} 2>&1"
