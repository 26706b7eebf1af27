# Everything runs in .venv, made on first use. No compiler is needed; where one is, the kernels are
# compiled and compared with their peers.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WHEELS := --require-hashes --only-binary :all:
HAVE_CC := $(shell command -v $(CC) >/dev/null 2>&1 && command -v $(CXX) >/dev/null 2>&1 && echo yes)

.DEFAULT_GOAL := help
.PHONY: help install photographs oracles demo serve test bench soak lint docs pictures clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tutela needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml setup.py $(wildcard native/*) | $(BIN)/python
	$(PIP) install $(WHEELS) -r requirements.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@$(BIN)/python -c "from tutela.signals.kernels import kernel; print('kernel:', kernel.family())"
	@touch $@

$(VENV)/.photographs: locks/photographs.lock | $(BIN)/python
	rm -rf $(VENV)/photographs
	@$(PIP) --quiet install $(WHEELS) --no-deps --target $(VENV)/photographs -r locks/photographs.lock
	@touch $@

$(VENV)/.oracles: locks/oracles.lock $(VENV)/.installed
ifeq ($(HAVE_CC),yes)
	$(PIP) install --require-hashes -r locks/oracles.lock
else
	@echo "No C and C++ compiler: the peers are not installed, and tests that need them say so."
endif
	@touch $@

install: $(VENV)/.installed ## Install Tutela and its tools into .venv
photographs: $(VENV)/.photographs ## Install the benign photographs that demo, tests and benchmarks use
oracles: $(VENV)/.oracles ## Install the peers to compare with, where there is a compiler

demo: install photographs ## Run the service on benign photographs: altered copies are found
	@$(BIN)/tutela demo

serve: install photographs ## Run the demonstration's service until ^C, and print a curl line
	@$(BIN)/tutela demo --keep

test: install photographs oracles ## Run the tests
	$(BIN)/python -m pytest -m "not soak" -n auto --dist worksteal

bench: install photographs oracles ## Measure against the peers, and print ratios
	$(BIN)/python -m bench all

soak: install photographs oracles ## Run what takes longer than CI may
	$(BIN)/python -m pytest -m soak

lint: install ## Check style, types and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry src

docs: install photographs oracles ## Write the generated parts of docs/ anew
	TUTELA_WRITE_DOCS=1 $(BIN)/python -m pytest tests/docs tests/decoding/test_formats.py tests/console/test_texts.py -k "table or documented" -n 0

pictures: install photographs ## Take the pictures of the guide anew, with Chromium
	$(BIN)/python docs/pictures/take.py

clean: ## Remove what was made
	rm -rf $(VENV) build src/*.egg-info src/tutela/*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -exec rm -rf {} +
