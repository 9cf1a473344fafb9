# `make` alone lists the commands. ROS_DISTRO=kilted uses Kilted; PYTHON=python3.12 another interpreter.
PYTHON ?= python3
ROS_DISTRO := $(or $(ROS_DISTRO),jazzy)
VENV := $(if $(filter kilted,$(ROS_DISTRO)),.venv-kilted,.venv)
PROVISION = @ROS_DISTRO=$(ROS_DISTRO) PYTHONPATH=src $(PYTHON) -B -m armature.provision
# The node that setup has put into the environment, or else the machine's.
NPM := @PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --prefix web --silent
export ROS_DISTRO
# Tests start processes some hundred times, each of which would compile the whole source.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test test-untimed test-timed check-style check-types check-rules soak check web docs bench clean

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Install everything into .venv; start nothing
	$(PROVISION) setup

run: setup ## Start the graph on the emulated arm; ARGS="--port /dev/ttyUSB0" for a real one
	@exec $(VENV)/bin/armature up $(ARGS)

# Tests that no delay of the machine can fail take what is left by those in real time, which wait half of their time.
UNTIMED := tests/bench tests/core tests/description tests/dynamixel tests/emulator/faults tests/emulator/physics tests/emulator/servo tests/recording tests/docs tests/nodes/arm_controller \
	tests/provision tests/monitor/api tests/client tests/cli/arm tests/cli/graph tests/cli/test_robot_files.py $(wildcard tests/test_*.py)
# What `make check` runs is not run again by a `make check test`.
RULES := tests/test_imports.py tests/test_inheritance.py tests/test_registers.py tests/docs
CHECKED := $(if $(filter check,$(MAKECMDGOALS)),$(RULES))
test: ## Run all tests; ARGS="-k wiring" for some
	$(PROVISION) test
	$(NPM) test
ifeq ($(ARGS),)
	@$(MAKE) --no-print-directory --jobs --output-sync=target CHECKED="$(CHECKED)" test-untimed test-timed
else
	@exec $(VENV)/bin/python -m pytest $(ARGS)
endif

test-untimed:
	@exec $(VENV)/bin/python -m pytest -n auto --dist worksteal --give-way $(CHECKED:%=--ignore=%) $(filter-out $(CHECKED),$(UNTIMED))

test-timed:
	@exec $(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=10 $(UNTIMED:%=--ignore=%) tests

soak: ## Run the long tests whole: a million cycles over a bad wire, a million strings of nonsense, chaos
	$(PROVISION) test
	@exec $(VENV)/bin/python -m pytest -s -m soak --soak tests $(ARGS)

check: ## Check format, lint, types, the page's types, imports, inheritance and registers by role
	$(PROVISION) test
	@$(MAKE) --no-print-directory --jobs --output-sync=target check-style check-types check-rules

check-style:
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .

check-types:
	@$(VENV)/bin/mypy
	$(NPM) run check

check-rules:
	@$(VENV)/bin/python -m pytest -q $(RULES)

# One page serves every distribution, also those without wheels.
web: ROS_DISTRO := jazzy
web: ## Build the web page into web/dist
	$(PROVISION) web

docs: ## Build the documents into docs/_build/html, without a warning
	$(PROVISION) docs
	@$(VENV)/bin/python docs/reference_tables
	@$(VENV)/bin/python -m sphinx -q -W --keep-going -j auto -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

bench: setup ## Measure this machine
	@exec $(VENV)/bin/armature bench $(ARGS)

clean: ## Remove everything that setup and the tests have made
	rm -rf .venv .venv-kilted web/node_modules web/dist docs/_build docs/generated build install log src/*.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
