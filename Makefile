# `make run` and `make test` set up everything themselves: Python 3.11 or later is all they assume.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# A file that a virtual environment has on every system.
MADE := $(VENV)/pyvenv.cfg
ARGS ?=

.PHONY: run test lint format reference docs bench mutants planted clean

run: $(VENV)/.run ## train on handwritten digits and write a report; ARGS="--set train.epochs=5" changes the study
	$(BIN)/backhand run digits $(ARGS)

test: $(VENV)/.dev lint ## everything that continuous integration checks
	$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

reference: $(VENV)/.dev ## docs/reference, written anew from the docstrings
	$(BIN)/python docs/reference/generate.py

docs: $(VENV)/.dev ## the documentation as a site, in build/site; every warning is an error
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/site

bench: $(VENV)/.bench ## training steps against PyTorch, JAX and scikit-learn; ARGS="--only two_layer" times some
	$(BIN)/python benchmarks/run.py $(ARGS)

mutants: $(VENV)/.mutation ## changes of the core that no test notices; takes hours; ARGS="backhand.training.optimizers*" tries some
	BACKHAND_BACKEND=reference BACKHAND_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut results

planted: $(VENV)/.dev ## what the check says of 350 mistakes planted in right layers; ARGS="dropout" tries some
	$(BIN)/python -m tests.check.mutants $(ARGS)

clean:
	rm -rf $(VENV) build mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(MADE):
	@test -n "$(PYTHON)" || { echo "backhand needs Python 3.11 or later; none was found on the PATH"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(MADE) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

$(VENV)/.dev: $(MADE) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(MADE) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@ $(VENV)/.run

$(VENV)/.mutation: $(MADE) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	@touch $@ $(VENV)/.run
