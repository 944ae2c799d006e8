# Everything a person or CI runs. `make demo` and `make test` set up all they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# In CI a test over real processes may lose a race with a busy machine; it is run again and counted.
RERUNS := $(if $(CI),--reruns 2)

SPREAD := -n 2 --dist worksteal

# These drive the product's own processes, in which no coverage is measured; measuring it in the
# tests' process would only make them slower.
PROCESSES := $(addprefix tests/flows/,alerts attacks demo_page factor_page operations)

# safe_ops is covered whole; the tenth of a per cent is for a race that went the other way in one run.
COVERED := --fail-under=99.9 --precision=1

.PHONY: demo run test check bench evals lint types contracts format rights pins clean

demo: $(READY) ## The simulated estate, all processes and a browser page; ONCE=1 for a tour without a browser
	$(BIN)/python -m tests.lab.demo $(if $(ONCE),--once,)

run: $(READY) ## The bot itself, from .env, with embedded Redis and SQLite where no others are set
	$(BIN)/nightdesk up --env-file .env

test: $(READY) ## Every test
	$(BIN)/python -m pytest $(SPREAD)

check: $(READY) lint types contracts ## What CI runs: format, lint, types, import contracts, tests with coverage
	$(BIN)/coverage erase
	$(BIN)/python -m pytest $(addprefix --ignore=,$(PROCESSES)) $(SPREAD) $(RERUNS) --cov --cov-report= --cov-config=pyproject.toml
	$(BIN)/python -m pytest $(PROCESSES) $(SPREAD) $(RERUNS)
	$(BIN)/coverage report --skip-covered --skip-empty --include='bot/*' --fail-under=90
	$(BIN)/coverage report --skip-covered --skip-empty --include='safe_ops/*' $(COVERED)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/deptry .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

format: $(READY) ## Rewrite the files as lint wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Speed and memory, as ratios within one run
	$(BIN)/python -m tests.bench

evals: $(READY) ## How right verdicts are, family by family; MODE=scripted or MODE=live, FAMILY=name
	$(BIN)/python -m tests.evals $(if $(MODE),--mode $(MODE),) $(if $(FAMILY),--family $(FAMILY),)

rights: $(READY) ## Write the shipped RBAC and IAM files anew, from the lists of reads and the catalogue
	$(BIN)/python -m tests.contract.cluster_role
	$(BIN)/python -m tests.contract.aws_policy
	$(BIN)/python -m tests.contract.operations.write_role
	$(BIN)/python -m tests.contract.operations.operator_roles

pins: $(READY) ## Resolve .ci/constraints.txt anew
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-annotate --no-header --extra dev \
	  --python-version 3.11 --universal --upgrade pyproject.toml -o .ci/constraints.txt

clean:
	rm -rf $(VENV) .nightdesk .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

# uv installs the pins in seconds; plain pip takes over where uv has no wheel.
$(READY): pyproject.toml .ci/constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt uv \
	  && $(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[dev]' -c .ci/constraints.txt \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c .ci/constraints.txt
	touch $(READY)
