# make report             compare the tools on this machine (study `quick`)
# make report STUDY=seed  the protocol of the 2017 page, on MNIST (MNIST=DIR: from there)
# make test               the project's own tests
# make environments       build the tools' environments again, those that failed too
# make lock               bring the pinned versions up to date
# make clean              remove results; what was published, data and environments stay
# make distclean          remove all that make ever made

SHELL := /bin/bash
.DEFAULT_GOAL := help
DRIVER := .driver/bin/python
STUDY ?=
MNIST ?=
JOBS ?= 1
PYTEST ?=
COMPILE = $(DRIVER) -m uv pip compile -q --upgrade --universal --python-version 3.11 \
	--no-header --no-annotate pyproject.toml

.PHONY: help setup report test environments lock format clean distclean

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
	@$(DRIVER) scripts/run_study.py --jobs $(JOBS) $(if $(STUDY),--study $(STUDY)) $(if $(MNIST),--mnist $(MNIST))

environments: setup
	@$(DRIVER) scripts/build_environments.py --retry $(if $(STUDY),--study $(STUDY))

test: .driver/.installed-test
	@$(DRIVER) -m ruff check .
	@$(DRIVER) -m ruff format --check .
	@$(DRIVER) -m snakefmt --check Snakefile rules
	@$(DRIVER) -m snakemake --lint
	@$(DRIVER) scripts/build_environments.py
	@$(DRIVER) -m pytest $(PYTEST)

format: .driver/.installed-test
	@$(DRIVER) -m ruff check --fix .
	@$(DRIVER) -m ruff format .
	@$(DRIVER) -m snakefmt Snakefile rules

lock: .driver/.installed-test
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --group test -c requirements.lock -o requirements-test.lock
	@$(DRIVER) scripts/lock_environments.py

clean:
	@find results -mindepth 1 -maxdepth 1 ! -name published ! -name data -exec rm -rf {} +

distclean: clean
	@rm -rf .driver .environments .snakemake .pytest_cache .ruff_cache .hypothesis results/data
