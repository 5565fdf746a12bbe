# Pathway. A fresh machine needs Python 3.11 or newer, git and make; the rest comes from package registries.
#   make demo     start everything with synthetic people (PORT=8000, RESET=1 starts over)
#   make test     the whole suite on embedded servers      make check   format, lint, types, layers, templates
#   make bench    benchmarks as ratios                     make static  the front-end files
#   make simulate years of a clinic with faults injected from a seed (SEEDS=20 PATIENTS=200 YEARS=5)
#   make format   fix what can be fixed by a tool          make lock    compile requirements*.txt anew
#   make mutants  mutation tests of the clinical layer     make clean   remove what tools made, keep var/
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
PORT ?= 8000
RESET ?=
WORKERS ?= 2
TESTS ?=
SEEDS ?= 20
PATIENTS ?= 200
YEARS ?= 5
RESULTS ?=

BIN := .venv/bin
PY := $(BIN)/python
INSTALLED := .venv/.installed
STATIC := static_build/.stamp

.PHONY: help demo test check bench simulate lock static format mutants clean install

help:
	@sed -n '2,7p' Makefile | cut -c3-

install: $(INSTALLED)
static: $(STATIC)

# --- environment ---
# pip stops half-way on a full disk or a lost line: the stamp is written last, so the next make goes on from there.
$(INSTALLED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Pathway needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.txt
	@touch $@

$(STATIC): $(INSTALLED) package.json package-lock.json config/assets.py templates/_components/icons.txt
	$(PY) -m config.assets
	@touch $@

lock: $(INSTALLED)
	$(BIN)/pip-compile $(LOCK_FLAGS) --output-file requirements.txt requirements.in
	$(BIN)/pip-compile $(LOCK_FLAGS) --output-file requirements-dev.txt requirements-dev.in
LOCK_FLAGS := --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --allow-unsafe --no-strip-extras

# --- run ---
# exec, so that no shell stands between make and the demo: when make is killed, the demo notices.
demo: $(INSTALLED) $(STATIC)
	@DEMO=1 exec $(PY) manage.py demo --port "$(PORT)" --follow-parent $(if $(filter-out 0,$(RESET)),--reset)

# --- prove ---
test: $(INSTALLED) $(STATIC)
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || echo "No Chromium on PATH: the browser tests do not run. (Debian: apt-get install chromium)"
	$(BIN)/pytest -q -n $(WORKERS) --dist loadgroup $(TESTS)

check: export TESTING := 1
check: $(INSTALLED) $(STATIC)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo
	$(PY) manage.py check --fail-level WARNING
	$(PY) -W ignore manage.py makemigrations --check --dry-run
	$(PY) manage.py check_protocol
	$(BIN)/djade --check $$(git ls-files '*.html')
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/mypy
	@echo "manage.py check --deploy with a production environment"
	@env TESTING=0 $(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

# What .env.example asks for, with harmless values: enough for Django's own deployment checks.
PRODUCTION := SECRET_KEY=$(shell printf 'abcdefghij0123456789%.0s' 1 2 3) ALLOWED_HOSTS=pathway.example \
  SITE_URL=https://pathway.example DATABASE_URL=postgresql://pathway:x@db/pathway REDIS_URL=redis://broker:6379/0 \
  EMAIL_URL=smtp+tls://pathway:x@mail.example:587 DEFAULT_FROM_EMAIL=pathway@pathway.example TRUSTED_PROXIES=1

bench: $(INSTALLED)
	$(PY) -m tests.bench

simulate: $(INSTALLED)
	$(PY) -m tests.simulation --seeds $(SEEDS) --patients $(PATIENTS) --years $(YEARS) $(if $(RESULTS),--results "$(RESULTS)")

mutants: $(INSTALLED)
	$(BIN)/mutmut run

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djade $$(git ls-files '*.html')

clean:
	rm -rf .venv node_modules static_build static_root mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis
