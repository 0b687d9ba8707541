# Needs: scikit-learn's digits; for MNIST the configured directory, or a network; for tables and
#        words a package that brings them; for reviews the configured directory.
# Makes: results/data/{data_set}/, four IDX files and SHA256SUMS, which is written last.
#
# Cells depend on SHA256SUMS alone: it is small enough for Snakemake to compare by content,
# where the files beside it would be compared by time.


rule digits:
    input:
        script="scripts/make_data_set.py",
        modules=files_of("scripts/datasets/digits.py"),
    output:
        "results/data/digits/t10k-images-idx3-ubyte",
        "results/data/digits/t10k-labels-idx1-ubyte",
        "results/data/digits/train-images-idx3-ubyte",
        "results/data/digits/train-labels-idx1-ubyte",
        sums="results/data/digits/SHA256SUMS",
    log:
        "results/data/logs/digits.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    params:
        directory=subpath(output.sums, parent=True),
    shell:
        "python {input.script:q} digits --output {params.directory:q} 2> {log:q}"


rule mnist:
    input:
        script="scripts/make_data_set.py",
        modules=files_of("scripts/datasets/mnist.py"),
    output:
        "results/data/mnist/t10k-images-idx3-ubyte",
        "results/data/mnist/t10k-labels-idx1-ubyte",
        "results/data/mnist/train-images-idx3-ubyte",
        "results/data/mnist/train-labels-idx1-ubyte",
        sums="results/data/mnist/SHA256SUMS",
    log:
        "results/data/logs/mnist.log",
    # Nodes of a cluster often have no way out, the machine that hands out the jobs has.
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        # Not a param: the files are the same wherever they come from.
        source=configuration.mnist_source(config),
    params:
        directory=subpath(output.sums, parent=True),
    shell:
        "python {input.script:q} mnist"
        " --output {params.directory:q}"
        " --directory={resources.source:q}"
        " 2> {log:q}"


rule table:
    input:
        script="scripts/make_data_set.py",
        modules=lambda wildcards: files_of(f"scripts/datasets/{wildcards.table}.py"),
    output:
        "results/data/{table}/t10k-images-idx3-ubyte",
        "results/data/{table}/t10k-labels-idx1-ubyte",
        "results/data/{table}/train-images-idx3-ubyte",
        "results/data/{table}/train-labels-idx1-ubyte",
        # What the columns are called; for readers, no cell needs it.
        "results/data/{table}/columns.json",
        sums="results/data/{table}/SHA256SUMS",
    log:
        "results/data/logs/{table}.log",
    wildcard_constraints:
        table="flights|churn|credit",
    localrule: True
    conda:
        # Of its own: its package's files are pickles, which are read nowhere else.
        "../envs/tables.yaml"
    params:
        directory=subpath(output.sums, parent=True),
    shell:
        "python {input.script:q} {wildcards.table} --output {params.directory:q} 2> {log:q}"


rule words:
    input:
        script="scripts/make_data_set.py",
        modules=files_of("scripts/datasets/words.py"),
    output:
        "results/data/words/t10k-images-idx3-ubyte",
        "results/data/words/t10k-labels-idx1-ubyte",
        "results/data/words/train-images-idx3-ubyte",
        "results/data/words/train-labels-idx1-ubyte",
        # Alphabet and languages; for readers, no cell needs it.
        "results/data/words/words.json",
        sums="results/data/words/SHA256SUMS",
    log:
        "results/data/logs/words.log",
    localrule: True
    conda:
        "../envs/words.yaml"
    params:
        directory=subpath(output.sums, parent=True),
    shell:
        "python {input.script:q} words --output {params.directory:q} 2> {log:q}"


rule reviews:
    input:
        script="scripts/make_data_set.py",
        modules=files_of("scripts/datasets/reviews.py"),
    output:
        "results/data/reviews/t10k-images-idx3-ubyte",
        "results/data/reviews/t10k-labels-idx1-ubyte",
        "results/data/reviews/train-images-idx3-ubyte",
        "results/data/reviews/train-labels-idx1-ubyte",
        # Vocabulary and labels; for readers, no cell needs it.
        "results/data/reviews/reviews.json",
        sums="results/data/reviews/SHA256SUMS",
    log:
        "results/data/logs/reviews.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        # Not a param, as of mnist: what counts is the hash of what was made.
        source=configuration.reviews_source(config),
    params:
        directory=subpath(output.sums, parent=True),
    shell:
        "python {input.script:q} reviews"
        " --output {params.directory:q}"
        " --directory={resources.source:q}"
        " 2> {log:q}"
