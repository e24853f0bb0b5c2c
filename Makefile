# `make` alone prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
ASSIGNMENT ?= ps1_batchnorm
export PYTHONWARNINGS ?= ignore::UserWarning:paddle

.PHONY: help setup demo test test-quick bench lint tidy release grade feedback lab lessons site data studies gpu-check lock clean

help:  ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make .venv with every pinned version (Python 3.11 to 3.13)

$(READY): requirements.lock pyproject.toml
	@python=$$(for p in $(PYTHON) python3 python3.12 python3.13 python3.11; do \
	  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done); \
	if [ -z "$$python" ]; then echo "error: no Python 3.11, 3.12 or 3.13 was found; install one, or name it: make setup PYTHON=/path/to/python"; exit 1; fi; \
	echo "setting up $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	@echo "installing $$(grep -c '==' requirements.lock) packages"
	@$(RUN) -m uv pip install --quiet --python $(RUN) -r requirements.lock || $(RUN) -m pip install --quiet -r requirements.lock
	@$(RUN) -m uv pip install --quiet --python $(RUN) --no-deps -e . || $(RUN) -m pip install --quiet --no-deps -e .
	@touch $@

demo: $(READY)  ## release, collect and grade a sample class; prints one table
	@$(RUN) -m course demo

test: $(READY)  ## the whole test suite
	@$(RUN) -m pytest -n auto --dist loadgroup

test-quick: $(READY)  ## something of every test in about a minute, while you are changing something
	@$(RUN) -m pytest -n auto --dist loadgroup --quick

bench: $(READY)  ## measure grading against stock nbgrader; writes docs/performance.md (most of an hour)
	@$(RUN) -m benchmarks.grading

lint: $(READY)  ## check format, lint, types, spelling, phrases, and who imports whom
	@$(RUN) -m ruff format --check . && $(RUN) -m ruff check . && $(RUN) -m mypy && $(VENV)/bin/lint-imports --no-cache \
	  && $(VENV)/bin/codespell && $(RUN) -m course prose && $(RUN) -m course tidy --check && $(RUN) -m course translate check

tidy: $(READY)  ## format the code and bring notebooks into their canonical form
	@$(RUN) -m ruff check --quiet --fix . ; $(RUN) -m ruff format --quiet . ; $(RUN) -m course tidy

release: $(READY)  ## make release/, the folder that students get (LANGUAGE=zh in Chinese)
	@$(if $(findstring command,$(origin LANGUAGE)),COURSE_LANG=$(LANGUAGE)) $(RUN) -m course release

grade: $(READY)  ## grade what lies under submitted/ (ASSIGNMENT=ps1_batchnorm)
	@$(RUN) -m course grade $(ASSIGNMENT)

feedback: $(READY)  ## write the feedback pages again (ASSIGNMENT=ps1_batchnorm)
	@$(RUN) -m course feedback $(ASSIGNMENT)

lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/course/building/lab:$(JUPYTER_CONFIG_PATH)
lab: $(READY)  ## open the lessons, assignments and the formgrader in JupyterLab
	@$(RUN) -m jupyterlab --LabApp.default_url=/lab

lessons: $(READY)  ## run all lessons, and print how long each took
	@$(RUN) -m course lessons

site: $(READY)  ## build the pages into build/site; they need no network (OPTIONS=--answers; LANGUAGES="en zh" for both)
	@$(RUN) -m course site $(foreach one,$(LANGUAGES),--language $(one)) $(OPTIONS)

data: $(READY)  ## fetch MNIST (lessons 1, 4, 5, 6, 8 use it) and CIFAR-10 (lesson 5) into data/downloads; says the size first
	@$(RUN) -m course data

studies: $(READY)  ## run the long studies again that lessons 4 and 5 draw (about half an hour of one core)
	@$(RUN) -m course.studies all

gpu-check: $(READY)  ## compare the references on the GPU, where there is one, with the CPU
	@$(RUN) -m course gpu-check

lock: $(READY)  ## resolve the versions anew into requirements.lock
	@$(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	  --group dev --all-extras --output-file requirements.lock pyproject.toml > /dev/null
	@sed -i '1i # Every version the course is tested with, for Python 3.11 to 3.13. Made by `make lock`; read by `make setup`.' requirements.lock

clean:  ## remove everything that can be made again (never submissions or the gradebook)
	@rm -rf $(VENV) build release .pytest_cache .ruff_cache .mypy_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
