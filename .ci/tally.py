"""Counts what a test run really ran: tally.py JUNIT_XML ALLOWED_SKIPS LEAST_ON_KAFKA LEAST_ON_REDIS."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main() -> None:
    results, allowed, least_kafka, least_redis = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
    )
    cases = list(ElementTree.parse(results).iter("testcase"))  # noqa: S314
    ran = [case for case in cases if case.find("skipped") is None]
    skipped = [identity(case) for case in cases if case.find("skipped") is not None]
    on = {server: sum(server in servers(case) for case in ran) for server in ("kafka", "redis")}
    counts = f"{len(ran)} tests ran, {on['kafka']} of them on real Kafka, {on['redis']} on real Redis"
    sys.stdout.write(f"{counts}; skipped: {len(skipped)}\n")

    faults = [f"skipped, and not in {allowed.name}: {name}" for name in skipped if name not in allowed_skips(allowed)]
    faults += ["no test ran"] if not ran else []
    faults += [
        f"{on[server]} tests ran on real {server}, fewer than the {least} that .ci/run states"
        for server, least in (("kafka", least_kafka), ("redis", least_redis))
        if on[server] < least
    ]
    sys.exit("\n".join(faults) or 0)


def allowed_skips(file: Path) -> set[str]:
    """The ids before the reason; a line without a reason counts for nothing."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return {name.strip() for name, _, reason in (line.partition(" # ") for line in lines) if reason.strip()}


def identity(case: ElementTree.Element) -> str:
    """The test's id: its file, class and name as pytest writes them on the command line."""
    module = case.get("classname", "").split(".")
    length = next((count for count in range(len(module), 0, -1) if file_of(module[:count]).exists()), len(module))
    return "::".join([file_of(module[:length]).as_posix(), *module[length:], case.get("name", "")])


def file_of(module: list[str]) -> Path:
    return Path(*module).with_suffix(".py")


def servers(case: ElementTree.Element) -> set[str]:
    """The real servers that the test used, as tests/conftest.py wrote them down."""
    found = case.iterfind("properties/property")
    return {str(entry.get("value")) for entry in found if entry.get("name") == "server"}


if __name__ == "__main__":
    main()
