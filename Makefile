# `make run` and `make test` need Python 3.11 or later, pip and make; they set up the rest.

PYTHON ?= $(firstword $(shell for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$name -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done))
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint format schema bench clean

help: ## say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1	/' | expand -t 16

# A stamp is written last, so that an interrupted installation is done again.
$(VENV)/run.stamp: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Dateline needs Python 3.11 or later with venv; none was found." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -c "import pathlib, site; pathlib.Path(site.getsitepackages()[0], 'dateline.pth').write_text(str(pathlib.Path.cwd()) + '\n')"
	@printf '#!/bin/sh\nexec "%s/python" -m cli "$$@"\n' "$(abspath $(BIN))" > $(BIN)/dateline && chmod +x $(BIN)/dateline
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: $(VENV)/run.stamp ## serve the record with the example in it, until Ctrl-C
	@exec $(BIN)/dateline serve

test: lint ## check and test everything
	@$(BIN)/python -m pytest

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
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
