# Everything a developer types; `make help` lists it. Each target sets up what it needs, once.
PYTHON  ?= python3
VENV    ?= .venv
# Test processes at a time: the suite is made to fit two cores.
JOBS    ?= 2
# More options for pytest: make test ARGS="-k silence -x"
ARGS    ?=
# How long `make fuzz` runs.
SECONDS ?= 600

BIN      = $(VENV)/bin
# .venv/.ready-EXTRAS: stamps of finished set-ups. `make demo` does not wait for what only tests and linters need.
READY    = $(VENV)/.ready-

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-privileged fuzz lint format pins clean
.DELETE_ON_ERROR:

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

setup: $(READY)dev ## Set up everything in .venv (the other targets do what they need by themselves)

$(READY)%: pyproject.toml constraints.txt scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup "$(VENV)" "$*"
	@touch $@

demo: $(READY)lab ## A link goes down, FANNEL judges it in one Slack thread, all on this machine (KEEP=1: leave it running)
	@$(BIN)/fannel demo

# A file's tests share what they started, so one process runs the whole file; in the order of names, the long ones of
# tests/e2e begin early. (pytest-xdist 3.8 does not see its own groups under pytest 9.2, so --dist loadgroup is no way.)
test: $(READY)test ## All tests that need no root
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not privileged" $(ARGS)

test-privileged: $(READY)test ## Tests with real routers and senders (root, Debian's snmp snmpd frr frr-snmp openssh-server)
	$(BIN)/python -m pytest -m privileged $(ARGS)

fuzz: $(READY)test ## Fuzz the way of a datagram for SECONDS=600; what fails is kept in var/fuzz
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[fuzz]" || \
	    { echo 'fuzz SKIPPED: atheris does not install on this machine'; exit 0; }; \
	$(BIN)/python tests/fuzz/atheris_datagram_road.py "$(SECONDS)" $(ARGS)

lint: $(READY)lint ## Formatting, lint, types, YAML, Ansible
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ansible-lint --offline

format: $(READY)lint ## Format the Python files and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pins: ## Resolve all dependencies anew and write constraints.txt
	rm -rf var/pins && $(PYTHON) -m venv var/pins
	var/pins/bin/pip install --quiet --no-compile ".[dev,fuzz]"
	{ sed '/^[^#]/,$$d' constraints.txt; var/pins/bin/pip freeze --exclude fannel; } > var/pins/constraints.txt
	mv var/pins/constraints.txt constraints.txt && rm -rf var/pins

clean: ## Remove everything that was made here
	rm -rf $(VENV) var build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
