"""Runs the pipeline on this machine, by Kubeflow's subprocess runner: `python -m deploy.kubeflow.here --share 0`.

The options are those of `moodstream nightly`. `moodstream` must be on PATH, and MOODSTREAM_* set as for that verb.
"""

import shlex
import sys
import tempfile
from typing import Any, Final

from kfp import dsl, local

from deploy.kubeflow.pipeline import pipeline
from deploy.kubeflow.steps import BEGIN, Step, words

_NO_PACKAGES: Final = {"base_image": "python", "install_kfp_package": False}


@dsl.component(**_NO_PACKAGES)
def begin(options: list, terms: str) -> str:  # type: ignore[type-arg]
    """The first step; what is in it is all that the subprocess knows."""
    import shlex
    import subprocess
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        night = Path(folder) / "night"
        subprocess.run(["moodstream", "nightly", *options, str(night), *shlex.split(terms)], check=True)
        return night.read_text()


@dsl.component(**_NO_PACKAGES)
def go_on(options: list, night: str) -> None:  # type: ignore[type-arg]
    """Any other step."""
    import subprocess

    subprocess.run(["moodstream", "nightly", *options, night], check=True)


class Here:
    """Each step in a process of its own."""

    def begin(self, terms: Any) -> dsl.PipelineTask:
        """The first step."""
        return begin(options=words(BEGIN), terms=terms)

    def go_on(self, step: Step, night: Any) -> dsl.PipelineTask:
        """Another one."""
        return go_on(options=words(step), night=night)


def main(terms: list[str]) -> int:
    """1 where a step failed: a night that is refused fails its step."""
    with tempfile.TemporaryDirectory() as root:
        local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=root)
        try:
            pipeline(Here())(terms=shlex.join(terms))
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
