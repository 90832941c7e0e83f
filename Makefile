# `make` alone lists what there is. Everything runs in .venv, which is made on first use.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 3030
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test check run fix golden bench soak

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */\1\t/' | awk -F'\t' '{printf "make %-10s %s\n", $$1, $$2}'

demo: .venv/demo  ## try Escalator in a browser, without Slack (HOST=, PORT=)
	@$(BIN)/python -m playground.demo --host $(HOST) --port $(PORT)

test: .venv/dev  ## run all tests (ARGS="..." goes to pytest)
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

check: .venv/dev  ## everything that must be clean: format, lint, types, imports, tests
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/python -m pytest -q -n auto

run: .venv/run  ## run the bot against Slack, with the settings in .env
	@$(BIN)/python app.py run

fix: .venv/dev  ## format, and mend what can be mended by itself
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

golden: .venv/dev  ## write the golden cards anew; look at the diff
	@$(BIN)/python -m pytest -q tests/slack --update-golden ; git diff --stat tests/slack/golden

bench: .venv/dev  ## measure what docs/numbers.md states
	@$(BIN)/python -m tests.benchmarks.run

soak: .venv/dev  ## the long proofs: kills, storms
	@$(BIN)/python -m pytest -q -m soak --timeout 1800

.venv/run: requirements.txt requirements-postgres.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Escalator needs ..."
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/demo: .venv/run playground/requirements.txt
	@$(BIN)/pip install -q --disable-pip-version-check -r playground/requirements.txt
	@touch $@

.venv/dev: .venv/demo requirements-dev.txt requirements-postgres.txt requirements-holidays.txt
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@
