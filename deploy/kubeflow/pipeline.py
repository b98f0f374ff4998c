"""The night as a pipeline: one task behind the other, wherever the tasks are made to run."""

from typing import Any, Final, Protocol

from kfp import dsl

from deploy.kubeflow.steps import BEGIN, RETRIES, THEN, Step

NAME: Final = "moodstream-nightly"


class Runs(Protocol):
    """Where steps run: in pods of a cluster, or here."""

    def begin(self, terms: Any) -> dsl.PipelineTask:
        """The first step, whose output is the night's name; `terms` are further options of `moodstream nightly`."""

    def go_on(self, step: Step, night: Any) -> dsl.PipelineTask:
        """Another step of that night."""


def pipeline(runs: Runs) -> Any:
    """The pipeline, of which the tasks run so."""

    @dsl.pipeline(name=NAME, description="A candidate, proven before it serves: docs/deploy/kubeflow.md")
    def nightly(terms: str = "") -> None:
        last = _as_all(runs.begin(terms), BEGIN)
        night = last.output
        for step in THEN:
            last = _as_all(runs.go_on(step, night), step).after(last)

    return nightly


def _as_all(task: dsl.PipelineTask, step: Step) -> dsl.PipelineTask:
    """What a step does depends on the lake and the bundles, which no cache knows of."""
    task.set_display_name(step.name).set_caching_options(enable_caching=False)
    return task.set_retry(num_retries=RETRIES, backoff_duration="10s")
