# The first target prints what there is. Everything made is in .venv, .cache, dist and demo-report.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
PYTEST_ARGS ?=
COMMON := not managers and not media and not pages
COLLECTIONS := $(CURDIR)/.cache/collections
PIP_INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check -c tests/constraints.txt -r

export ANSIBLE_COLLECTIONS_PATH := $(COLLECTIONS)
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help:            ## what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# --- what people want

.PHONY: demo demo60 test
demo: venv       ## the lab: apply, prove with packets, apply again without a change; leaves demo-report/
	@tests/tools/packages.sh graphviz
	@examples/lab/demo.sh demo-report

demo60: venv     ## the same with 60 hosts on three sites
	@tests/tools/packages.sh graphviz
	@examples/lab/demo.sh demo-report sixty

test: venv-test  ## unit and integration tests
	@python -m pytest tests/unit tests/integration -m "$(COMMON)" $(PYTEST_ARGS)

# --- the lab by hand

.PHONY: lab-up lab-down
lab-up: venv     ## start the lab and leave it running
	@python examples/lab/lab.py up

lab-down: venv   ## end the lab
	@python examples/lab/lab.py down

# --- gates

.PHONY: lint units windows managers media pages proof sanity docs reference molecule lockouts continuity bench cores build format
lint: venv-ci    ## ruff, mypy, yamllint, ansible-lint, shellcheck, the changelog
	ruff check .
	ruff format --check .
	MYPYPATH=$(COLLECTIONS) mypy -p ansible_collections.vidnet.portmatrix.plugins.plugin_utils
	cd examples/lab && mypy --config-file ../../pyproject.toml lab.py
	yamllint --strict .
	ansible-lint --offline --profile production --strict
	tests/tools/shellcheck.sh
	antsibull-changelog lint

format: venv-ci  ## put Python files into the common form
	ruff check --fix .
	ruff format .

units: venv-test ## unit tests only
	@python -m pytest tests/unit -m "$(COMMON)" $(PYTEST_ARGS)

windows: venv-test ## Windows hosts: real playbooks on recorded ones; and the PowerShell modules themselves, where there is pwsh
	@python -m pytest tests/windows $(PYTEST_ARGS)

managers: venv-test ## tests with real ufw and firewalld, and of a module killed at every step; installs them without starting them
	@tests/tools/manager-packages.sh
	@python -m pytest tests/unit tests/faults -m managers $(PYTEST_ARGS)

proof: venv-test ## faults of every kind made in the lab, which the proof has to find and locate, and a site of 60 hosts
	@python -m pytest tests/faults tests/proof -m "not managers" $(PYTEST_ARGS)

media: venv-test ## real video, names and time through the applied rules; installs ffmpeg, GStreamer and others
	@tests/tools/media-packages.sh
	@python -m pytest tests/media -m media $(PYTEST_ARGS)

pages: venv-test ## the report in a real browser; installs Chromium and graphviz
	@tests/tools/packages.sh chromium graphviz
	@python -m pytest tests/integration -m pages $(PYTEST_ARGS)

sanity: venv     ## ansible-test sanity, on a copy of what git knows
	tests/tools/sanity.sh

docs: venv-ci    ## check the documentation of every plugin, role and page
	antsibull-docs lint-collection-docs --plugin-docs .

reference: venv  ## write anew what is made from the code: docs/reference.md and docs/proof.schema.json
	python docs/reference.py > docs/reference.md
	python docs/proof_schema.py > docs/proof.schema.json

molecule: venv-ci ## the lab as a scenario, and one for each back-end on containers with systemd
	tests/tools/molecule.sh

lockouts: venv-ci ## 20 real lock-outs for each back-end, on those containers
	tests/tools/lockouts.sh

continuity: venv-test ## that no packet is lost or let in while rules change, beside other tools; and that compiling grows linearly
	@tests/tools/manager-packages.sh
	PYTHONPATH=$(COLLECTIONS) python benchmarks/compile.py
	PYTHONPATH=$(COLLECTIONS) python benchmarks/continuity.py

bench: continuity ## these, and what applying, proving and probing cost beside a ping and nmap; wants a quiet machine
	PYTHONPATH=$(COLLECTIONS) python benchmarks/apply_cost.py
	PYTHONPATH=$(COLLECTIONS) python benchmarks/proof.py
	PYTHONPATH=$(COLLECTIONS) python benchmarks/windows.py
	@tests/tools/packages.sh nmap
	PYTHONPATH=$(COLLECTIONS) python benchmarks/prober.py

cores: venv      ## unit tests under the other supported versions of ansible-core
	tests/tools/other-cores.sh

build: venv-ci   ## the artifact, in dist/, as Galaxy's importer sees it
	tests/tools/build.sh

# --- what all of these stand on

.PHONY: venv venv-test venv-ci link system clean
venv: system .venv/.demo link
venv-test: venv .venv/.test
venv-ci: venv-test .venv/.ci

system:
	@tests/tools/system-packages.sh $(PYTHON)

.venv/.created: | system
	rm -rf .venv
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: tests/requirements-demo.txt tests/constraints.txt .venv/.created
	$(PIP_INSTALL) $<
	@touch $@

.venv/.test: tests/requirements.txt tests/constraints.txt .venv/.demo
	$(PIP_INSTALL) $<
	@touch $@

.venv/.ci: tests/requirements-ci.txt tests/constraints.txt .venv/.test
	$(PIP_INSTALL) $<
	@touch $@

link:
	@mkdir -p $(COLLECTIONS)/ansible_collections/vidnet
	@ln -sfn ../../../.. $(COLLECTIONS)/ansible_collections/vidnet/portmatrix

clean:           ## remove everything made
	@[ ! -e .venv/.demo ] || python examples/lab/lab.py down
	rm -rf .venv .cache dist demo-report
