# Fleet Portal. `make` alone lists what there is.
PYTHON  ?= python3
# One more than two cores: some tests wait for processes, and leave theirs idle.
WORKERS ?= 3
VENV    := .venv
PY      := $(VENV)/bin/python
# For programs that read the settings but never sign in to a server.
NO_SERVERS := SECRET_KEY=none DATABASE_URL=postgresql://none@localhost/none REDIS_URL=redis://localhost

# Where the environment says otherwise, each of the portal's processes compiles the sources anew, and each worker of the
# tests the tests. Empty means that what was compiled is kept (in __pycache__, which git ignores).
export PYTHONDONTWRITEBYTECODE :=

SOURCES := fleetportal accounts vehicles cards tests scripts manage.py
MO := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup setup-tests tools demo test test-long check rules plant bench audit screenshots messages env

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Setting up: each part is done again only when what it was made from has changed ------------------------------

setup: tools $(VENV)/runtime.stamp static/vendor/.stamp $(MO) ## everything the portal needs to run (installs what is missing where it may)

setup-tests: setup $(VENV)/dev.stamp

tools:
	@PYTHON="$(PYTHON)" sh scripts/need.sh python node gettext

$(PY):
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements/runtime.txt | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/runtime.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/runtime.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@

node_modules/.stamp: package-lock.json package.json
	npm ci --no-audit --no-fund
	@touch $@

static/vendor/.stamp: node_modules/.stamp $(wildcard scripts/assets.* scripts/icons.txt)
	npm run --silent assets
	@touch $@

%.mo: %.po
	msgfmt --check-format --output-file=$@ $<

# --- Running --------------------------------------------------------------------------------------------------------

demo: export PORTAL_DEMO := 1
demo: setup ## the portal with made-up companies, at http://localhost:8000 (PORT=… for another port)
	@exec $(PY) manage.py up --stop-with-parent

env: ## the secrets for docker compose, in .env
	@$(PYTHON) scripts/make_env.py

# --- Testing --------------------------------------------------------------------------------------------------------

test: setup-tests ## all tests, with samples and fixed seeds (at most 15 minutes)
	@sh scripts/need.sh chromium
	$(PY) -m pytest -m "not long" -n $(WORKERS) --dist loadgroup

test-long: setup-tests ## matrices, state machines, kills and simulated years in full
	@sh scripts/need.sh chromium
	$(PY) -m pytest -m "long" -n $(WORKERS) --dist loadgroup

# What tells most in the least time: manners, addresses, texts, rights and the small parts that all rests on.
QUICK := tests/frontend tests/house/test_style.py tests/house/test_urls.py tests/house/test_describe.py \
	tests/house/test_docs.py tests/house/test_translations.py tests/accounts/test_rights.py tests/core/test_search.py \
	tests/core/test_schema.py tests/cards/test_codes.py tests/cards/test_numbers.py tests/cards/test_plates.py

check: setup-tests ## style, types, layers, and the quick tests (at most 2 minutes)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(NO_SERVERS) $(VENV)/bin/mypy fleetportal accounts vehicles cards
	$(VENV)/bin/lint-imports
	$(PY) -m pytest $(QUICK) -m "not browser and not long" -n $(WORKERS) --dist loadgroup

rules: setup-tests ## which rules of docs/rules.md are proven by a test, and which are not
	$(PY) scripts/rules.py

plant: setup-tests ## plants each known fault in a copy and demands a red test (PLANTS="name …" for some)
	@sh scripts/need.sh chromium
	$(PY) scripts/plant.py $(PLANTS)

bench: setup-tests ## the figures of docs/performance.md
	$(PY) scripts/bench.py

audit: setup-tests ## Lighthouse and the HTML checker on the main pages
	@sh scripts/need.sh chromium java
	node scripts/audit.mjs

screenshots: setup-tests ## the pictures of the pages, for looking at and for the README
	@sh scripts/need.sh chromium
	$(PY) scripts/screenshots.py

messages: setup ## collects the texts to translate from code and templates
	$(NO_SERVERS) $(PY) manage.py makemessages
