# make demo   installs what a run needs into .venv, runs the main job at small size and shows it in the dashboard until Ctrl-C;
#             make demo DEMO=--no-serve ends with the job
# make test   installs what the tests need as well and runs every check, the tests last
# make test-browser    walks through the dashboard in Debian's Chromium (apt install chromium): some minutes
# make chaos-training      kills the workers of a generation at ten random moments and compares every bit: some minutes
# make chaos-steps         kills a run's whole process tree at ten writes to the store and compares every bit: some minutes
# make chaos-service       kills API, orchestrators and Ray workers at thirty moments, restarts PostgreSQL twice, compares every bit: some minutes
# make compose-test        docker-compose up, the README's walk-through, a killed worker, down and up in mid-run: some minutes
# make attacks             runs the corpus of attacks on the sandbox as you; attacks-everywhere: as another user and in containers too
# make environments-page   writes docs/environments.md from the cards and the shipped baselines
# make baselines           trains the human and the sparse reward of every card: hours, resumable
#
# Another interpreter: make demo PYTHON=/path/to/python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile -c constraints.txt
# On all cores, where pip uses one; a few files of others are templates that no Python compiles, and nobody imports them.
COMPILE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
MODEL ?=
DEMO ?=
DATABASE ?= sqlite
# One more than there are cores, since tests wait for processes; four need some 10 GiB.
TESTERS := $(shell cores=$$(nproc); echo $$((cores < 3 ? cores + 1 : 4)))

.PHONY: demo test test-browser compose-test chaos-training chaos-steps chaos-service attacks attacks-everywhere live baselines environments-page pictures install clean \
  bench-designers bench-throughput bench-learning bench-halving bench-footprint bench-kinematics bench-sandbox bench-storage bench-api bench-claim bench-dashboard
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@$(BIN)/rewardsmith demo $(DEMO)

install: $(VENV)/.runtime

# The types are checked beside the tests, which often wait.
test: $(VENV)/.tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy & types=$$!; \
	  $(BIN)/pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder --ignore tests/browser; tests=$$?; \
	  wait $$types && exit $$tests

# Debian's Chromium, and nothing beside it: without a graphics card it draws on all cores.
test-browser: $(VENV)/.browser
	@$(BIN)/pytest tests/browser

# With the engine and docker-compose of this machine; ports 8000 and 8080 must be free.
compose-test: $(VENV)/.tests
	@$(BIN)/python -m tests.compose

chaos-service: $(VENV)/.tests
	@$(BIN)/python -m tests.chaos.service

chaos-training: $(VENV)/.tests
	@$(BIN)/python -m tests.chaos.training

chaos-steps: $(VENV)/.tests
	@$(BIN)/python -m pytest -q tests/chaos/steps.py

attacks: $(VENV)/.runtime
	@$(BIN)/python -m tests.adversary

# Another user needs root to become one; the containers run under Docker's default profile, as root and as a user.
attacks-everywhere: attacks
	@if [ "$$(id -u)" = 0 ]; then $(BIN)/python -m tests.adversary --as-user 65534; fi
	@docker build --quiet --tag rewardsmith-attacks --file tests/adversary/Dockerfile .
	@docker run --rm rewardsmith-attacks
	@docker run --rm --user 1000:1000 rewardsmith-attacks

live: $(VENV)/.runtime
	@test -n "$(MODEL)" || { echo "make live needs a model by its litellm name, as in: make live MODEL=openai/gpt-4.1"; exit 2; }
	@$(BIN)/python -m benchmarks.live "$(MODEL)"

bench-designers: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.designer_search

bench-throughput: $(VENV)/.runtime $(PEERS)/.installed
	@$(BIN)/python -m benchmarks.throughput --peers $(PEERS)/bin/python

# Hours; what is done is kept, and it goes on from there.
bench-learning: $(VENV)/.runtime $(PEERS)/.installed
	@$(BIN)/python -m benchmarks.learning --peers $(PEERS)/bin/python

bench-halving: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.halving

bench-footprint: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.footprint

# One after the other; asked again, it goes on where it was and leaves alone what is there of the present defaults.
baselines: $(VENV)/.runtime
	@$(BIN)/rewardsmith baseline --out service/baselines/data $$($(BIN)/python -c \
	  'from envs.card import cards; print(*(f"--env={name}" for name in cards()))')

environments-page: $(VENV)/.runtime
	@$(BIN)/python -m service.cli.environments_page > docs/environments.md

bench-kinematics: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.kinematics

bench-sandbox: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.sandbox

bench-claim: $(VENV)/.runtime
	@$(BIN)/python -m benchmarks.claim

bench-storage: $(VENV)/.tests
	@$(BIN)/python -m benchmarks.storage

# Never made anew: the database was made with the password in it.
.env:
	@umask 077; sed -e "s/^POSTGRES_PASSWORD=$$/&$$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')/" \
	  -e "s/^RAY_AUTH_TOKEN=$$/&$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')/" .env.example > $@
	@echo "secrets written to .env"

# Ten minutes and no other work on the machine; on PostgreSQL: make bench-api DATABASE=postgresql
bench-api: $(VENV)/.tests
	@$(BIN)/python -m benchmarks.api --database $(DATABASE)

bench-dashboard: $(VENV)/.browser
	@$(BIN)/python -m benchmarks.dashboard

clean:
	rm -rf $(VENV) $(PEERS) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet -r $<
	@touch $@

# A stamp is newer than what it was made from, so a second call installs nothing.
$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what Rewardsmith needs into $(VENV) (some minutes the first time)"
	@$(PIP) --editable .
	@$(COMPILE)
	@touch $@

# What Rewardsmith itself needs comes with it: to resolve twice takes half a minute.
$(VENV)/.tests: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the tests need into $(VENV) (some minutes the first time)"
	@$(PIP) --editable ".[test]"
	@$(COMPILE)
	@touch $(VENV)/.runtime $@

# Of docs/dashboard.md and the README: the demo, minutes.
pictures: $(VENV)/.browser
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; export REWARDSMITH_DATA_FOLDER=$$folder; \
	  $(BIN)/rewardsmith demo --no-serve --to $$folder/export && $(BIN)/python -m tests.browser.pictures $$folder

$(VENV)/.browser: $(VENV)/.tests
	@$(PIP) --editable ".[browser]"
	@touch $@

$(BIN)/python:
	@test "$$(uname -s)" = Linux || { echo "Rewardsmith runs on Linux only; this is $$(uname -s)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Rewardsmith needs Python 3.11 or newer as '$(PYTHON)', found: $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "Python's venv module does not work; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
