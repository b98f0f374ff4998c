"""How a rebuild tells what is lost, and what was made again."""

from collections.abc import Iterator

import msgspec

from moodstream.console import say
from moodstream.rebuild.survey import Survey


class Report(msgspec.Struct, frozen=True):
    """What was done; `--json` prints it."""

    events: int
    """That were learned again."""
    seconds: float
    worker: str
    """`running`: those that ran did it; `own`: one was run for it; `none`: nothing was to be done."""
    before: Survey


def lacking(found: Survey) -> Iterator[str]:
    """What the store lacks, a line a partition."""
    for part in found.parts:
        if part.needed >= part.end and not part.earlier:
            continue
        what = "lost" if part.lost else "behind"
        yield (
            f"partition {part.partition}: {what} from {part.needed:,} to {part.end:,}; the lake has all before "
            f"{part.kept:,}, Kafka all from {part.first:,}"
        )
        for incarnation, end in part.earlier:
            yield f"partition {part.partition}: and {end:,} of the topic's earlier life {incarnation}"
    if found.items:
        yield f"catalogue: up to {found.items:,} changes"


def show(report: Report) -> None:
    """Print what was done, and what can't be."""
    if report.worker == "none":
        say("nothing is lost: every state and every count stands at the log's end")
    else:
        say(f"{report.events:,} events in {report.seconds:,.0f} s: every state and count stands where the log ended")
    for part in report.before.parts:
        for first, end in part.gaps:
            say(
                f"partition {part.partition}: {first:,} to {end - 1:,} are neither in the lake nor in Kafka any more: "
                "what they did is lost for good"
            )
        if part.mixed:
            say(f"partition {part.partition}: shards stand in different lives of the topic: moodstream rebuild --anew")
