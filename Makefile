# Duecourse. `make help` lists the targets.
PYTHON ?= python3
LEDGER ?= quickbooks
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCHED := $(VENV)/.benched

.DEFAULT_GOAL := help
.PHONY: help demo test lint unit bench format lock mutation clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Duecourse needs Python 3.11 or newer.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## play a month in the life of a company, then let the judge check every promise (LEDGER=s4hana, business-one)
	@$(BIN)/duecourse demo --out demo-out --ledger $(LEDGER)
	@$(BIN)/python -m tests.judge demo-out

test: lint unit ## ruff, mypy --strict, the import contracts, and all tests

lint: $(READY) ## ruff, mypy --strict and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

unit: $(READY) ## all tests, two at a time
	@$(BIN)/pytest -n 2 --dist worksteal

$(BENCHED): $(READY) tests/bench/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/bench/requirements.lock
	@touch $(BENCHED)

bench: $(BENCHED) ## measure speed, write the table and the plot into docs/ (a quarter of an hour; installs Tryton beside it)
	@sh tests/bench/smtp_sink.sh
	@$(BIN)/python -m tests.bench --write

format: $(READY) ## put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(READY) ## renew the lock files from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra test --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --no-annotate -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra build --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --no-annotate -o docker/requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra bench --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-header --no-annotate -c requirements.lock -o tests/bench/requirements.lock

mutation: $(READY) ## mutants of the rules and of the outbox: how many the tests notice (docs/reliability.md; an hour)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[mutation]'
	@nice $(BIN)/mutmut run
	@$(BIN)/mutmut results

clean: ## remove what was made
	@rm -rf $(VENV) .venv-tryton demo-out mutants .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
