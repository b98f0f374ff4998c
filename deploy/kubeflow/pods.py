"""Makes the pipeline's tasks run in pods of a cluster, by the images of deploy/images; kfp needn't be in them."""

import re
from typing import Any, Final

from kfp import dsl, kubernetes

from deploy.kubeflow.overlay import Pod
from deploy.kubeflow.steps import BEGIN, Step, words

_BEHIND: Final = "set -f; exec python -m moodstream nightly $@"
"""Unquoted, so that the options in one parameter are many; no step's words have blanks, and nothing is a pattern."""
_IN_KUBERNETES: Final = re.compile(r"\$\((\w+)\)")
_IN_A_SHELL: Final = r"${\1}"


class Pods:
    """Each step in a pod of its own."""

    def __init__(self, training: Pod, others: Pod) -> None:
        self._training = training
        self._others = others

    def begin(self, terms: Any) -> dsl.PipelineTask:
        """The first step, which writes the night's name where Kubeflow reads it."""
        pod = self._others

        def begin(terms: str, night: dsl.OutputPath(str)) -> dsl.ContainerSpec:  # type: ignore[valid-type]
            return dsl.ContainerSpec(image=pod.image, command=_command(pod), args=[*words(BEGIN), night, terms])

        return _as_the_pod(dsl.container_component(begin)(terms=terms), pod)

    def go_on(self, step: Step, night: Any) -> dsl.PipelineTask:
        """Another one."""
        pod = self._training if step.trains else self._others

        def go_on(night: str) -> dsl.ContainerSpec:
            return dsl.ContainerSpec(image=pod.image, command=_command(pod), args=[*words(step), night])

        go_on.__name__ = step.name
        return _as_the_pod(dsl.container_component(go_on)(night=night), pod)


def _command(pod: Pod) -> list[str]:
    """The images' own entrance, with the variables put together in which a secret stands."""
    made = [f'export {name}="{_IN_KUBERNETES.sub(_IN_A_SHELL, value)}"' for name, value in pod.put_together.items()]
    return ["sh", "-c", "; ".join([*made, _BEHIND]), "moodstream"]


def _as_the_pod(task: dsl.PipelineTask, pod: Pod) -> dsl.PipelineTask:
    task.set_cpu_request(pod.cpu).set_memory_request(pod.memory).set_memory_limit(pod.memory)
    for kind, count in pod.accelerators.items():
        task.set_accelerator_type(kind).set_accelerator_limit(count)
    for name, value in pod.settings.items():
        task.set_env_variable(name, value)
    for variable in pod.secrets:
        kubernetes.use_secret_as_env(task, variable.secret, {variable.key: variable.name})
    for key, value in pod.labels.items():
        kubernetes.add_pod_label(task, key, value)
    for key, value in pod.annotations.items():
        kubernetes.add_pod_annotation(task, key, value)
    for key, value in pod.nodes.items():
        kubernetes.add_node_selector(task, key, value)
    for toleration in pod.tolerations:
        kubernetes.add_toleration(task, **toleration)
    for path, secret in pod.secret_files.items():
        kubernetes.use_secret_as_volume(task, secret, path)
    for number, (path, made) in enumerate(pod.empty_folders.items()):
        kubernetes.empty_dir_mount(task, f"empty-{number}", path, made.get("medium"), made.get("sizeLimit"))
    kubernetes.set_security_context(task, run_as_user=pod.user, run_as_group=pod.group, run_as_non_root=True)
    return kubernetes.set_timeout(task, pod.deadline_s)
