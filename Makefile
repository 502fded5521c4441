# Two commands: `make up` runs the product, `make test` proves it. README.md explains the others.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
CHROMIUM := $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
PYTEST := $(BIN)/python -m pytest
APART := tests/browser tests/journeys
LEDGER := tests/jobs
ORACLES := tests/oracles
SHOTS := tests/shots
NPM := $(shell command -v npm)
COMPARED := $(if $(NPM),$(ORACLES)/npm/node_modules/installed)
PAGES := tests/pages tests/live
# Thousands of requests, which go through nothing that the others leave out: not measured, because
# measuring makes them half as dear again.
CALLS := $(addprefix tests/pages/test_,$(addsuffix .py,api_schema api_contract permissions))
FAULTS := $(addprefix tests/factory/test_,$(addsuffix .py,faults faults_together service_faults))
SUPERVISED := $(addprefix tests/factory/test_,$(addsuffix .py,supervisor two_webs watchdog))
CRASHES := $(addprefix tests/factory/test_,$(addsuffix .py,chaos crash_matrix operation operation_machines))
# What depends on the rights of the account: services and files of its own, processes, the journey.
RIGHTS_SERVICES := $(addprefix tests/factory/test_,$(addsuffix .py,service_faults embedded))
RIGHTS_PROCESSES := $(addprefix tests/factory/test_,$(addsuffix .py,supervisor faults_together start))
RIGHTS_FILES := $(addprefix tests/factory/test_,$(addsuffix .py,deploy logfile)) tests/journeys
TOGETHER := $(MAKE) --no-print-directory --jobs=4 --keep-going --output-sync=line
MEASURED := --cov --cov-report= --cov-fail-under=0
MANAGE := $(BIN)/python manage.py
# Hundreds of processes are started: none may compile again what another has compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: up test test-as-user test-jobs test-ledger test-pages test-calls test-faults test-supervised test-crashes test-factory
.PHONY: test-apps test-apart rights-of-services rights-of-processes rights-of-files coverage check bench shots clean lock audit oracles

up: .venv/product
	@$(MANAGE) up $(ARGS)

# Invocations beside each other, each with services of its own: those that compute and those that wait
# by turns, the longest first. The browser's is apart in any case: its driver's event loop breaks
# asynchronous tests.
test: .venv/development $(COMPARED)
	$(TOGETHER) test-apart test-ledger test-crashes test-supervised test-apps test-factory test-calls test-pages test-faults check
	@$(MAKE) --no-print-directory coverage
	@$(if $(NPM),,echo "TypeScript was not asked about the map. To ask it, type: sudo apt-get install -y npm")
	@$(if $(CHROMIUM),,echo "The browser tests were skipped. To run them, type: sudo apt-get install -y chromium libatomic1")

# What `.ci/run` repeats as an unprivileged user.
test-as-user: .venv/development
	$(TOGETHER) rights-of-services rights-of-processes rights-of-files

rights-of-services:
	$(PYTEST) $(RIGHTS_SERVICES) $(ARGS)

rights-of-processes:
	$(PYTEST) $(RIGHTS_PROCESSES) $(ARGS)

rights-of-files:
	$(PYTEST) $(RIGHTS_FILES) $(ARGS)

test-faults:
	$(PYTEST) $(FAULTS) $(ARGS)

test-supervised:
	$(PYTEST) $(SUPERVISED) $(ARGS)

test-crashes:
	$(PYTEST) $(CRASHES) $(ARGS)

test-factory:
	$(PYTEST) tests/factory $(addprefix --ignore=,$(FAULTS) $(SUPERVISED) $(CRASHES)) $(ARGS)

# The ledger with its pages and its relay, and how much of its code they went through.
test-jobs:
	$(TOGETHER) test-ledger test-pages test-calls
	@$(MAKE) --no-print-directory coverage

test-ledger:
	COVERAGE_FILE=.coverage.ledger $(PYTEST) $(LEDGER) $(MEASURED) $(ARGS)

test-pages:
	COVERAGE_FILE=.coverage.pages $(PYTEST) $(PAGES) $(addprefix --ignore=,$(CALLS)) $(MEASURED) $(ARGS)

test-calls:
	$(PYTEST) $(CALLS) $(ARGS)

coverage:
	$(BIN)/coverage combine --quiet .coverage.ledger .coverage.pages
	$(BIN)/coverage report

test-apps:
	$(PYTEST) $(addprefix --ignore=,tests/factory $(APART) $(LEDGER) $(PAGES) $(ORACLES) $(SHOTS)) $(ARGS)

test-apart:
	$(if $(wildcard $(APART)),$(PYTEST) $(wildcard $(APART)) $(ARGS))

check: .venv/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run

bench: .venv/product
	$(MANAGE) bench jobs $(ARGS)

# The maps of whole repositories beside what their languages' own tools say: minutes, and more of them
# with the folders of other checked-out repositories: make oracles TREES="/some/where /else/where".
oracles: .venv/development $(COMPARED)
	ORACLE_TREES="$(TREES)" $(PYTEST) -s $(ORACLES) $(ARGS)

# Every page of an empty, a full and a broken installation in both themes and both widths, and the maps:
# apart, for each drives a browser of its own.
shots: .venv/development $(COMPARED)
	FACTORY_SHOTS=shots $(PYTEST) $(SHOTS) $(ARGS)
	FACTORY_SHOTS=shots $(PYTEST) $(addprefix tests/browser/test_,maps.py errors.py) $(ARGS)

# Ends the product and removes what can be made again; the data in .factory stays.
clean:
	@if [ -x $(BIN)/python ]; then $(MANAGE) stop; fi
	rm -rf .venv $(ORACLES)/npm/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis shots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Writes the locks anew from the .in files, and that of TypeScript, the oracle, without its registry.
lock: .venv/uv
	for name in requirements-uv requirements requirements-dev; do \
		$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
			--no-header --no-annotate --upgrade $$name.in -o $$name.txt || exit 1; done
	$(if $(NPM),npm install --prefix $(ORACLES)/npm --package-lock-only --omit-lockfile-registry-resolved --silent)

# Known vulnerabilities of what is locked; needs an advisory service that answers.
audit: .venv/development
	@$(BIN)/python .ci/audit

# The stamps: an environment older than its lock is brought up to date before anything runs.
.venv/product: requirements.txt | .venv/uv
	@$(call install,requirements.txt)
	@touch $@

.venv/development: requirements-dev.txt | .venv/uv
	@$(call install,requirements-dev.txt)
	@touch $@ .venv/product

$(ORACLES)/npm/node_modules/installed: $(ORACLES)/npm/package-lock.json
	@npm ci --prefix $(ORACLES)/npm --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

.venv/uv: requirements-uv.txt
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or later is not installed: install it, or name it: make PYTHON=/path/of/python3" >&2; exit 2; fi
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements-uv.txt 2>/dev/null || echo "uv is not to be had here: pip does its work, more slowly"
	@touch $@

define install
echo "installing $(1)"; \
{ [ -x $(BIN)/uv ] && $(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python \
	--require-hashes -r $(1) 2>.venv/uv.log; } \
|| $(BIN)/python -m pip install -qq --require-hashes -r $(1)
endef
