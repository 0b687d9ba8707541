# make report             compare the tools on this machine (study `quick`)
# make report STUDY=seed  the protocol of the 2017 page, on MNIST (MNIST=DIR: from there)
# make report STUDY=reviews REVIEWS=DIR  text again, on reviews of films out of that directory
#   STUDY="quick seed"    several studies; STUDY=all: every one that is not full size
#   INSTANCE=NAME         keep this machine's results under a name of its own
#   ROUNDS=1              a first look, without a ranking; by default what the study says
#   ALSO="TOOL ..."       tools that are off by default, e.g. the variants of 2017
#   JOBS=N                cores for everything but measurements; by default all
# make published          the tables of the 2017 page, from its own rows alone
# make import FROM=DIR    bring in records of other machines (AS=NAME: under that name)
# make gpu-check          check all that needs a GPU, with the Python that is there
# make test               the project's own tests (PYTEST="path or -k words": some of them)
#   BENCHM_EXPLORE=1      property tests draw other examples than ever before
# make test-power-cuts    20 times kill -9 in a small run, each to be got over (some ten minutes)
# make test-deviations    small edits of adapters, each to be found out; takes long
# make environments       build the environments of tools and data sets, those that failed too
# make readme             the tables of results in README.md and docs/, from archived records
# make lock               bring the pinned versions up to date
#   TOOL=NAME             only those of envs/NAME.yaml and envs/NAME.gpu.yaml
# make clean              remove results; what was published, data and environments stay
# make distclean          remove all that make ever made

# What a shell sets for other programs has no say here: PYTHONSAFEPATH would hide our own modules,
# PYTHONPATH bring another Python's packages in, BASH_ENV be read before each recipe.
unexport BASH_ENV ENV CDPATH $(filter PYTHON% SNAKEMAKE_%,$(.VARIABLES))

SHELL := /bin/bash
.DEFAULT_GOAL := help
DRIVER := .driver/bin/python
STUDY ?=
MNIST ?=
REVIEWS ?=
INSTANCE ?=
ALSO ?=
ROUNDS ?=
FROM ?=
AS ?=
PYTEST ?=
# A file of tests is never split, so those that take longest must not come last.
LONGEST_FIRST := tests/workflow tests/tools tests/unit
# Exit code 5 of pytest: with PYTEST="path or -k words" one of the two runs may have no test.
NONE_IS_FINE = $(if $(PYTEST), || test $$? = 5)
COMPILE = $(DRIVER) -m uv pip compile -q --upgrade --universal --python-version 3.11 \
	--no-header --no-annotate pyproject.toml

.PHONY: help setup report published import gpu-check test test-power-cuts test-deviations \
	environments readme lock format clean distclean

help:
	@sed -n '/^#/!q; s/^# //p' Makefile

setup: .driver/.installed

# The driver runs Snakemake and the meter; the tools have environments of their own.
.driver/.installed: requirements.lock scripts/bootstrap.sh
	@scripts/bootstrap.sh .driver requirements.lock
	@touch $@

.driver/.installed-test: requirements-test.lock .driver/.installed
	@scripts/bootstrap.sh .driver requirements-test.lock
	@touch $@

report: setup
	@$(DRIVER) scripts/run_study.py $(if $(JOBS),--jobs "$(JOBS)") $(if $(STUDY),--study "$(STUDY)") $(if $(MNIST),--mnist "$(MNIST)") \
		$(if $(REVIEWS),--reviews "$(REVIEWS)") $(if $(INSTANCE),--instance "$(INSTANCE)") $(if $(ALSO),--also $(ALSO)) \
		$(if $(ROUNDS),--rounds "$(ROUNDS)")

published: setup
	@$(DRIVER) scripts/run_study.py --published $(or $(STUDY),seed)

import: setup
	@test -n "$(FROM)" || { echo "make import: FROM=DIR is missing, the directory with the records" >&2; exit 2; }
	@$(DRIVER) scripts/import_records.py --from "$(FROM)" $(if $(AS),--as "$(AS)")

# Needs no set-up: on a machine with a GPU the tools are there, and perhaps no network is. They may
# be where the caller's PYTHONPATH leads.
gpu-check: export PYTHONPATH := $(PYTHONPATH)
gpu-check:
	@python3 scripts/gpu_check.py $(if $(MNIST),--mnist "$(MNIST)")

environments: setup
	@$(DRIVER) scripts/build_environments.py --retry $(if $(STUDY),--study "$(STUDY)")

test: .driver/.installed-test
	@$(DRIVER) -m ruff check .
	@$(DRIVER) -m ruff format --check .
	@$(DRIVER) -m snakefmt --check Snakefile rules
	@$(DRIVER) -m snakemake --lint
	@$(DRIVER) scripts/build_environments.py
	@$(DRIVER) -m pytest -m "not alone and not thorough" -n logical --dist loadfile --no-loadscope-reorder \
		$(or $(PYTEST),$(LONGEST_FIRST))$(NONE_IS_FINE)
	@$(DRIVER) -m pytest -m "alone and not thorough" $(PYTEST)$(NONE_IS_FINE)

test-deviations: .driver/.installed-test
	@$(DRIVER) scripts/build_environments.py
	@$(DRIVER) -m pytest -m "thorough and not cuts" -n logical --dist load $(PYTEST)

# Each worker has a project of its own; two keep two cores busy.
test-power-cuts: .driver/.installed-test
	@$(DRIVER) -m pytest -m cuts -n 2 --dist load tests/workflow/test_power_cuts.py

readme: .driver/.installed-test
	@$(DRIVER) scripts/update_readme.py

format: .driver/.installed-test
	@$(DRIVER) -m ruff check --fix .
	@$(DRIVER) -m ruff format .
	@$(DRIVER) -m snakefmt Snakefile rules

ifdef TOOL
lock: setup
	@$(DRIVER) scripts/lock_environments.py --tool "$(TOOL)"
else
lock: .driver/.installed-test
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --group test -c requirements.lock -o requirements-test.lock
	@$(DRIVER) scripts/lock_environments.py
endif

clean:
	@find results -mindepth 1 -maxdepth 1 ! -name published ! -name data -exec rm -rf {} +

distclean: clean
	@rm -rf .driver .environments .snakemake .pytest_cache .ruff_cache .hypothesis results/data
