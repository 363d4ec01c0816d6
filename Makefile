# Everything starts from `make setup`, which the others call; each target may be run again at any time.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
COMPILE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

LICENCES := Apache Software License;Apache-2.0;Apache License;BSD License;BSD-2-Clause;BSD-3-Clause;BSD;0BSD;EUPL-1.2;\
	ISC;ISC License;LGPL-2.1-or-later;LGPL-3.0-only;MIT;MIT License;MIT-0;Mozilla Public License 2.0;MPL-2.0;PSF-2.0;\
	Python Software Foundation License;The Unlicense;Unlicense;Zlib
# MIT and BSD by their own licence files, which their metadata do not name.
UNNAMED := peewee face

##@ Use it
.PHONY: demo
demo: setup ## Run the product with fictional data and print the accounts (ARGS="--port 8080")
	exec $(BIN)/caseflow demo $(ARGS)

##@ Work on it
.PHONY: setup
setup: $(READY) ## Make .venv with the `caseflow` command in it

# Marked as done only at the very end, so that an interrupted setup is made again. The lock names all there is (--no-deps): asked to
# resolve, pip looks up an extra (`coverage[toml]`) anew and refuses the release of the day, which has no hash there.
$(READY): requirements.lock pyproject.toml package.json package-lock.json hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "caseflow needs Python 3.11 or later; name one with: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@rm -f $@
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
		{ echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: test
test: setup chromium faketime ## Run every test (ARGS="-k inbox" for some)
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term --cov-fail-under=$(if $(ARGS),0,95) $(ARGS)

.PHONY: check
check: check-format check-lint check-types check-security check-licences check-locks ## Lint, types, security, licences, lock files

.PHONY: audit-dependencies
audit-dependencies: setup ## Ask the advisory sources about every pinned package; says so where none is reachable
	@$(BIN)/python -m tests.audit_dependencies

.PHONY: fmt
fmt: setup ## Format the code and repair what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: translations
translations: setup ## Take new texts into translations/
	@pot=$$(mktemp) && trap 'rm -f "$$pot"' EXIT && \
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext -k lazy_ngettext:1,2 \
		--no-location --sort-output -o "$$pot" . && \
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -i "$$pot" -d translations

.PHONY: screenshots
screenshots: setup chromium ## Walk through the product in a browser and keep the pictures (tests/artefacts)
	PICTURES=1 $(BIN)/pytest -n 0 -m browser $(ARGS)

.PHONY: attacks
attacks: setup ## Attack every route in the long form; the counts as a table and as JSON (ARGS="-k races")
	ATTACKS=long $(BIN)/pytest -n 2 tests/trust $(ARGS)

.PHONY: faults
faults: setup faketime ## Strike each fault 50 times under load: kill -9, disk full, network cut, clock jump (ARGS="--rounds 5")
	$(BIN)/python -m tests.load.faults $(ARGS)

.PHONY: soak
soak: setup ## Let 40 users work for 30 minutes at country size and hold the bounds (ARGS="--minutes 3")
	$(BIN)/python -m tests.load.soak $(ARGS)

.PHONY: bench
bench: setup ## Measure speed and size, as a table and as JSON
	$(BIN)/python -m tests.bench $(ARGS)

.PHONY: lock
lock: setup ## Pin the newest versions that pyproject.toml and package.json allow (ARGS="--upgrade")
	$(BIN)/uv pip compile pyproject.toml --group dev $(COMPILE) $(ARGS) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --constraint requirements.lock $(COMPILE) --output-file requirements-run.lock

.PHONY: clean
clean: ## Remove what was made here; data folders stay
	rm -rf $(VENV) node_modules build dist htmlcov .coverage* .mypy_cache .ruff_cache .pytest_cache \
		caseflow/core/static/vendor tests/artefacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z][a-z-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: check-format check-lint check-types check-security check-licences check-locks
check-format: setup
	$(BIN)/ruff format --check .
check-lint: setup
	$(BIN)/ruff check .
check-types: setup
	$(BIN)/mypy
check-security: setup
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml caseflow migrations wsgi.py
	$(BIN)/semgrep scan --metrics=off --disable-version-check --error --quiet --config semgrep.yml caseflow migrations wsgi.py
check-licences: setup
	@$(BIN)/pip-licenses --partial-match --allow-only="$(LICENCES)" --ignore-packages $(UNNAMED) >/dev/null && echo "licences: all allowed"
check-locks:
	@! grep -nE '://|--(index|extra-index|find-links)' requirements.lock requirements-run.lock && ! grep -nE '"resolved"|://[^"]*\.tgz' package-lock.json \
		&& echo "lock files: no download addresses"

# Its own target as chromium is; without it one fault, the clock's jump, is left out and said to be.
.PHONY: faketime
faketime:
	@ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends libfaketime; \
		else echo "the clock's jump is left out of the fault battery; on Debian: apt-get install libfaketime" >&2; fi; }

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; \
		else echo "the browser tests need /usr/bin/chromium; on Debian: apt-get install chromium" >&2; exit 1; fi; }
