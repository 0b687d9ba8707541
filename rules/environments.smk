# Builds single environments for scripts/build_environments.py, apart from the workflow:
# Snakemake gives up a whole run when one environment cannot be built. Where an environment
# goes depends on its content and on --conda-prefix only, so the workflow finds it built.
#
# Needs --config environments='{"NAME": "FILE.yaml"}'. Makes NAME.json with the place of the
# environment and the version of its Python, which proves that it can be activated.


import os

# pip would take what the user has installed for this Python's version as there already. Not
# sooner: Snakemake itself may be among it.
os.environ["PYTHONNOUSERSITE"] = "1"

for name, file in config["environments"].items():

    rule:
        name:
            f"environment_{name}"
        output:
            f"{name}.json",
        conda:
            file
        shell:
            "python -c 'import json, os, platform; print(json.dumps(dict("
            'prefix=os.environ["CONDA_PREFIX"], python=platform.python_version())))'
            "' >{output:q}"
