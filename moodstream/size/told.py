"""The plan as a person reads it."""

from rich.table import Table

from moodstream.console import console, say
from moodstream.size.amounts import short
from moodstream.size.coefficients import ASSUMED, Coefficients
from moodstream.size.plan import Plan
from moodstream.size.prices import SAID


def tell(plan: Plan, of: Coefficients, own_prices: bool) -> None:
    """What, how many, why; what it costs; what to set; and what these figures stand on."""
    asked = plan.asked
    say(
        f"{short(asked.users)} users, {short(asked.items)} items, {short(asked.events)} events and "
        f"{short(asked.requests)} requests a second, {asked.peak:g} times that at the peak\n"
    )
    _table(("what", "how many", "why"), [(one.what, one.said, one.why) for one in plan.lines])
    say("")
    rows = [(one.what, f"{one.month:,.0f}", one.why) for one in plan.costs]
    _table(("US dollars a month", "", "of"), [*rows, ("all of it", f"{plan.month:,.0f}", "traffic comes on top")])
    say("your own prices stand in for the list\n" if own_prices else f"{SAID}\n")
    _table(("to be set", ""), list(plan.settings.items()))
    for warning in plan.warnings:
        say(f"\n! {warning}")
    guessed = [f"{name} {one.value:g}" for name, one in of.items() if one.source.startswith(ASSUMED)]
    say(f"\nassumed, not measured: {', '.join(guessed)} (moodstream/size/coefficients.py says how each is measured)")


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False)
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place == 1 else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False)
