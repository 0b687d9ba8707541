# From records to the report.
#
# Needs: the records of a study, results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json
#        and archived ones of others, results/published/*.csv
# Makes: results/{study}/runs.csv                       a row for each run
#        results/{study}/tables/{table}.{md,csv,html}   by_tool, by_gpu, gpu_vs_cpu
#        results/{study}/figures/{figure}.svg           time_by_tool, time_split, error_rate, speedup
#        results/{study}/report.md                      all of it, to read on a code host
#
# No cell depends on anything here. Scripts and the modules they import are inputs, so that
# Snakemake tracks their content.


rule merge:
    input:
        records=records_of_study,
        published=sorted(str(path) for path in Path("results/published").glob("*.csv")),
        schema="schemas/record.schema.json",
        script="scripts/merge_records.py",
        modules=expand(
            "scripts/reporting/{module}.py",
            module=["__init__", "columns", "files", "order", "records"],
        ),
    output:
        runs=report(
            "results/{study}/runs.csv",
            caption="../report/runs.rst",
            category="Data",
            labels={"data": "every run"},
        ),
    log:
        "results/{study}/logs/merge.log",
    conda:
        "../envs/report.yaml"
    params:
        order=merge_params,
    shell:
        "python {input.script:q}"
        " --records {input.records:q}"
        " --published {input.published:q}"
        " --schema {input.schema:q}"
        " --order {params.order:q}"
        " --output {output.runs:q}"
        " > {log:q} 2>&1"


rule tables:
    input:
        runs="results/{study}/runs.csv",
        script="scripts/make_tables.py",
        modules=expand(
            "scripts/reporting/{module}.py",
            module=[
                "__init__",
                "cells",
                "columns",
                "files",
                "order",
                "ratios",
                "render",
                "tables",
                "text",
            ],
        ),
    output:
        markdown=expand("results/{{study}}/tables/{table}.md", table=TABLES),
        csv=expand("results/{{study}}/tables/{table}.csv", table=TABLES),
        by_tool=report(
            "results/{study}/tables/by_tool.html",
            caption="../report/by_tool.rst",
            category="Tables",
            labels={"table": "by tool"},
        ),
        by_gpu=report(
            "results/{study}/tables/by_gpu.html",
            caption="../report/by_gpu.rst",
            category="Tables",
            labels={"table": "by GPU"},
        ),
        gpu_vs_cpu=report(
            "results/{study}/tables/gpu_vs_cpu.html",
            caption="../report/gpu_vs_cpu.rst",
            category="Tables",
            labels={"table": "GPU vs CPU"},
        ),
    log:
        "results/{study}/logs/tables.log",
    conda:
        "../envs/report.yaml"
    params:
        order=merge_params,
        directory=subpath(output.by_tool, parent=True),
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --order {params.order:q}"
        " --output-dir {params.directory:q}"
        " > {log:q} 2>&1"


rule figures:
    input:
        runs="results/{study}/runs.csv",
        script="scripts/make_figures.py",
        modules=expand(
            "scripts/reporting/{module}.py",
            module=[
                "__init__",
                "cells",
                "columns",
                "figures",
                "files",
                "order",
                "ratios",
                "style",
                "text",
            ],
        ),
    output:
        time_by_tool=report(
            "results/{study}/figures/time_by_tool.svg",
            caption="../report/time_by_tool.rst",
            category="Figures",
            labels={"figure": "training time"},
        ),
        time_split=report(
            "results/{study}/figures/time_split.svg",
            caption="../report/time_split.rst",
            category="Figures",
            labels={"figure": "where the time goes"},
        ),
        error_rate=report(
            "results/{study}/figures/error_rate.svg",
            caption="../report/error_rate.rst",
            category="Figures",
            labels={"figure": "error rate"},
        ),
        speedup=report(
            "results/{study}/figures/speedup.svg",
            caption="../report/speedup.rst",
            category="Figures",
            labels={"figure": "speed-up"},
        ),
    log:
        "results/{study}/logs/figures.log",
    conda:
        "../envs/report.yaml"
    params:
        order=merge_params,
        directory=subpath(output.speedup, parent=True),
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --order {params.order:q}"
        " --output-dir {params.directory:q}"
        " > {log:q} 2>&1"


rule report_md:
    input:
        runs="results/{study}/runs.csv",
        tables=rules.tables.output.markdown,
        figures=rules.figures.output,
        script="scripts/make_report.py",
        modules=expand(
            "scripts/reporting/{module}.py",
            module=[
                "__init__",
                "answers",
                "cells",
                "columns",
                "files",
                "order",
                "ratios",
                "text",
            ],
        ),
    output:
        markdown="results/{study}/report.md",
    log:
        "results/{study}/logs/report_md.log",
    conda:
        "../envs/report.yaml"
    params:
        order=merge_params,
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --order {params.order:q}"
        " --tables {input.tables:q}"
        " --figures {input.figures:q}"
        " --output {output.markdown:q}"
        " > {log:q} 2>&1"
