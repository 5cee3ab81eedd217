# `make run` builds the default target, `make test` runs the tests; both install into .venv first.
PYTHON ?= python3.11
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run install test soak lint benchmark

run: install
	snakemake

test: install .venv/slurm/installed
	pytest -n 2 --dist loadfile

soak: install .venv/slurm/installed
	MODELWORKS_SOAK=1 pytest -n 2 --dist loadfile

lint: install
	ruff check
	ruff format --check
	mypy
	snakefmt --check Snakefile rules
	pytest -q tests/build/test_setup.py -k lint

benchmark: install
	python benchmarks/engine.py
	python benchmarks/cache.py
	python benchmarks/corpus.py
	python benchmarks/training.py
	python benchmarks/livebench_scoring.py
	python benchmarks/livebench_sandbox.py
	python benchmarks/sweep_proposals.py

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --requirement requirements.lock
	python -m pip install --quiet --no-build-isolation --no-deps --editable .
	touch $@

# Beside the environment, for the tests of clusters alone: every start of Snakemake loads the plugins that it finds.
.venv/slurm/installed: requirements-slurm.lock .venv/installed
	python -m pip install --quiet --upgrade --no-deps --target .venv/slurm --requirement requirements-slurm.lock
	touch $@
