# COVID-XR: `make up` starts everything, `make demo` with something to look at, `make test` tests it.
.DEFAULT_GOAL := help
.PHONY: help up demo dev test bench lint format messages lock vendor secret clean

PY := .venv/bin/python
ENV_APP := @sh scripts/bootstrap.sh app
ENV_DEV := @sh scripts/bootstrap.sh dev
ENV_BENCH := @sh scripts/bootstrap.sh bench

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

up: ## install, prepare and run until Ctrl-C (HOST, PORT, DATA_DIR, DATABASE_URL, REDIS_URL)
	$(ENV_APP)
	@exec $(PY) manage.py up

demo: ## the same, with demo accounts, news and radiographs
	$(ENV_APP)
	@exec $(PY) manage.py up --demo

dev: ## install what tests and linters need
	$(ENV_DEV)

test: ## run all tests (ARGS="tests/images -k upload" for some)
	$(ENV_DEV)
	@exec $(PY) -m pytest -n 2 --dist loadfile $(ARGS)

bench: ## measure engines and platform, 20 minutes on an idle machine (ARGS="peers decode" for some)
	$(ENV_BENCH)
	@exec $(PY) -m benchmarks $(ARGS)

lint: ## ruff, mypy --strict, import-linter, missing migrations
	$(ENV_DEV)
	@sh scripts/lint.sh

format: ## lay the code out
	$(ENV_DEV)
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

messages: ## collect new sentences into the catalogues (needs gettext)
	$(ENV_DEV)
	@$(PY) manage.py makemessages

lock: ## pin what is installed in requirements/
	$(ENV_BENCH)
	@$(PY) scripts/lock.py

vendor: ## copy the front-end libraries from npm
	@python3 scripts/vendor.py

secret: ## print random characters for SECRET_KEY or IDENTITY_KEY
	@python3 -c "import secrets; print(secrets.token_urlsafe(64))"

clean: ## remove caches and the virtual environment; the data folder stays
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -f inference/ml/native/*.so images/native/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
