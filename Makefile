# Everything a developer types. `make` alone lists it; every target sets up what it needs and is quick the second time.
PYTHON ?= python3
VENV ?= .venv
EMULATOR ?= .venv-emulator
MLFLOW_SERVER ?= .venv-mlflow
BIN := $(VENV)/bin
# A lock is the whole answer, so nothing is resolved: releases that came after it cannot change or break an install.
# The package itself is then added without asking a registry for anything.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps
LOCKED := $(PIP_INSTALL) --require-hashes --requirement
PACKAGE := $(PIP_INSTALL) --no-build-isolation --editable .
# pip compiles what it installs, but leaves an editable package as it is.
COMPILE := -m compileall -q breakout
ARGS ?=
EXTRAS ?= mlflow

.DEFAULT_GOAL := help
.PHONY: help setup extras run emulator mlflow-server environments test lint format type bench tables lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.setup  ## install what the program needs, from requirements.lock

extras: $(VENV)/.setup  ## install extras in the versions of the lock file (EXTRAS=mlflow,optuna)
	@echo "installing the extras $(EXTRAS) into $(VENV)"
	sed -n 's/^\([A-Za-z0-9._-]*\)[^=]*==\([^ ;]*\).*/\1==\2/p' requirements-dev.lock > $(VENV)/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
	  --constraint $(VENV)/constraints.txt --editable '.[$(EXTRAS)]'

run: $(VENV)/.setup  ## train and evaluate on the embedded games (ARGS="model.depth=6" passes settings)
	$(BIN)/breakout $(ARGS)

emulator: $(EMULATOR)/.setup  ## install the BigQuery emulator that tests start, in an environment of its own

mlflow-server: $(MLFLOW_SERVER)/.setup  ## install the MLflow server that tests start, in an environment of its own

environments: $(VENV)/.setup-dev $(EMULATOR)/.setup $(MLFLOW_SERVER)/.setup  ## install all that the tests need

test: environments  ## run the tests (ARGS="-k window" passes arguments to pytest)
	EMULATOR=$(EMULATOR) MLFLOW_SERVER=$(MLFLOW_SERVER) $(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.setup-dev  ## check style and likely mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.setup-dev  ## fix what lint can fix by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(VENV)/.setup-dev  ## check the types, strictly
	$(BIN)/mypy

bench: $(VENV)/.setup-dev  ## measure commands, features and sweeps; ends with an error if a bound is missed by more than half
	$(BIN)/python -m pytest tests/benchmarks --numprocesses=0 --capture=no --timeout=1800 -m benchmark $(ARGS)

tables: $(VENV)/.setup-dev  ## walk every feature set forward again and write docs/models.md's tables (half an hour)
	$(BIN)/python docs/feature_sets.py

lock: $(VENV)/.setup-dev  ## resolve pyproject.toml anew into the two lock files
	$(BIN)/pip-compile --quiet --allow-unsafe --no-strip-extras --generate-hashes --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --extra=build --extra=dev --extra=joblib --extra=mlflow \
	  --extra=nba-api --extra=optuna --extra=ray --extra=submitit --output-file=requirements-dev.lock pyproject.toml
	$(BIN)/pip-compile --quiet --allow-unsafe --no-strip-extras --generate-hashes --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --extra=build --constraint=requirements-dev.lock \
	  --output-file=requirements.lock pyproject.toml

clean:  ## remove the environment and the tools' caches; runs under outputs/ stay
	rm -rf $(VENV) $(EMULATOR) $(MLFLOW_SERVER) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.setup: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing $$(grep -c '==' requirements.lock) packages into $(VENV), without output; it takes a minute or two"
	$(BIN)/python $(LOCKED) requirements.lock
	$(BIN)/python $(PACKAGE)
	$(BIN)/python $(COMPILE)
	touch $@

# The development lock holds everything of the other one, so one stamp serves both.
$(VENV)/.setup-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing $$(grep -c '==' requirements-dev.lock) packages into $(VENV), without output; it takes some minutes"
	$(BIN)/python $(LOCKED) requirements-dev.lock
	$(BIN)/python $(PACKAGE)
	$(BIN)/python $(COMPILE)
	touch $(VENV)/.setup $@

# Its lock is made by hand, for it changes with the emulator only:
#   pip-compile (options as above) --output-file=tests/emulator/requirements.lock tests/emulator/requirements.in
$(EMULATOR)/.setup: tests/emulator/requirements.lock
	$(PYTHON) -m venv $(EMULATOR)
	$(EMULATOR)/bin/python $(LOCKED) $<
	touch $@

# Likewise, from tests/mlflow/requirements.in into tests/mlflow/requirements.lock.
$(MLFLOW_SERVER)/.setup: tests/mlflow/requirements.lock
	$(PYTHON) -m venv $(MLFLOW_SERVER)
	$(MLFLOW_SERVER)/bin/python $(LOCKED) $<
	touch $@
