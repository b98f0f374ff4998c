"""A candidate's model card, for people and for programs: data, training, metrics, lineage, gate, canary."""

from typing import Final

import msgspec

from batch.lake_log import drawn
from batch.nightly.canary import told
from batch.nightly.check import Check
from batch.nightly.lineage import commit, package
from batch.nightly.measured import CANDIDATE, SERVING
from batch.nightly.night import Begun, Canary, Data, Gate, Look, Measured, Night, Trained, Verdict
from contracts.moment import to_the_minute

MARKDOWN: Final = "card.md"
JSON: Final = "card.json"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a candidate; what hasn't come yet is None."""

    version: str
    night: str
    commit: str
    package: str
    begun: Begun
    data: Data | None
    trained: Trained
    measured: Measured | None
    gate: Gate | None
    canary: Canary | None
    look: Look | None
    verdict: Verdict | None


def leave(night: Night, begun: Begun) -> None:
    """Write both cards anew from the night's records; before there is a candidate, none."""
    trained = night.read(Trained)
    if trained is None:
        return
    card = Card(
        version=trained.version,
        night=night.name,
        commit=commit(),
        package=package(),
        begun=begun,
        data=night.read(Data),
        trained=trained,
        measured=night.read(Measured),
        gate=night.read(Gate),
        canary=night.read(Canary),
        look=night.read(Look),
        verdict=night.read(Verdict),
    )
    night.put(JSON, msgspec.json.format(msgspec.json.encode(card)) + b"\n")
    night.put(MARKDOWN, markdown(card).encode())


def markdown(card: Card) -> str:
    """The card to be read."""
    parts = [
        f"# Bundle {card.version}\n\n{_outcome(card)}\n",
        _lineage(card),
        _data(card.data, card.begun.since) if card.data else "",
        _training(card.trained),
        _metrics(card.measured) if card.measured and card.measured.events else "",
        f"## Gate\n\n{_checks(card.gate.checks)}\n" if card.gate else "",
        f"## Canary\n\n{told(card.look)}.\n" if card.look else "",
    ]
    return "\n".join(part for part in parts if part)


def _outcome(card: Card) -> str:
    if card.verdict:
        return f"**{card.verdict.outcome}** {to_the_minute(card.verdict.time)}: {card.verdict.why}"
    if card.canary:
        return f"**canary** of {card.canary.rollout.share:.0%} of users since {to_the_minute(card.canary.time)}"
    return "**candidate**, shown to nobody yet"


def _lineage(card: Card) -> str:
    begun = card.begun
    rows = [
        f"- night {card.night}, asked for by {begun.asked}",
        f"- {begun.how}: {begun.why}; it was to follow {begun.base}",
        f"- code: {f'commit {card.commit}' if card.commit else 'no checkout'}, package {card.package or 'unknown'}",
        f"- seed {begun.terms.seed}",
    ]
    return "## Lineage\n\n" + "\n".join(rows) + "\n"


def _data(data: Data, since: int) -> str:
    newest = f" since {to_the_minute(since)}, older ones weren't read" if since else ""
    return (
        f"## Data\n\n{data.events:,} events in the lake{newest}, {data.new:,} of them new, by {data.users:,} users, "
        f"{to_the_minute(data.since)} to {to_the_minute(data.until)}.\n\n{_checks(data.checks)}\n"
    )


def _training(trained: Trained) -> str:
    guard = trained.guard
    said = ""
    if guard.get("events"):
        said = (
            f" Its own guard held out {guard['events']:,} events: NDCG@10 {guard['before']:.4f} before, "
            f"{guard['after']:.4f} after; {'taken' if guard['taken'] else 'not taken, the old weights stay'}."
        )
    return (
        f"## Training\n\nLearned from {trained.learned:,} events{drawn(trained.share)} up to "
        f"{to_the_minute(trained.until)}; the "
        f"{trained.held_out:,} behind them it never saw: it is measured there.{said} {trained.size / 1e6:.1f} MB.\n"
    )


def _metrics(found: Measured) -> str:
    rows = [
        f"| {name} | {of['hr@10'].mean:.4f} | {of['ndcg@10'].mean:.4f} "
        f"[{of['ndcg@10'].low:.4f}, {of['ndcg@10'].high:.4f}] | "
        + (
            f"{found.gained[name].mean:+.4f} [{found.gained[name].low:+.4f}, {found.gained[name].high:+.4f}]"
            if name in found.gained
            else ""
        )
        + " |"
        for name, of in found.systems.items()
    ]
    segments = [
        f"| {name} | {found.served[name]:.4f} | {one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}] |"
        for name, one in found.segments.items()
    ]
    cost = ", ".join(f"{name} {found.answer_ms[name]:.2f} ms" for name in (SERVING, CANDIDATE))
    return (
        f"## Metrics\n\n{found.events:,} events of {found.users:,} users, each foretold from the whole catalogue "
        "before it was learned.\n\n| system | HR@10 | NDCG@10 | the candidate gains |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\n| segment | NDCG@10 of what served | the candidate gains |\n|---|---|---|\n"
        + "\n".join(segments)
        + f"\n\nCPU for an answer: {cost}.\n"
    )


def _checks(checks: list[Check]) -> str:
    rows = [f"| {one.name} | {verdict(one)} | {one.figure:g} | {one.limit:g} | {one.said} |" for one in checks]
    return "| check | verdict | figure | limit | |\n|---|---|---|---|---|\n" + "\n".join(rows)


def verdict(check: Check) -> str:
    """In a word."""
    return "ok" if check.ok else "overridden" if check.allowed else "refused"
