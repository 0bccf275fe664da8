# `make up` and `make test` do everything on a bare Debian 12 machine with root, Go 1.26 and Python 3.11.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STACK ?= dev
LAB ?= 1
PYTHON ?= python3
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/istio-ingress
VENV := $(CACHE)/venv/$(shell { $(PYTHON) --version; cat requirements.txt requirements-dev.txt; } | sha256sum | cut -c1-16)
PY := $(VENV)/bin/python
CACHES := MYPY_CACHE_DIR=$(CACHE)/mypy RUFF_CACHE_DIR=$(CACHE)/ruff

# LAB=0: the current kube context and the pulumi on PATH, instead of the lab's.
ifeq ($(LAB),0)
ON_CLUSTER := export PATH="$(VENV)/bin:$$PATH" PULUMI_STACK=$(STACK);
else
ON_CLUSTER := eval "$$($(PY) -m lab env)"; export PULUMI_STACK=$(STACK);
endif

.PHONY: help up down test test-unit test-e2e lint types doctor status env renew-check bench bench-compare soak

help: ## what each target does
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

up: lab ## start the lab, deploy the stack, send the walk-through's requests
	@$(ON_CLUSTER) $(PY) -m deploy up $(STACK)
	@$(ON_CLUSTER) $(PY) -m doctor requests

down: $(VENV)/.complete ## destroy the stack, then end the lab
ifeq ($(LAB),0)
	@$(ON_CLUSTER) $(PY) -m deploy down $(STACK)
else
	@if $(PY) -m lab status >/dev/null; then $(ON_CLUSTER) $(PY) -m deploy down $(STACK); fi
	@$(PY) -m lab down
endif

test: lint types test-unit test-e2e ## everything: lint, types, unit tests, end-to-end tests on the lab

test-unit: $(VENV)/.complete ## mocks and pure functions, seconds
	@$(PY) -m pytest -p no:cacheprovider -n auto tests/unit

# Files share the lab two at a time; those that break it, or start another, have it to themselves.
test-e2e: lab ## the real engine, providers, Istio and Envoy
	@$(ON_CLUSTER) $(PY) -m pytest -p no:cacheprovider -n 2 --dist loadfile -m "not soak and not alone" tests/e2e
	@$(ON_CLUSTER) $(PY) -m pytest -p no:cacheprovider -m "alone and not soak" tests/e2e

soak: lab ## what takes longer: many kills, many rotations
	@$(ON_CLUSTER) $(PY) -m pytest -p no:cacheprovider -m soak tests/e2e

lint: $(VENV)/.complete ## ruff: rules and format
	@$(CACHES) $(VENV)/bin/ruff check . && $(CACHES) $(VENV)/bin/ruff format --check .

types: $(VENV)/.complete ## mypy, strict
	@$(CACHES) $(PY) -m mypy

bench: lab ## figures, measured now; no test depends on them
	@$(ON_CLUSTER) $(PY) -m tests.bench run stack first_request hosts handshakes live
	@$(PY) -m tests.bench run lab

bench-compare: $(VENV)/.complete ## what has become worse: make bench-compare OLD.json NEW.json
	@$(PY) -m tests.bench compare $(FILES)

doctor: $(VENV)/.complete ## what is wrong with the ingress, and the next step
	@$(ON_CLUSTER) $(PY) -m doctor $(DOCTOR)

status: $(VENV)/.complete ## what runs in the lab
	@$(PY) -m lab status

env: $(VENV)/.complete ## exports for a shell: eval "$$(make -s env)"
	@$(PY) -m lab env
	@echo "export PULUMI_STACK=$(STACK)"

renew-check: $(VENV)/.complete ## exit code 0: no certificate is due
	@$(ON_CLUSTER) $(PY) -m deploy renew-check $(STACK)

.PHONY: lab
lab: $(VENV)/.complete
ifneq ($(LAB),0)
	@$(PY) -m lab up
endif

# Made anew unless it was completed; the lock makes a second run wait for the first.
$(VENV)/.complete:
	@mkdir -p $(CACHE)/venv
	@exec 9>$(VENV).lock; flock 9; [ -e $@ ] || { \
	  echo "  Python environment in $(VENV)" >&2; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); \
	  $(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt; touch $@; }

# `make bench-compare OLD.json NEW.json` names files: they are there already, and no target.
FILES := $(filter %.json,$(MAKECMDGOALS))
ifneq ($(FILES),)
.PHONY: $(FILES)
$(FILES): ; @:
endif
