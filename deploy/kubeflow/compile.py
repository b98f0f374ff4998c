"""Compiles the pipeline for an overlay of deploy/k8s: `python -m deploy.kubeflow.compile production nightly.yaml`."""

import sys

from kfp import compiler

from deploy.kubeflow.overlay import pods
from deploy.kubeflow.pipeline import pipeline
from deploy.kubeflow.pods import Pods


def main(overlay: str, path: str) -> None:
    """Write the file that Kubeflow takes."""
    compiler.Compiler().compile(pipeline(Pods(*pods(overlay))), path)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("say which overlay, and where to: python -m deploy.kubeflow.compile production nightly.yaml")
    main(*sys.argv[1:])
