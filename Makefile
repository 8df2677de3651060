# make run    serve the pixel capability on its sandbox     make lint   what CI checks beside the tests
# make test   all tests, with coverage                      make bench  beside hand-written servers, FastMCP and nginx
# make check  lint and the quick tests, in about a minute: what to run before a commit
# make test-other     the quick tests and the journeys with another Python: 3.11, or, where .venv has 3.11, the newest
# make instructions   instructions per request, held against bench/budget.json
# Each sets up .venv for itself, anew when pyproject.toml changes. PYTHON=… names the interpreter to make it from.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# One line for each package; whether pip failed is what counts, not whether grep found a line.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PROGRESS := { grep --line-buffered -E '^(Collecting|Building|Installing|Successfully)' || true; }

# Neighbouring tests run in one process, as far as they can: those of one file share servers. `make test JOBS=0` uses one process.
JOBS ?= auto
PYTEST = $(BIN)/pytest -n $(JOBS) --dist worksteal

.PHONY: run test test-other test-quick check lint bench instructions clean

run: $(VENV)/run.stamp
	$(BIN)/naftiko run capabilities/pixel-tracking.yaml --sandbox

test: $(VENV)/test.stamp
	$(PYTEST) --cov

check: lint
	$(PYTEST) -q tests/unit tests/diagnostics tests/fix

test-other: $(BIN)/python
	$(MAKE) test-quick VENV=.venv-other PYTHON="$$(.ci/other-python $(BIN)/python)"

test-quick: $(VENV)/test.stamp
	$(BIN)/python -VV
	$(PYTEST) -q tests/unit tests/diagnostics tests/fix tests/journeys

lint: $(VENV)/lint.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/bench.stamp
	$(BIN)/python bench/run.py

instructions: $(VENV)/run.stamp
	$(BIN)/python bench/instructions.py

clean:
	rm -rf .venv .venv-other build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find bench src tests -name __pycache__ -prune -exec rm -rf {} +

# mypy reads the tests and the bench too, so lint needs what they import.
$(VENV)/run.stamp: GROUPS :=
$(VENV)/test.stamp: GROUPS := test
$(VENV)/lint.stamp: GROUPS := test bench lint
$(VENV)/bench.stamp: GROUPS := bench

$(VENV)/%.stamp: pyproject.toml $(BIN)/python
	@echo "Installing what 'make $*' needs into $(VENV); the first time this takes a minute or two"
	@$(PIP) install --upgrade 'pip>=25.1' | $(PROGRESS)
	@$(PIP) install --editable . $(addprefix --group ,$(GROUPS)) | $(PROGRESS)
	@$(BIN)/python -m compileall -q src  # as pip does with what is not editable
	@echo "Installed"
	@touch $@

$(BIN)/python:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "Needs Python 3.11 or newer with its venv module (on Debian: python3-venv); none is on the PATH." >&2; \
	echo "Name one: make PYTHON=/path/to/python3.12 run" >&2; \
	exit 1
