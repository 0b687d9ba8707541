# How do several studies compare, which their own reports can't say?
#
# Needs: the studies' runs.csv, cards and judgements.
# Makes: results/summary.{md,csv,html}           all studies side by side, where several are asked for
#        results/series/{series}.{md,svg,csv}    studies that differ in how many rows they train on:
#                                                quality against time
#
# No cell and no study's own report depends on anything here.

# What several studies have besides.
SUMMARY = expand("results/summary.{form}", form=["md", "csv", "html"])
# What studies of a series have together.
SERIES = expand("results/series/{{series}}.{form}", form=["md", "svg", "csv"])


rule summary:
    input:
        runs=in_each_study("results/{study}/runs.csv"),
        left_out=in_each_study("results/{study}/left_out.json"),
        cards=of_each_study("card_files"),
        judgements=of_each_study("judgements"),
        script="scripts/make_summary.py",
        modules=files_of("scripts/make_summary.py"),
    output:
        markdown="results/summary.md",
        csv="results/summary.csv",
        html=report(
            "results/summary.html",
            caption="../report/summary.rst",
            category="Summary",
            labels={"page": "all studies side by side"},
        ),
    log:
        "results/summary.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        orders=order_of_each_study,
        directory=subpath(output.markdown, parent=True),
    shell:
        "python {input.script:q}"
        " --runs {input.runs:q}"
        " --orders {params.orders:q}"
        " --cards {input.cards:q}"
        " --judgements {input.judgements:q}"
        " --output-dir {params.directory:q}"
        " > {log:q} 2>&1"


rule series:
    input:
        runs=runs_of_series,
        cards=of_series("card_files"),
        judgements=of_series("judgements"),
        script="scripts/make_series.py",
        modules=files_of("scripts/make_series.py"),
    output:
        markdown="results/series/{series}.md",
        figure="results/series/{series}.svg",
        csv="results/series/{series}.csv",
    log:
        "results/series/{series}.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    params:
        whole=whole_series,
        studies=lambda wildcards: expand(
            "results/{study}", study=whole_series(wildcards)["studies"]
        ),
        orders=lambda wildcards: whole_series(wildcards)["orders"],
        directory=subpath(output.csv, parent=True),
    shell:
        "python {input.script:q}"
        " --series {wildcards.series:q}"
        " --studies {params.studies:q}"
        " --orders {params.orders:q}"
        " --output-dir {params.directory:q}"
        " > {log:q} 2>&1"
