# make run            serve the pixel capability on its sandbox
# make test           run all tests, with coverage
# make lint           run the checks that CI runs besides the tests
# make check          lint and the quick tests, in about a minute: run it before a commit
# make test-other     run the quick tests and the journeys with another Python:
#                     3.11, or the newest if .venv has 3.11
# make picture        draw docs/terminal.svg again
# make bench          compare with hand-written servers, FastMCP and nginx
# make instructions   compare the instructions per request with bench/budget.json
# make soak           make 200,000 mixed calls, and check that the server has nothing more than before
# Each target sets up .venv, and does so again when pyproject.toml changes. PYTHON=… selects the interpreter.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# Print one line for each package. With pipefail, a failure of pip is a failure, and grep finding no line is none.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PROGRESS := { grep --line-buffered -E '^(Collecting|Building|Installing|Successfully)' || true; }

# Neighbouring tests run in one process where possible, because tests of one file share servers.
# `make test JOBS=0` uses one process.
# Many tests wait for servers that they start, so there are more processes than cores.
JOBS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) * 3 / 2 )))
PYTEST = $(BIN)/pytest -n $(JOBS) --dist worksteal

.PHONY: run test test-other setup-other test-quick check lint picture bench instructions soak clean

run: $(VENV)/run.stamp
	$(BIN)/naftiko run capabilities/pixel-tracking.yaml --sandbox

test: $(VENV)/test.stamp
	$(PYTEST) --cov

check: lint
	$(PYTEST) -q tests/unit tests/diagnostics tests/fix

test-other: setup-other
	$(MAKE) test-quick VENV=.venv-other

setup-other: $(BIN)/python
	other=$$(.ci/other-python $(BIN)/python) && $(MAKE) .venv-other/test.stamp VENV=.venv-other PYTHON="$$other"

test-quick: $(VENV)/test.stamp
	$(BIN)/python -VV
	$(PYTEST) -q tests/unit tests/diagnostics tests/fix tests/journeys -k 'not uvicorn'

lint: $(VENV)/lint.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

picture: $(VENV)/test.stamp
	$(BIN)/python scripts/terminal_picture.py

bench: $(VENV)/bench.stamp
	$(BIN)/python bench/run.py

instructions: $(VENV)/run.stamp
	$(BIN)/python bench/instructions.py

soak: $(VENV)/run.stamp
	$(BIN)/python bench/soak.py

clean:
	rm -rf .venv .venv-other build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find bench src tests -name __pycache__ -prune -exec rm -rf {} +

# mypy also checks the tests and the benchmarks, so lint needs what they import, and sets up the other targets as well.
$(VENV)/run.stamp: GROUPS :=
$(VENV)/test.stamp: GROUPS := test
$(VENV)/lint.stamp: GROUPS := test bench lint
$(VENV)/lint.stamp: OTHERS = $(VENV)/run.stamp $(VENV)/test.stamp $(VENV)/bench.stamp
$(VENV)/bench.stamp: GROUPS := bench

$(VENV)/%.stamp: pyproject.toml $(BIN)/python
	@echo "Installing the packages that 'make $*' needs into $(VENV). The first time takes a minute or two."
	@$(PIP) install --upgrade 'pip>=25.1' | $(PROGRESS)
	@$(PIP) install --editable . $(addprefix --group ,$(GROUPS)) | $(PROGRESS)
	@$(BIN)/python -m compileall -q src  # pip compiles only packages that are not editable
	@echo "Installed"
	@touch $@ $(OTHERS)

$(BIN)/python:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with the venv module is on the PATH (on Debian, install python3-venv)." >&2; \
	echo "Give its path: make PYTHON=/path/to/python3.12 run" >&2; \
	exit 1
