"""A Kinesis that throttles, fails and forgets as it's told, in front of a real one's client."""

from collections import Counter, defaultdict, deque
from typing import Any

from botocore.exceptions import ClientError


class Kinesis:
    """Passes every request on, but answers with the errors that were laid in for it first."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._errors: defaultdict[str, deque[Exception]] = defaultdict(deque)
        self.asked: Counter[str] = Counter()

    def fail(self, request: str, *codes: str) -> None:
        """The next requests of that name get these errors, one each."""
        for code in codes:
            answer: Any = {"Error": {"Code": code, "Message": "as the test wants it"}}
            self._errors[request].append(ClientError(answer, request))

    def __getattr__(self, request: str) -> Any:
        def ask(**arguments: Any) -> Any:
            self.asked[request] += 1
            if self._errors[request]:
                raise self._errors[request].popleft()
            return getattr(self._client, request)(**arguments)

        return ask

    def close(self) -> None:
        self._client.close()
