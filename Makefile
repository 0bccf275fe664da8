# `make up` and `make test` do everything on a bare Debian 12 machine with root, Go 1.26.6 and Python 3.11.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STACK ?= dev
LAB ?= 1
PYTHON ?= python3
# Day, time zone and order of the unit tests: as an earlier run printed it, or `today`; drawn anew if empty.
VARIANT ?=
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/istio-ingress
# The environment is this folder's own: the package in it is this clone's, by path.
VENV := $(CACHE)/venv/$(shell { $(PYTHON) --version; pwd; cat requirements.txt requirements-dev.txt; } | sha256sum | cut -c1-16)
PY := $(VENV)/bin/python
COMMAND := $(VENV)/bin/istio-ingress
READY := $(VENV)/.package-$(shell sha256sum < pyproject.toml | cut -c1-16)
PIP := $(VENV)/bin/pip --quiet --disable-pip-version-check
CACHES := MYPY_CACHE_DIR=$(CACHE)/mypy RUFF_CACHE_DIR=$(CACHE)/ruff

# LAB=0: the current kube context and the pulumi on PATH, instead of the lab's.
ifeq ($(LAB),0)
ON_CLUSTER := export PATH="$(VENV)/bin:$$PATH" PULUMI_STACK=$(STACK);
else
ON_CLUSTER := eval "$$($(PY) -m lab env)"; export PULUMI_STACK=$(STACK);
endif

.PHONY: help up down test test-unit test-e2e test-sdks lint types doctor status env renew-check bench bench-compare soak

help: ## what each target does
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

up: stack-is-known lab ## start the lab, deploy the stack, send the walk-through's requests; FRESH=1: on a new lab
	@$(ON_CLUSTER) exec $(PY) -m deploy up $(STACK)
	@$(ON_CLUSTER) $(COMMAND) requests || { [ $$? = 1 ] && $(PY) -m deploy repair $(STACK) && $(COMMAND) requests; }

down: $(READY) ## destroy the stack, then end the lab
ifeq ($(LAB),0)
	@$(ON_CLUSTER) exec $(PY) -m deploy down $(STACK)
else
	@$(PY) -m lab status >/dev/null || exit 0; $(ON_CLUSTER) exec $(PY) -m deploy down $(STACK) --with-the-lab
	@exec $(PY) -m lab down
endif

test: lint types test-unit test-e2e test-sdks ## everything: lint, types, unit tests, end-to-end tests on the lab

test-unit: $(READY) ## mocks and pure functions, each run on another day; VARIANT=today for this one
	@$(PY) -m tests.variants "$(VARIANT)" -p no:cacheprovider -n auto tests/unit

# Files share the lab two at a time; those that break it, or start another, have it to themselves.
test-e2e: lab ## the real engine, providers, Istio and Envoy
	@$(ON_CLUSTER) $(PY) -m pytest -p no:cacheprovider -n 2 --dist loadfile -m "not soak and not alone" tests/e2e
	@$(ON_CLUSTER) $(PY) -m pytest -p no:cacheprovider -m "alone and not soak" tests/e2e

test-sdks: lab ## on the oldest Pulumi SDK that is promised; on the newest there is, which is only reported
	@$(PY) -m tests.sdks oldest
	@$(PY) -m tests.sdks newest

soak: lab ## what takes longer: many kills, many rotations
	@$(ON_CLUSTER) $(PY) -m pytest -p no:cacheprovider -m soak tests/e2e

lint: $(READY) ## ruff: rules and format
	@$(CACHES) $(VENV)/bin/ruff check . && $(CACHES) $(VENV)/bin/ruff format --check .

types: $(READY) ## mypy, strict
	@$(CACHES) $(PY) -m mypy

bench: lab ## figures, measured now; no test depends on them
	@$(ON_CLUSTER) $(PY) -m tests.bench run stack first_request hosts handshakes live
	@$(PY) -m tests.bench run check lab

bench-compare: $(READY) ## what has become worse: make bench-compare OLD.json NEW.json
	@$(PY) -m tests.bench compare $(FILES)

doctor: $(READY) ## what is wrong with the ingress, and the next step
	@$(ON_CLUSTER) $(COMMAND) doctor $(DOCTOR)

status: $(READY) ## what runs in the lab
	@$(PY) -m lab status

env: $(READY) ## exports for a shell: eval "$$(make -s env)"
	@$(PY) -m lab env
	@echo "export PULUMI_STACK=$(STACK)"

renew-check: $(READY) ## exit code 0: no certificate is due
	@$(ON_CLUSTER) $(COMMAND) renew-check

.PHONY: stack-is-known
stack-is-known: $(READY)
	@$(PY) -m deploy check $(STACK)

.PHONY: lab
lab: $(READY)
ifneq ($(LAB),0)
	@exec $(PY) -m lab up $(if $(FRESH),--fresh)
endif

# Made anew unless it was completed; the lock makes a second run wait for the first. Those of folders that are gone go.
$(READY):
	@mkdir -p $(CACHE)/venv
	@exec 9>$(VENV).lock; flock 9; [ -e $(VENV)/.folder ] || { \
	  for old in $(CACHE)/venv/*/.folder; do [ -d "$$(cat $$old 2>&1)" ] || rm -rf "$$(dirname $$old)"{,.lock}; done; \
	  echo "  Python environment in $(VENV)" >&2; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); \
	  $(PIP) install -r requirements-dev.txt; pwd > $(VENV)/.folder; }
	@exec 9>$(VENV).lock; flock 9; [ -e $@ ] || { \
	  $(PIP) install --no-deps --no-build-isolation --editable .; rm -f $(VENV)/.package-*; touch $@; }

# `make bench-compare OLD.json NEW.json` names files: they are there already, and no target.
FILES := $(filter %.json,$(MAKECMDGOALS))
ifneq ($(FILES),)
.PHONY: $(FILES)
$(FILES): ; @:
endif
