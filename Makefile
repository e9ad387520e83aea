# `make run` for a running portal, `make test` for a passed suite.

PYTHON ?= python3
PORT ?= 8000
BIND ?= 127.0.0.1:$(PORT)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check --require-hashes
PYTEST := $(PY) -m pytest --no-header -n auto --maxprocesses 8 --dist loadgroup
# What these go through, the others go through too.
MEASURED := --cov --cov-report= $(addprefix --ignore=tests/,browser_tests fuzz languages matrix)
# Words and looks are the same on any database.
ABOUT_THE_DATABASE := $(addprefix --ignore=tests/,languages browser_tests)
MODELS_AND_SERVICES := relationships/models/*,relationships/services/*,subscriptions/models/*,subscriptions/services/*
# Only staff sees these, and the back office is English: not in the catalogue.
STAFF_ONLY := tests/* */admin* */models/* */management/* portal/accounts/[!e]* portal/jobs/* portal/foundation/[!t]* \
  portal/customers/[!rv]* portal/demo/[!a]* portal/reports/* portal/api/* portal/signin/jobs.py \
  relationships/forms/* relationships/jobs.py relationships/views.py relationships/batch_views.py relationships/progress.py \
  relationships/services/agreements.py relationships/services/approvals.py \
  relationships/services/relationships.py relationships/services/tenants.py relationships/services/mail.py \
  relationships/services/endpoints.py relationships/services/webhooks.py relationships/services/batches.py relationships/services/recipients.py \
  relationships/services/reminders.py relationships/services/retention.py relationships/services/templates.py \
  subscriptions/forms.py subscriptions/jobs.py subscriptions/services/[!io]* subscriptions/services/ordering.py \
  subscriptions/services/importing/ret* subscriptions/services/importing/ba* \
  templates/portal/[bst]* templates/relationships/email/[adn]* templates/relationships/email/import* templates/relationships/email/email_lost* templates/relationships/email/web* \
  templates/relationships/email/member* templates/relationships/email/renew* templates/relationships/email/standing*

.DEFAULT_GOAL := help
.PHONY: help run test coverage bench install lint serve lock messages

help:
	@echo 'make run      a portal with demo data on http://127.0.0.1:$(PORT)/ (PORT=8000)'
	@echo 'make test     the whole suite: SQLite, PostgreSQL, a browser'
	@echo 'make coverage lines and branches that the tests go through'
	@echo 'make bench    times and memory as ratios, on PostgreSQL (ONLY="clock lists" takes these alone)'
	@echo 'make install  .venv/ with what the portal and its tests need'
	@echo 'make lint     style, types, imports between the floors, templates'
	@echo 'make serve    production processes and a worker; reads the environment (BIND=$(BIND))'
	@echo 'make messages the German catalogue anew (needs gettext)'
	@echo 'make lock     the locked requirements anew (ARGS=--upgrade takes newer ones)'

install: $(VENV)/.development
	@:

# ensurepip writes bin/pip last: without it the folder was left half made.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo 'Python 3.11 or newer is needed: as python3, or make PYTHON=...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'python3-venv is missing: apt-get install python3-venv'; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/pip
	@echo 'Installing what the portal needs into $(VENV) ...'
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo 'Installing what tests and checks need into $(VENV) ...'
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: export DEBUG = True
run: export DATABASE_URL = sqlite:///portal.sqlite3
run: export PUBLIC_URL = http://127.0.0.1:$(PORT)
run: export EMAIL_URL ?= filemail:///sent-mail
run: export DJANGO_RUNSERVER_HIDE_WARNING = true
run: $(VENV)/.runtime
	@$(PY) -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || \
	  { echo 'Port $(PORT) is not free: choose another one, make run PORT=...'; exit 1; }
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py seed_demo
	@echo
	@echo 'Open $(PUBLIC_URL)/ and sign in as printed above. Ctrl-C stops the portal.'
	@echo 'E-mails are written to sent-mail/, unless EMAIL_URL says otherwise.'
	@echo
	@.ci/beside $(PY) $(PY) manage.py runserver --noreload 127.0.0.1:$(PORT)

test: export DEBUG = True
test: install
	@$(PY) tests/browser.py
	@echo 'SQLite'
	@DATABASE_URL=sqlite:///test.sqlite3 $(PYTEST)
	@$(PY) tests/with_postgres.py $(PYTEST) $(ABOUT_THE_DATABASE)

# Apart, since measuring takes longer than what is measured.
coverage: export DEBUG = True
coverage: install
	@rm -f .coverage .coverage.*
	@DATABASE_URL=sqlite:///test.sqlite3 $(PYTEST) $(MEASURED)
	@$(PY) tests/with_postgres.py $(PYTEST) $(MEASURED) --cov-append tests/races tests/jobs
	@$(PY) -m coverage report --skip-covered --fail-under 95
	@echo 'Models and services, each line and branch:'
	@$(PY) -m coverage report --skip-covered --show-missing --fail-under 100 \
	  --include '$(MODELS_AND_SERVICES)'

bench: install
	@$(PY) tests/with_postgres.py $(PY) -m tests.benchmarks $(ONLY)

lint: export DEBUG = True
lint: install
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo
	@find templates -name '*.html' -exec $(VENV)/bin/djade --check --target-version 5.2 {} +

serve: $(VENV)/.runtime
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@$(PY) manage.py check --deploy --database default --fail-level ERROR
	@.ci/beside $(PY) $(PY) -m gunicorn portal.wsgi --bind $(BIND) --worker-class gthread \
	  --workers $${WEB_CONCURRENCY:-2} --threads $${WEB_THREADS:-8} \
	  --access-logfile - --logger-class portal.foundation.server_log.RedactingLogger \
	  --no-control-socket

lock:
	@.ci/lock $(ARGS)

messages: export DEBUG = True
messages:
	@$(PY) manage.py makemessages --locale de --no-obsolete --add-location file $(STAFF_ONLY:%=--ignore '%')
	@$(PY) manage.py compilemessages --locale de --ignore .venv
