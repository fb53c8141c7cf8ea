# `make run` and `make test` need Python 3.11 or later, pip and make; they set up the rest.

NEW_ENOUGH := import sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(shell for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$name -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$name && break; done))
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := tests/clients/npm
SOUND := $(shell test -e $(VENV)/run.stamp && grep -qsF '"$(CURDIR)/$(BIN)/python"' $(BIN)/dateline && \
	$(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null && echo yes)

.DEFAULT_GOAL := help
.PHONY: help run test lint format schema bench clean anew

help: ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1	/' | expand -t 16

# An installation takes the stamps away before it begins: pip takes a package that it had half
# written for one that is there, so one that was interrupted has to start from nothing. So has one
# whose folder was moved or whose Python is gone.
$(VENV)/run.stamp: requirements.txt $(if $(SOUND),,anew)
	@"$(or $(PYTHON),false)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Dateline needs Python 3.11 or later, with venv. Found: $$("$(or $(PYTHON),python3)" -V 2>/dev/null || echo none)." >&2; \
		echo "If there is another, name it: make ... PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@test -n "$(SOUND)" || { \
		"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || without=--without-pip; \
		"$(PYTHON)" -m venv --clear $$without $(VENV); }
	@$(call install,requirements.txt)
	@$(BIN)/python -c 'import pathlib, site; pathlib.Path(site.getsitepackages()[0], "dateline.pth").write_text(f"{pathlib.Path.cwd()}\n")'
	@printf '#!/bin/sh\nexec "%s/python" -m cli "$$@"\n' "$(CURDIR)/$(BIN)" >$(BIN)/dateline
	@chmod +x $(BIN)/dateline
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@$(call install,requirements-dev.txt)
	@touch $(VENV)/run.stamp $@

# Some systems have a pip but not the copy of it that new environments get: theirs then works from outside.
install = rm -f $(VENV)/*.stamp; pip="$(BIN)/python -m pip"; \
	$$pip --version >/dev/null 2>&1 || pip="$(PYTHON) -m pip --python $(BIN)/python"; \
	$$pip --disable-pip-version-check install --quiet --require-hashes -r $(1)

run: $(VENV)/run.stamp ## serve the record with the example in it, until Ctrl-C
	@exec $(BIN)/dateline serve

test: lint $(CLIENTS)/node_modules/.package-lock.json ## check and test everything
	@$(BIN)/python -m pytest

# Where they cannot be had, the tests that want them say so.
$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json | $(VENV)/dev.stamp
	@echo "Installing clients from npm ..."
	@cd $(CLIENTS) && said=$$(PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error 2>&1) && \
		touch node_modules/.package-lock.json || \
		echo "They could not be installed: $$(echo "$$said" | head -n 1)"

lint: $(VENV)/dev.stamp ## check format, style, types and the direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## put the code into form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schema: $(VENV)/run.stamp ## write schema.graphql anew
	@$(BIN)/python -m api.schema

bench: $(VENV)/dev.stamp ## measure side by side with the peers
	@$(BIN)/python -m benchmarks

clean: ## remove what was set up; the record stays
	@rm -rf $(VENV) $(CLIENTS)/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
