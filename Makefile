# Everything below needs Python 3.11+, git and make; the environment is made in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

.PHONY: run mutants test coverage lint docs bench clean
.DEFAULT_GOAL := run

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("kubelaws needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

run: $(VENV)/.installed  ## the whole suite against the embedded simulator, both profiles, with a report
	$(BIN)/kubelaws run --profile v1.36 --profile documented --jobs $(JOBS) --report report

mutants: $(VENV)/.installed  ## the kill table: the suite catches every fault that can be planted in the simulator
	$(BIN)/kubelaws mutants --jobs $(JOBS)

test: $(VENV)/.installed  ## the project's own tests
	$(BIN)/pytest -n $(JOBS) --dist worksteal

coverage: $(VENV)/.installed  ## the same with the lines that the tests reach; tracing makes them twice as slow
	$(BIN)/pytest -n $(JOBS) --dist worksteal --cov --cov-report=term:skip-covered

lint: $(VENV)/.installed  ## style, types, import contracts, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

docs: $(VENV)/.installed  ## regenerate what is generated
	$(BIN)/python -m docs.generate

bench: $(VENV)/.installed  ## the ratios of the design, measured in one run
	$(BIN)/pytest benchmarks --benchmark-disable-gc -q

clean:
	rm -rf $(VENV) report .pytest_cache .mypy_cache .ruff_cache .hypothesis
