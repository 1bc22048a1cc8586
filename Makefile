# Everything a developer does here. `make help` lists it. Works with GNU make 3.81 and any sh.
# The first target that needs them makes .venv from the pinned requirements; no other set-up.

PYTHON ?= python3
VENV := .venv
JOBS ?= 3
FUZZ := tests/test_schemathesis.py
RUN := $(VENV)/bin/python
PYTEST := $(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder \
	--ignore=$(FUZZ) -p no:schemathesis
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet --root-user-action=ignore
SYNC = $(VENV)/bin/uv pip sync --quiet --python $(RUN) --require-hashes $(PINS)
READY := $(VENV)/.ready
DOCKER ?= docker
ADVISED := https://pypi.org/pypi/pip/25.0/json
IMAGE ?= zampay:local
COMPOSE = ZAMPAY_IMAGE=$(IMAGE) $(DOCKER) compose --project-name zampay-try --profile simulator
NPM := .data/npm
LINTERS := npm install --no-audit --no-fund --ignore-scripts --prefer-offline --fetch-retries=0 \
	--fetch-timeout=30000 --prefix $(NPM) @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3
PINS := requirements.txt requirements-dev.txt
LOCK := $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" --quiet

# Without bytecode each process of the tests compiles all that it imports, and every test again.
export PYTHONDONTWRITEBYTECODE :=

# .python-version is for platforms; pyenv goes on with the Python that its user has chosen.
export PYENV_VERSION := $(shell pyenv global 2>/dev/null | paste -sd: -)

.DEFAULT_GOAL := help
.PHONY: help demo run test long check audit format migrate migration openapi lock secrets image clean bench

help: ## list the targets
	@sed -n 's/^\([a-z][a-z]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r name does; do printf '  make %-10s %s\n' "$$name" "$$does"; done

demo: $(READY) ## start everything, send payments, show them move, stop
	@$(RUN) -m dev.demo

run: $(READY) ## start everything, stay until Ctrl-C; PORT=, SIMULATOR_PORT=
	@$(RUN) -m dev.run

test: $(READY) ## run the tests but the long ones; ARGS="-k callbacks"
	@$(PYTEST) -m "not long" $(ARGS)

long: $(READY) ## run the long tests: fuzzing, kills in a loop, browsers
	@$(PYTEST) -m long $(ARGS)
	@test -n "$(ARGS)" || $(RUN) -m pytest $(FUZZ)

check: $(READY) ## all that CI runs; CONTRIBUTING.md says what that is
	@PRE_COMMIT_HOME=.data/pre-commit $(VENV)/bin/pre-commit run --all-files
	@echo "alerts:" && if command -v promtool >/dev/null; then cd ops/prometheus && \
		promtool check config --syntax-only prometheus.yml && promtool check rules alerts.yml && \
		promtool test rules alerts_test.yml; else echo "only parsed, by tests: promtool is not here"; fi
	@echo "api linters:" && if $(LINTERS) >/dev/null 2>&1; then PATH=$(NPM)/node_modules/.bin:$$PATH && \
		redocly lint --extends=recommended-strict docs/openapi.json && \
		spectral lint --fail-severity=hint docs/openapi.json; \
		else echo "Redocly and Spectral did not read it: npm is not here, or its registry is not"; fi
	@echo "vulnerabilities:" && if $(RUN) -c "import requests as r; \
		assert r.head('$(ADVISED)', timeout=3).status_code == 200" 2>/dev/null; then \
		$(MAKE) --no-print-directory audit; else echo "not looked up: PyPI's own pages do not answer here"; fi
	@echo "tests:" && $(MAKE) --no-print-directory test
	@echo "long tests:" && $(MAKE) --no-print-directory long

audit: $(READY) ## look the pinned packages up in PyPI's vulnerabilities
	@$(VENV)/bin/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --strict --progress-spinner off \
		--disable-pip --require-hashes $(addprefix --requirement ,$(PINS))

format: $(READY) ## format the code
	@$(VENV)/bin/ruff format --quiet .
	@$(VENV)/bin/ruff check --quiet --fix .

migrate: $(READY) ## bring the database of `make run` to the newest revision
	@$(RUN) -m dev.migrations upgrade

migration: $(READY) ## write a new revision from the models; NAME="add refunds"
	@$(RUN) -m dev.migrations revision "$(NAME)"

openapi: $(READY) ## write docs/openapi.json, after a change of the API
	@$(RUN) -m dev.openapi

lock: $(READY) ## pin what requirements*.in ask for; UPGRADE=--upgrade
	@$(LOCK) $(UPGRADE) requirements.in --output-file requirements.txt
	@$(LOCK) $(UPGRADE) requirements-dev.in --output-file requirements-dev.txt

secrets: $(READY) ## make the passwords and keys that docker-compose.yml needs
	@$(RUN) -m dev.compose_secrets

image: $(READY) secrets ## build the image and try it with Compose; IMAGE=zampay:local
	@$(DOCKER) build --tag $(IMAGE) .
	@$(COMPOSE) up --no-build --wait && \
		$(COMPOSE) exec -T web sh -c 'test "$$(id -u)" != 0 && ! touch /app/x && ! touch /opt/zampay/x'; \
		status=$$?; test $$status = 0 || $(COMPOSE) logs --tail 30; \
		$(COMPOSE) down --volumes; exit $$status

bench: $(READY) ## measure speed beside bare programs; ARGS="--turns 1"
	@npm install --no-audit --no-fund --ignore-scripts --silent --prefix $(NPM) autocannon@9.0.0 loadtest@8.2.1
	@test -e .data/bench || $(VENV)/bin/uv venv --quiet --python $(RUN) .data/bench
	@$(VENV)/bin/uv pip install --quiet --python .data/bench/bin/python \
		-r requirements.txt -r bench/rulers/requirements.txt
	@$(RUN) -m bench $(ARGS)

clean: ## remove .venv, .data (the databases of make run) and caches
	@rm -rf $(VENV) .data .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than the pins as long as .venv holds exactly what they say.
# Bytecode comes with the first use: to compile all of it here takes longer than that saves.
$(READY): $(PINS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed. If you have one under another name:" \
			"make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(RUN) -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@echo "Installing the pinned packages into $(VENV) (half a minute, once) ..."
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt >$(VENV)/uv.txt
	@{ $(PIP) --require-hashes -r $(VENV)/uv.txt && \
		{ $(SYNC) || $(SYNC) --system-certs; }; \
		} >$(VENV)/uv.log 2>&1 || { \
		echo "uv could not do it (see $(VENV)/uv.log); with pip it takes longer ..."; \
		$(PIP) --require-hashes -r requirements.txt -r requirements-dev.txt \
			>$(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; exit 1; }; }
	@touch $(READY)
