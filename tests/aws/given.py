"""Which AWS the tests use: moto's server as a process of its own, or AWS itself with `KINESIS_TESTS_ON_AWS=1`.

On AWS credentials and region are found as boto3 finds them; streams and tables are made for a test, and deleted after.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from moodstream.local.ports import LOOPBACK, free_port, is_open
from moodstream.local.service import Service
from moodstream.local.supervisor import Supervisor
from stream.sources.kinesis.aws import Where

ON_AWS: Final = "KINESIS_TESTS_ON_AWS"
REGION: Final = "eu-central-1"
_ANYBODY: Final = {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "anything", "AWS_DEFAULT_REGION": REGION}


@contextmanager
def aws(folder: Path) -> Iterator[Where]:
    """Where Kinesis and DynamoDB answer."""
    if os.environ.get(ON_AWS):
        yield Where()
        return
    as_anybody()
    port = free_port(set())
    with Supervisor(folder / "status.json", print) as supervisor:
        supervisor.start(moto_service(folder / "moto.log", port))
        yield Where(REGION, f"http://{LOOPBACK}:{port}")


def as_anybody() -> None:
    """Credentials for moto, as a person would set them: for the clients here and in processes that are started."""
    os.environ.update(_ANYBODY)


def moto_service(log: Path, port: int, *limits: str) -> Service:
    """moto's server, as it's to be started."""
    argv = (sys.executable, "-m", "tests.aws.server", "--port", str(port), *limits)
    return Service(name="moto", argv=argv, log=log, env=_ANYBODY, ready=lambda: is_open(port))
