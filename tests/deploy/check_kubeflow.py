"""The nights' pipeline: compiled for each overlay, its commands as a shell makes them, and run here on a real Kafka."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]
from kafka.admin import KafkaAdminClient, NewTopic
from typer.main import get_command

from batch.nightly.night import PROMOTED, REFUSED, Ended
from batch.nightly.run import STEPS
from contracts import settings
from contracts.brokers import brokers
from contracts.settings import Settings
from contracts.topics import EVENTS, ITEMS
from model.bundle import Bundle
from moodstream.cli import app
from tests.batch.nightly.world import AFTER, Site, site, trained
from tests.deploy.programs import images
from tests.deploy.rendered import OVERLAYS, ROOT, image_of, needs_kubectl, workload

PYTHON: Final = os.environ.get("KUBEFLOW", "")
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
pytestmark = pytest.mark.skipif(not PYTHON, reason="needs kfp in an environment of its own: make check-deploy makes it")
IN_ORDER: Final = ["begin", "data", "train", "measure", "gate", "canary"]
PASSWORD: Final = "a%2Fpassword"  # noqa: S105 - no secret
INSTEAD_OF_PYTHON: Final = """#!{python}
import json, os, sys
print(json.dumps([sys.argv[1:], dict(os.environ)]))
"""

Object = Mapping[str, Any]


class Compiled:
    """What Kubeflow is given: the pipeline, and what Kubernetes is to add to its pods."""

    def __init__(self, overlay: str, folder: Path) -> None:
        path = folder / f"{overlay}.yaml"
        made = kfp("compile", overlay, str(path))
        assert made.returncode == 0, made.stdout + made.stderr
        self.text = path.read_text()
        self._spec, platform = yaml.safe_load_all(self.text)
        self._pods = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]

    @property
    def tasks(self) -> dict[str, Object]:
        """By name."""
        return dict(self._spec["root"]["dag"]["tasks"])

    def container(self, step: str) -> dict[str, Any]:
        """Of the step's pod."""
        return dict(self._spec["deploymentSpec"]["executors"][f"exec-{step}"]["container"])

    def pod(self, step: str) -> dict[str, Any]:
        """What else is said of it."""
        return dict(self._pods[f"exec-{step}"])


