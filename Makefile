# make demo: set up, then the sample data in the browser.   make test: set up, then every check.
# Nothing but Python 3.11 or newer and make is needed. Another Python: make test PYTHON=python3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements.lock pyproject.toml | cksum | tr ' ' '-')
INSTALL := pip install --quiet --require-hashes --requirement

.PHONY: demo test suite lint bench lock clean setup

demo: setup
	$(BIN)/clear-to-send demo

test: setup
	+$(MAKE) --jobs=2 lint suite

# Five workers on two cores: many tests wait, for a pace, an answer or another process. Each does with one thread of BLAS:
# threads of several processes on one core wait for each other by spinning.
suite: setup
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --dist worksteal -n $$($(BIN)/python -c 'import os; print(5 * os.cpu_count() // 2)') $(PYTEST_ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m tests.benchmarks

setup: $(READY)

# The stamp's name changes with the lock and the project file, so an unchanged set-up costs nothing.
# uv, by its own hash in the lock, takes a tenth of pip's time; pip stands in where uv cannot reach what pip is set for.
$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Clear to Send needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@awk '/^[^ ]/ { is_uv = /^uv==/ } is_uv' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m $(INSTALL) $(VENV)/uv.lock
	$(BIN)/uv $(INSTALL) requirements.lock --system-certs --python $(BIN)/python || $(BIN)/python -m $(INSTALL) requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@

# Newest versions that pyproject.toml allows, for every system, with hashes, and without a word on where they came from.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	.venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
		--system-certs --no-header --no-annotate --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .venv-lock dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
