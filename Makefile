# Two commands do everything on a fresh Debian 12 with python3.11, make and git:  make demo   make test
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
DISPLAY_OWN := $(PY) packaging/with_display.py --own
# Processes of the test run; 1 runs all tests in one. Empty: one for each of the machine's cores, four at most.
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$(( n > 4 ? 4 : n )))
TESTS ?=
# Parts of the bench: load view reformat store register pet; empty for all.
BENCH ?=
PEERS := .venv-peers

.PHONY: help setup store demo test fuzz soak bench package lint format lock translations clean

help:
	@echo 'make demo          open the application on the demo patient (without a screen: pictures in build/demo)'
	@echo 'make test          run the tests (TESTS="..." for some of them)'
	@echo 'make store         start the stand-in image store (TEST ONLY) and say how to sign in to it (DATA=folder)'
	@echo 'make soak          every long list whole, the packaged application too; the table goes to docs/soak.md'
	@echo 'make bench         measure beside other programs (BENCH="load view" for some parts)'
	@echo 'make package       build the application as one folder and start it once'
	@echo 'make fuzz          run N mutated files through scanning and loading (N=20000)'
	@echo 'make lint          style, types and import contracts'
	@echo 'make lock          resolve the dependencies anew into the lock files'
	@echo 'make translations  bring the table of words up to date with the sources'
	@echo 'make setup         what demo and test share: system libraries, .venv, dependencies'
	@echo 'make clean         remove everything that was built, .venv too'

# ---- set up ------------------------------------------------------------------------------------------------------

setup: $(VENV)/.installed

$(VENV)/.system: packaging/setup_system.sh packaging/system_packages.txt
	@[ -n '$(PYTHON)' ] || { echo 'setup: no python3.11 or newer found' >&2; exit 1; }
	@bash packaging/setup_system.sh '$(PYTHON)'
	@[ -x $(PY) ] || '$(PYTHON)' -m venv $(VENV)
	@touch $@

# The lock is the only source of versions; hashes make it the only source of files too, wherever they come from.
$(VENV)/.installed: $(VENV)/.system requirements.lock requirements-dev.lock
	@echo 'setup: installing the locked dependencies into $(VENV)'
	@$(PY) -m pip install --disable-pip-version-check --quiet --require-hashes --only-binary :all: \
		--requirement requirements-dev.lock
	@touch $@

# The stand-in store's servers: real ones, which the integration tests start and stop.
$(VENV)/.store: $(VENV)/.installed packaging/setup_store.sh packaging/store_packages.txt packaging/store/package-lock.json
	@bash packaging/setup_store.sh
	@touch $@

# ---- run and check -----------------------------------------------------------------------------------------------

demo: setup
	@$(PY) packaging/run_demo.py

test: setup $(VENV)/.store
	@$(DISPLAY_OWN) $(PY) -m pytest -n $(TEST_PROCESSES) --dist loadgroup -m 'not slow' $(TESTS)

store: setup $(VENV)/.store
	@$(PY) packaging/store/run_store.py $(if $(DATA),--data '$(DATA)')

soak: setup $(PEERS)/.installed
	@$(PY) packaging/run_soak.py

# Peers live in an environment of their own, so that none of them can become a dependency.
$(PEERS)/.installed: $(VENV)/.installed requirements-peers.lock
	@echo 'bench: installing the programs to compare with into $(PEERS)'
	@[ -x $(PEERS)/bin/python ] || $(PY) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --only-binary :all: \
		--requirement requirements-peers.lock
	@touch $@

bench: setup $(PEERS)/.installed
	@$(DISPLAY_OWN) $(PY) main.py bench $(BENCH)

package: setup
	@$(PY) packaging/build_package.py

N ?= 20000
fuzz: setup
	@$(PY) -W ignore -m tests.fuzz.campaign $(N)

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m mypy

format: setup
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# ---- what is written by programs and kept in the repository ----------------------------------------------------------

lock:
	@bash packaging/update_locks.sh

translations: setup
	@$(PY) -m viewer.translation.update_table

clean:
	rm -rf build dist $(VENV) .venv-peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
