# Each task does its own set-up; the first costs a minute, the next ones nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CACHE := .cache
READY := $(VENV)/.ready
CAPTURE := $(CACHE)/capture.done
RECORDING := $(CACHE)/bitstamp-btcusd-20260502.tgr.gz
CODE := src tests examples benchmarks tools

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check static coverage bench mutants guarantees docs lock clean

help: ## List the tasks
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install Tidegate and its tests into .venv, from the locked requirements

run: $(READY) ## Trade on paper: a real capture of BTC-USD, an example strategy, and a summary
	@$(MAKE) --no-print-directory --silent $(CAPTURE) || \
	    echo 'The capture is out of reach: trading on the small synthetic recording of the package instead.'
	@if [ -f $(CAPTURE) ]; then \
	    $(MAKE) --no-print-directory --silent $(RECORDING) && \
	    $(BIN)/tidegate run --fresh --config examples/paper.toml --recording $(RECORDING); \
	else \
	    $(BIN)/tidegate run --fresh --config examples/paper.toml; \
	fi

test: $(READY) ## Run every test, on every core
	@$(BIN)/pytest --numprocesses auto --dist worksteal

check: static coverage ## Run every check: lint, types, layers, dead code, tests with their coverage

static: $(READY) ## Run the checks that run no code
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/dead_code.py
	@$(BIN)/python tools/architecture_map.py
	@$(BIN)/python tools/contract_stub.py

coverage: ## Run every test and hold branch coverage to its bounds
	@PYTEST_ADDOPTS='--cov --cov-report=' $(MAKE) --no-print-directory test
	@$(BIN)/coverage report --fail-under=90
	@$(BIN)/coverage report --include='src/tidegate/domain/*' --fail-under=95
	@$(BIN)/coverage report --include='src/tidegate/application/*' --fail-under=95

bench: $(READY) ## Measure every row of the speed table
	@$(BIN)/tidegate bench

mutants: $(READY) ## Plant every known bug, and have the simulation find each
	@$(BIN)/python -m tools.mutants

guarantees: $(READY) ## Drill this version, and write what came of it into docs/guarantees.md
	@$(BIN)/python -m tools.guarantees

docs: $(READY) ## Bring the generated parts of the documentation up to date
	@$(BIN)/python tools/architecture_map.py --write
	@$(BIN)/python tools/contract_stub.py --write

lock: ## Resolve the requirements anew (wants uv on the path)
	@tools/lock

clean: ## Remove what the other tasks made
	@rm -rf $(VENV) $(CACHE) .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks

# A Python without ensurepip makes the environment too: pip then installs into it from outside.
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'Tidegate needs Python 3.11 or newer; name one with: make PYTHON=python3.12 setup' >&2; exit 1; }
	@echo 'Setting up $(VENV) ...'
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(CAPTURE): requirements/capture.txt
	@mkdir -p $(CACHE)
	@echo 'Fetching the capture (3 MB, once) ...'
	@$(PYTHON) -m pip download -qq --disable-pip-version-check --retries 1 --timeout 20 --no-deps --only-binary :all: \
	    --ignore-requires-python --require-hashes -d $(CACHE) -r requirements/capture.txt
	@touch $@

$(RECORDING): $(CAPTURE) | $(READY)
	@$(BIN)/tidegate import bitstamp --overwrite $(CACHE)/ob_analytics-0.1.0-*.whl $@
