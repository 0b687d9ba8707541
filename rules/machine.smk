# What can this machine do at most, and how much does a probe of it differ from the next?
#
# Needs: nothing but the machine; PyTorch's environment where there is a GPU.
# Makes: results/machines/{instance}.json
#
# Cells take it with ancient(): it tells which differences between two probes are chance, and a
# machine that is measured again makes no record stale.


rule machine:
    input:
        script="scripts/measure_machine.py",
        gpu_script="scripts/measure_gpu.py",
        schema="schemas/machine.schema.json",
        modules=files_of("scripts/measure_machine.py"),
    output:
        "results/machines/{instance}.json",
    log:
        "results/machines/logs/{instance}.log",
    priority: 2000000
    conda:
        of_machine("machine_environment")
    threads: of_machine("cpus")
    resources:
        bench_slot=cell_needs.SLOTS,
        gpu=of_machine("machine_gpus"),
        gpu_manufacturer="nvidia",
        mem_mb=of_machine("memory_mb"),
        runtime=10,
        driver=sys.executable,
        gpu_python=lambda wildcards: "python" if of_machine("machine_gpus")(wildcards) else "",
    shell:
        "{resources.driver:q} {input.script:q}"
        " --instance {wildcards.instance:q}"
        " --output {output:q}"
        " --gpu-python={resources.gpu_python:q}"
        " 2> {log:q}"