def kfp(module: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A module of deploy/kubeflow, in the environment that has kfp."""
    return subprocess.run(
        (PYTHON, "-m", f"deploy.kubeflow.{module}", *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Compiled]:
    """The pipeline of each overlay."""
    if not shutil.which("kubectl"):
        pytest.skip("needs kubectl, which renders the overlays")
    folder = tmp_path_factory.mktemp("kubeflow")
    return {overlay: Compiled(overlay, folder) for overlay in OVERLAYS}


def ran(container: Object, folder: Path, terms: str = "") -> tuple[list[str], dict[str, str]]:
    """What python is called with, and its variables, where a shell runs the container's command."""
    python = folder / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.write_text(INSTEAD_OF_PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    values = {"night": "20260101T000000", "terms": terms, "output_file": "/tmp/kfp/outputs/night"}  # noqa: S108
    words = [_with(values, word) for word in [*container["command"], *container["args"]]]
    variables = {one["name"]: one.get("value", "") for one in container["env"]}
    environment = {"PATH": f"{python.parent}:/usr/bin:/bin", "KAFKA_PASSWORD": PASSWORD, **variables}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    argv, found = json.loads(done.stdout)
    return argv, found


def _with(values: Mapping[str, str], word: str) -> str:
    """Kubeflow puts in what a placeholder names."""
    if not word.startswith("{{$"):
        return word
    return next(value for name, value in values.items() if name in word.replace("outputs.parameters['night']", ""))


@each_overlay
def test_one_step_comes_behind_the_other_and_none_is_taken_from_a_cache(
    compiled: dict[str, Compiled], overlay: str
) -> None:
    tasks = compiled[overlay].tasks
    assert sorted(tasks) == sorted(IN_ORDER)
    for before, step in pairwise(IN_ORDER):
        assert before in tasks[step]["dependentTasks"]
        night = tasks[step]["inputs"]["parameters"]["night"]["taskOutputParameter"]
        assert night == {"outputParameterKey": "night", "producerTask": "begin"}
    assert not any(task.get("cachingOptions", {}).get("enableCache") for task in tasks.values())
    assert all(task["retryPolicy"]["maxRetryCount"] == 2 for task in tasks.values())


@each_overlay
def test_a_shell_makes_commands_that_the_program_takes_and_settings_that_it_has(
    compiled: dict[str, Compiled], overlay: str, tmp_path: Path
) -> None:
    until = []
    for step in IN_ORDER:
        argv, found = ran(compiled[overlay].container(step), tmp_path, terms="--share 0.2 --allow volume --allow *")
        assert argv[:3] == ["-m", "moodstream", "nightly"]
        command = get_command(app).get_command(None, "nightly")  # type: ignore[attr-defined]
        taken = command.make_context("nightly", argv[3:]).params
        until.append(taken["until"])
        if step == "begin":
            assert (taken["share"], taken["allow"]) == (0.2, ["volume", "*"]), "options in one parameter are many"
            assert str(taken["name_into"]).endswith("/night")
            assert not taken["night"]
        else:
            assert taken["night"] == "20260101T000000"
        got = settings.read({name: value for name, value in found.items() if name.startswith("MOODSTREAM_")})
        assert got.lake_url.startswith("s3://")
        assert got.bundles_url.startswith("s3://")
        assert got.kafka
        assert brokers(got.kafka.partition("?")[0]).user == "nightly"
        assert PASSWORD in got.kafka
    assert until == [*STEPS, ""], "each step of a night has its task, and the last one goes on to the end"


def test_begin_without_options_has_none(compiled: dict[str, Compiled], tmp_path: Path) -> None:
    argv, _ = ran(compiled["production"].container("begin"), tmp_path)
    assert argv[3:] == ["--until", "begun", "--name-into", "/tmp/kfp/outputs/night"]  # noqa: S108


@each_overlay
def test_pods_are_as_the_overlay_s_and_only_training_takes_a_gpu(compiled: dict[str, Compiled], overlay: str) -> None:
    nightly, judge = workload(overlay, "nightly"), workload(overlay, "judge")
    requests = nightly.main["resources"]["requests"]
    for step in IN_ORDER:
        container, pod = compiled[overlay].container(step), compiled[overlay].pod(step)
        like = nightly if step == "train" else judge
        assert container["image"] == like.main["image"]
        assert image_of(container) in images()
        resources = container["resources"]
        assert resources["resourceMemoryRequest"] == resources["resourceMemoryLimit"] == requests["memory"]
        assert resources["resourceCpuRequest"] == requests["cpu"]
        gpus = resources.get("accelerator", {}).get("resourceCount", "0")
        assert gpus == like.main["resources"]["requests"].get("nvidia.com/gpu", "0")
        assert pod.get("nodeSelector", {}).get("labels", {}) == like.pod.get("nodeSelector", {})
        assert pod.get("tolerations", []) == like.pod.get("tolerations", [])
        assert nightly.labels.items() <= pod["podMetadata"]["labels"].items()
        assert pod["podMetadata"]["annotations"] == {"karpenter.sh/do-not-disrupt": "true"}
        assert pod["activeDeadlineSeconds"] == str(nightly.spec["jobTemplate"]["spec"]["activeDeadlineSeconds"])
        assert pod["securityContext"] == {"runAsUser": "10001", "runAsGroup": "10001", "runAsNonRoot": True}
        mounted = [one["mountPath"] for one in [*pod["emptyDirMounts"], *pod.get("secretAsVolume", ())]]
        assert sorted(mounted) == sorted(one["mountPath"] for one in nightly.main["volumeMounts"])


def test_production_trains_on_a_gpu(compiled: dict[str, Compiled]) -> None:
    assert compiled["production"].container("train")["resources"]["accelerator"]["resourceType"] == "nvidia.com/gpu"


@each_overlay
def test_secrets_are_named_and_never_in_the_file(compiled: dict[str, Compiled], overlay: str) -> None:
    for step in IN_ORDER:
        secrets = {
            (one["secretName"], of["secretKey"], of["envVar"])
            for one in compiled[overlay].pod(step)["secretAsEnv"]
            for of in one["keyToEnv"]
        }
        assert ("kafka-nightly", "password", "KAFKA_PASSWORD") in secrets
    assert "PASSWORD=" not in compiled[overlay].text


@needs_kubectl
def test_an_overlay_that_there_isn_t_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    refused = kfp("compile", "prodution", str(tmp_path / "pipeline.yaml"))
    assert refused.returncode == 1
    assert "production" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture(scope="module")
def serving() -> Bundle:
    """Trained on what was before."""
    return trained()


@pytest.fixture
def live(tmp_path: Path, serving: Bundle, kafka: str, namespace: str) -> Site:
    """A site on a real Kafka."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    topics = [EVENTS.full_name(namespace), ITEMS.full_name(namespace)]
    admin.create_topics([NewTopic(name, 4, 1) for name in topics])
    admin.close()
    return site(tmp_path, serving, Settings(kafka=kafka, namespace=namespace))


def run_here(one: Site, tmp_path: Path, *terms: str) -> "subprocess.CompletedProcess[str]":
    """By Kubeflow's subprocess runner; `moodstream` is this checkout's."""
    program = tmp_path / "bin" / "moodstream"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m moodstream "$@"\n')
    program.chmod(0o755)
    variables = {**one.settings.environment(), "PATH": f"{program.parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    return kfp("here", *terms, **variables)


@pytest.mark.timeout(900)
def test_run_here_a_night_is_promoted_step_by_step(live: Site, tmp_path: Path) -> None:
    live.happen(AFTER)
    done = run_here(live, tmp_path, "--share", "0", "--scratch-every", "0", "--events", "400", "--days", "3650")
    assert done.returncode == 0, done.stdout + done.stderr
    (night,) = live.nights.all()
    assert all(night.read(kind) for kind in STEPS.values())
    assert night.read(Ended).outcome == PROMOTED  # type: ignore[union-attr]
    assert str(live.shelf.current()).startswith(night.name)


@pytest.mark.timeout(900)
def test_run_here_a_night_that_is_refused_fails_its_step_and_no_other_night_begins(live: Site, tmp_path: Path) -> None:
    failed = run_here(live, tmp_path, "--share", "0")
    assert failed.returncode == 1
    (night,) = live.nights.all()
    assert night.read(Ended).outcome == REFUSED  # type: ignore[union-attr]
    assert "--until data" in failed.stdout.replace("', '", " ")
    assert "--until trained" not in failed.stdout.replace("', '", " ")
