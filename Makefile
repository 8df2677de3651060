# make run    serve the pixel capability on its sandbox     make lint   what CI checks beside the tests
# make test   all tests, with coverage                      make bench  beside hand-written servers, FastMCP and nginx
# make check  lint and the quick tests, in about a minute: what to run before a commit
# make instructions   instructions per request, held against bench/budget.json
# Each sets up .venv for itself, anew when pyproject.toml changes. PYTHON=… names the interpreter to make it from.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# One line for each package; whether pip failed is what counts, not whether grep found a line.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PROGRESS := { grep --line-buffered -E '^(Collecting|Building|Installing|Successfully)' || true; }

.PHONY: run test check lint bench instructions clean

run: .venv/run.stamp
	$(BIN)/naftiko run capabilities/pixel-tracking.yaml --sandbox

test: .venv/test.stamp
	$(BIN)/pytest --cov

check: lint
	$(BIN)/pytest -q tests/unit tests/diagnostics tests/fix

lint: .venv/lint.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

bench: .venv/bench.stamp
	$(BIN)/python bench/run.py

instructions: .venv/run.stamp
	$(BIN)/python bench/instructions.py

clean:
	rm -rf .venv build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find bench src tests -name __pycache__ -prune -exec rm -rf {} +

# mypy reads the tests and the bench too, so lint needs what they import.
.venv/run.stamp: GROUPS :=
.venv/test.stamp: GROUPS := test
.venv/lint.stamp: GROUPS := test bench lint
.venv/bench.stamp: GROUPS := bench

.venv/%.stamp: pyproject.toml $(BIN)/python
	@echo "Installing what 'make $*' needs into .venv; the first time this takes a minute or two"
	@$(PIP) install --upgrade 'pip>=25.1' | $(PROGRESS)
	@$(PIP) install --editable . $(addprefix --group ,$(GROUPS)) | $(PROGRESS)
	@$(BIN)/python -m compileall -q src  # as pip does with what is not editable
	@echo "Installed"
	@touch $@

$(BIN)/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec "$$python" -m venv --clear .venv; \
	  fi; \
	done; \
	echo "Needs Python 3.11 or newer with its venv module (on Debian: python3-venv); none is on the PATH." >&2; \
	echo "Name one: make PYTHON=/path/to/python3.12 run" >&2; \
	exit 1
