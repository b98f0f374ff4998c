"""AWS as the source asks it: boto3's blocking clients in threads, one try a request, and its errors by our names."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from contracts.errors import (
    IteratorExpired,
    LeaseLost,
    Misconfigured,
    MoodstreamError,
    SourceGone,
    SourceThrottled,
    SourceUnavailable,
)

_ASKED_TOO_OFTEN: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "KMSThrottlingException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_FORBIDDEN: Final = frozenset(
    {
        "AccessDeniedException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "InvalidClientTokenId",
        "IncompleteSignature",
        "MissingAuthenticationToken",
    }
)
_BY_CODE: Final[Mapping[str, type[MoodstreamError]]] = {
    "ExpiredIteratorException": IteratorExpired,
    "ConditionalCheckFailedException": LeaseLost,
    "ResourceNotFoundException": SourceGone,
    **dict.fromkeys(_ASKED_TOO_OFTEN, SourceThrottled),
    **dict.fromkeys(_FORBIDDEN, Misconfigured),
}
_LEASES_AT_ONCE: Final = 8


class Where(NamedTuple):
    """Which AWS is asked; credentials come as boto3 finds them."""

    region: str = ""
    """As boto3 finds it where it's empty."""
    endpoint: str = ""
    """Another address of all services, such as LocalStack's or moto's."""


def client(where: Where, service: str, at_once: int) -> Any:
    """A client that tries once, since who asks knows better how long to wait; raises `Misconfigured`."""
    patience = Config(
        connect_timeout=5,
        read_timeout=15 if service == "kinesis" else 4,
        retries={"total_max_attempts": 1},
        max_pool_connections=at_once,
    )
    try:
        return boto3.client(
            service, region_name=where.region or None, endpoint_url=where.endpoint or None, config=patience
        )
    except NoRegionError as error:
        raise Misconfigured("AWS has no region: --region eu-central-1, or set AWS_DEFAULT_REGION") from error
    except (BotoCoreError, ValueError) as error:
        raise Misconfigured(f"AWS' client can't be made: {error}") from error


def named(error: ClientError | BotoCoreError) -> MoodstreamError:
    """AWS' error by one of our names: what isn't known is taken for a passing trouble of the service's."""
    if isinstance(error, NoCredentialsError):
        return Misconfigured("AWS has no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
    code = str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
    return _BY_CODE.get(code, SourceUnavailable)(str(error))


class Aws:
    """Kinesis and DynamoDB; leases have threads of their own, so that slow reads never keep them from being renewed."""

    def __init__(self, kinesis: Any, dynamodb: Any, readers: int) -> None:
        self._clients = {"kinesis": kinesis, "dynamodb": dynamodb}
        self._threads = {
            "kinesis": ThreadPoolExecutor(readers, "kinesis"),
            "dynamodb": ThreadPoolExecutor(_LEASES_AT_ONCE, "leases"),
        }

    async def kinesis(self, request: str, **arguments: Any) -> dict[str, Any]:
        """One request; raises `SourceUnavailable`, `IteratorExpired`, `SourceGone`, `Misconfigured`."""
        return await self._ask("kinesis", request, arguments)

    async def dynamodb(self, request: str, **arguments: Any) -> dict[str, Any]:
        """One request; raises `SourceUnavailable`, `LeaseLost` (a condition didn't hold), `Misconfigured`."""
        return await self._ask("dynamodb", request, arguments)

    async def _ask(self, service: str, request: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        call = partial(getattr(self._clients[service], request), **arguments)
        try:
            answer: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(self._threads[service], call)
        except (ClientError, BotoCoreError) as error:
            raise named(error) from error
        return answer

    def close(self) -> None:
        """Let the threads go; what they still ask isn't waited for."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        for one in self._clients.values():
            one.close()


def connect(where: Where, readers: int) -> Aws:
    """Both services; raises `Misconfigured`."""
    return Aws(client(where, "kinesis", readers + 2), client(where, "dynamodb", _LEASES_AT_ONCE), readers + 2)
