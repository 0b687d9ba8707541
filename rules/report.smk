# From records to the report.
#
# Needs: the records of a study, results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json
#        and archived ones of others, results/published/*.csv
#        the parity cards of the tools, results/{study}/parity/{tool}.json
#        what the runs' evidence shows, results/{study}/evidence/**.json
#        what the machines can do at most, results/machines/{instance}.json
# Makes: results/{study}/runs.csv                       a row for each run
#        results/{study}/left_out.json                  files that could not be used, and why
#        results/{study}/tables/{table}.{md,csv,html}   by_tool, by_gpu, gpu_vs_cpu
#        results/{study}/figures/{figure}.svg           ratios, machines, time_by_tool, time_split,
#                                                       cumulative, quality, speedup,
#                                                       order_of_runs, parity
#        results/{study}/report.md                      all of it, to read on a code host
#        results/{study}/pages/{page}.html              opening, which report/workflow.rst puts on
#                                                       the first page; parity, page_2017
#
# No cell depends on anything here, and on a cluster nothing here asks for a node. Scripts and the
# modules they import are inputs, so that Snakemake tracks their content.

TABLES = ["by_tool", "by_gpu", "gpu_vs_cpu"]
FIGURES = ["ratios", "machines", "time_by_tool", "time_split", "cumulative", "quality"]
FIGURES += ["speedup", "order_of_runs", "parity"]
PAGES = ["opening", "parity", "page_2017"]

# What a finished study has.
REPORTED = [
    "results/{study}/runs.csv",
    *expand("results/{{study}}/tables/{table}.md", table=TABLES),
    *expand("results/{{study}}/figures/{figure}.svg", figure=FIGURES),
    *expand("results/{{study}}/pages/{page}.html", page=PAGES),
    "results/{study}/report.md",
]


rule merge:
    input:
        records=of_study("records"),
        published=published_by_others(),
        schema=["schemas/record.schema.json", "schemas/record_1.schema.json"],
        script="scripts/merge_records.py",
        modules=files_of("scripts/merge_records.py"),
    output:
        runs=report(
            "results/{study}/runs.csv",
            caption="../report/runs.rst",
            category="Data",
            labels={"data": "every run"},
        ),
        left_out="results/{study}/left_out.json",
    log:
        "results/{study}/logs/merge.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        order=order_of,
        study=lambda wildcards: configuration.study_of_folder(wildcards.study)[0],
    shell:
        "python {input.script:q}"
        " --study {params.study:q}"
        " --records {input.records:q}"
        " --published {input.published:q}"
        " --order {params.order:q}"
        " --output {output.runs:q}"
        " --left-out {output.left_out:q}"
        " > {log:q} 2>&1"


rule tables:
    input:
        runs="results/{study}/runs.csv",
        left_out="results/{study}/left_out.json",
        cards=of_study("card_files"),
        judgements=of_study("judgements"),
        machines=of_study("machine_files"),
        script="scripts/make_tables.py",
        modules=files_of("scripts/make_tables.py"),
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
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        order=order_of,
        directory=subpath(output.by_tool, parent=True),
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --left-out {input.left_out:q}"
        " --cards {input.cards:q}"
        " --judgements {input.judgements:q}"
        " --machines {input.machines:q}"
        " --order {params.order:q}"
        " --output-dir {params.directory:q}"
        " > {log:q} 2>&1"


rule figures:
    input:
        runs="results/{study}/runs.csv",
        cards=of_study("card_files"),
        judgements=of_study("judgements"),
        script="scripts/make_figures.py",
        modules=files_of("scripts/make_figures.py"),
    output:
        ratios=report(
            "results/{study}/figures/ratios.svg",
            caption="../report/ratios.rst",
            category="Figures",
            labels={"figure": "against the baseline"},
        ),
        machines=report(
            "results/{study}/figures/machines.svg",
            caption="../report/machines.rst",
            category="Figures",
            labels={"figure": "training time, all machines"},
        ),
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
        cumulative=report(
            "results/{study}/figures/cumulative.svg",
            caption="../report/cumulative.rst",
            category="Figures",
            labels={"figure": "time after each epoch"},
        ),
        quality=report(
            "results/{study}/figures/quality.svg",
            caption="../report/quality.rst",
            category="Figures",
            labels={"figure": "quality"},
        ),
        speedup=report(
            "results/{study}/figures/speedup.svg",
            caption="../report/speedup.rst",
            category="Figures",
            labels={"figure": "speed-up"},
        ),
        order_of_runs=report(
            "results/{study}/figures/order_of_runs.svg",
            caption="../report/order_of_runs.rst",
            category="Figures",
            labels={"figure": "runs in their order"},
        ),
        parity=report(
            "results/{study}/figures/parity.svg",
            caption="../report/parity.rst",
            category="Parity",
            labels={"page": "how far from the reference"},
        ),
    log:
        "results/{study}/logs/figures.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        order=order_of,
        directory=subpath(output.speedup, parent=True),
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --cards {input.cards:q}"
        " --judgements {input.judgements:q}"
        " --order {params.order:q}"
        " --output-dir {params.directory:q}"
        " > {log:q} 2>&1"


rule report_md:
    input:
        runs="results/{study}/runs.csv",
        left_out="results/{study}/left_out.json",
        cards=of_study("card_files"),
        judgements=of_study("judgements"),
        tables=rules.tables.output.markdown,
        figures=rules.figures.output,
        captions=expand("report/{figure}.rst", figure=FIGURES),
        script="scripts/make_report.py",
        modules=files_of("scripts/make_report.py"),
    output:
        markdown="results/{study}/report.md",
        opening="results/{study}/pages/opening.html",
        parity=report(
            "results/{study}/pages/parity.html",
            caption="../report/parity_page.rst",
            category="Parity",
            labels={"page": "parity cards"},
        ),
        original=report(
            "results/{study}/pages/page_2017.html",
            caption="../report/page_2017.rst",
            category="Parity",
            labels={"page": "what the 2017 page compared"},
        ),
    log:
        "results/{study}/logs/report_md.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        order=order_of,
        pages=subpath(output.parity, parent=True),
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --left-out {input.left_out:q}"
        " --cards {input.cards:q}"
        " --judgements {input.judgements:q}"
        " --order {params.order:q}"
        " --pages {params.pages:q}"
        " --tables {input.tables:q}"
        " --figures {input.figures:q}"
        " --captions {input.captions:q}"
        " --output {output.markdown:q}"
        " > {log:q} 2>&1"
