# make demo        installs what is missing into .venv, trains a small GAN on ten
#                  drawn shapes and scores it, in minutes; SEED=2 for another one
# make test        installs what is missing into .venv and runs the tests, all but
#                  those that take long: minutes on two cores
# make test-long   those;  make test-all  both
# make test-versions  those that can fail on another TensorFlow (marked versions)
# make test-slow   the tests that train for real (marked slow)
# make lint        what CI says about format, style and types;  make format
#                  mends the format
# make test-oldest  the oldest versions that setup.py allows, on Python 3.9
# make package     builds wheel and sdist into dist/ and checks them, the recipe,
#                  the Dockerfiles and the workflows;  make check-docker  runs the
#                  Dockerfiles' steps without docker (downloads gigabytes)
# make docs        builds the documentation site into build/site, and checks its
#                  links; open build/site/index.html, no server is needed
# make clean       removes the virtual environments and everything built
#
# Another Python or TensorFlow, in its own environment:
#   make test-all VENV=.venv-tf2.6 PYTHON=python3.9 \
#     CONSTRAINTS=constraints-tf2.6.txt
# Some tests only:
#   make test PYTEST_ARGS="tests/architectures -k dcgan"

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?=
PYTEST_ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install
INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.installed-test
RELEASABLE := $(VENV)/.installed-release
DOCUMENTABLE := $(VENV)/.installed-docs

# Tests of this size keep two processes busy, not the threads of one.
JOBS ?= 2
THREADS ?= 1
TESTS := test test-long test-all test-versions test-slow
$(TESTS): export OMP_NUM_THREADS ?= 1
$(TESTS): export OPENBLAS_NUM_THREADS ?= 1
$(TESTS): export MKL_NUM_THREADS ?= 1
$(TESTS): export TF_NUM_INTRAOP_THREADS ?= $(THREADS)
$(TESTS): export TF_NUM_INTEROP_THREADS ?= $(THREADS)

# The marks are explained in pyproject.toml. What trains for real has the
# machine to itself.
test: WHICH := not slow and not long
test-long: WHICH := not slow and long
test-all: WHICH := not slow
test-versions: WHICH := not slow and versions and not once
ifeq (,$(findstring 2.6,$(CONSTRAINTS)))
test-long test-versions: WHICH += and not npu
test-versions: WHICH += and (not long or between)
endif
test-slow: WHICH := slow
test-slow: JOBS := 0

.PHONY: demo $(TESTS) lint format docs package test-oldest check-docker
.PHONY: install install-test clean

# Again with the same SEED it goes on where it was, or shows what there is.
SEED ?= 1
DEMO := runs/demo-$(SEED)

demo: $(INSTALLED)
	$(BIN)/python -m compare_gan.main --gin_config=demo.gin \
	  --gin_bindings="run_config.tf_random_seed = $(SEED)" \
	  --model_dir=$(DEMO) --schedule=eval_after_train \
	  --num_eval_averaging_runs=1 --eval_every_steps=1000000
	$(BIN)/python -m compare_gan sample --model_dir=$(DEMO) --n=100 \
	  --seed=$(SEED) --make=classes --out=$(DEMO)/samples
	@echo "Look at $(DEMO)/samples/classes.png and $(DEMO)/scores.csv"

$(TESTS): $(TESTABLE)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "$(WHICH)" \
	  $(PYTEST_ARGS)

lint: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(TESTABLE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-oldest:
	bash .ci/oldest $(PYTEST_ARGS)

CHECK_SCHEMA = $(BIN)/check-jsonschema --builtin-schema
package: $(RELEASABLE)
	rm -rf dist
	$(BIN)/python .ci/check_release.py
	$(BIN)/python .ci/extras_table.py
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python .ci/check_package.py dist
	$(BIN)/hadolint docker/*.Dockerfile
	$(CHECK_SCHEMA) vendor.github-workflows .github/workflows/*.yml
	$(CHECK_SCHEMA) vendor.github-issue-forms \
	  $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(CHECK_SCHEMA) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(CHECK_SCHEMA) vendor.dependabot .github/dependabot.yml
	$(CHECK_SCHEMA) vendor.citation-file-format CITATION.cff

check-docker:
	$(PYTHON) docker/check.py docker/cpu.Dockerfile
	$(PYTHON) docker/check.py docker/gpu.Dockerfile

# NOTEBOOKS=run also runs the notebooks, and shows what they print and draw.
docs: $(DOCUMENTABLE)
	$(BIN)/python -m docs_build $(if $(NOTEBOOKS),--run_notebooks)

install: $(INSTALLED)
	@:

install-test: $(TESTABLE)
	@:

# Each is younger than what it was installed from, and holds what pip said.
# Without pip, or with its Python gone, an environment is made anew. Python
# compiles a module when it first needs it: pip would compile all of them.
$(INSTALLED): WANTED := .
$(TESTABLE): WANTED := ".[test]"
$(RELEASABLE): WANTED := ".[release]"
$(DOCUMENTABLE): WANTED := ".[docs]"
$(TESTABLE) $(RELEASABLE) $(DOCUMENTABLE): $(INSTALLED)
$(INSTALLED) $(TESTABLE) $(RELEASABLE) $(DOCUMENTABLE): setup.py \
    pyproject.toml compare_gan/version.py $(CONSTRAINTS)
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || \
	  { echo "Making $(VENV)" && $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing compare_gan and what it needs into $(VENV)"
	@{ $(PIP) --upgrade pip && $(PIP) --no-compile --editable $(WANTED) \
	  $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)); } > $@.log 2>&1 || \
	  { cat $@.log; exit 1; }
	@mv $@.log $@

clean:
	rm -rf .venv .venv.ci .venv-tf* .venv-oldest build dist *.egg-info
	rm -rf .pytest_cache .ruff_cache .mypy_cache
	find compare_gan tests -name __pycache__ -type d -prune -exec rm -rf {} +
