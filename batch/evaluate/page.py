"""The report: one HTML file that needs nothing else, to be read from top to bottom."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Final

from batch.evaluate.charts import Point, Row, Series, groups_chart, rows_chart
from batch.evaluate.found import Evaluation, Group
from batch.evaluate.jobs import BATCH_ONLY, OURS, WHOLE
from batch.evaluate.systems import SOURCE, UNDIVERSIFIED
from batch.measures import Measure

_KINDS: Final = {
    "known": ("Known and new", "Known: had an event in the part that trained. New: first seen in the replay."),
    "history": ("By length of the user's history", "Interactions of the user before the event."),
    "popularity": (
        "By the item's popularity",
        "Each third of the training part's events: few popular items make the first.",
    ),
    "gap": ("By time since the user's last event", "A visit goes on within minutes; after days, tastes have moved."),
}
_SHOWN: Final = ("hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20", "mrr@10", "coverage@10", "diversity@10")


def page(found: Evaluation) -> str:
    """The whole file."""
    parts = [_top(found), _quality(found), _freshness(found), *_groups(found), _differences(found), _all(found)]
    return document(f"{found.dataset}: moodstream evaluate", parts)


def document(title: str, parts: Sequence[str]) -> str:
    """One file that needs nothing else, of these parts in HTML."""
    style = files("batch.evaluate").joinpath("report.css").read_text()
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{style}</style>'
    said = f"{head}<title>{escape(title)}</title>"
    return f'<!doctype html><html lang="en"><head>{said}</head><body><main>{"".join(parts)}</main></body></html>\n'


def best_baseline(found: Evaluation) -> str:
    """The named baseline with the highest NDCG@10."""
    ours = {*OURS, UNDIVERSIFIED}
    named = [name for name in found.systems if name not in ours and not name.startswith(SOURCE)]
    return max(named, key=lambda name: found.systems[name]["ndcg@10"], default=BATCH_ONLY)


def _top(found: Evaluation) -> str:
    whole, best = found.systems[WHOLE], best_baseline(found)
    figures = [
        (f"{whole['hr@10']:.3f}", "HR@10: the next item is among ten"),
        (f"{whole['ndcg@10']:.3f}", "NDCG@10: and how far up"),
        (_times(whole["ndcg@10"], found.systems[best]["ndcg@10"]), f"the best baseline, {best}"),
        (_times(whole["ndcg@10"], found.systems[BATCH_ONLY]["ndcg@10"]), "batch only: nothing learned since"),
    ]
    told = "".join(f'<div class="figure"><b>{value}</b><span>{escape(what)}</span></div>' for value, what in figures)
    return (
        f"<h1>How well is the next item foretold? {escape(found.dataset)}</h1>"
        f"<p>{found.n_events:,} events of {found.n_users:,} users over {found.n_items:,} items; "
        f"{found.new_users:.0%} of the events by users who are new since the split.</p>"
        f'<div class="figures">{told}</div><p class="small">Protocol: {escape(found.protocol)}.</p>'
        f'<p class="small">Bundle {escape(found.bundle)}, fine-tuned {len(found.bundles)} times; '
        f"seed {found.chosen.seed}.</p>"
    )


def _times(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f} ×" if theirs else "–"


def _quality(found: Evaluation) -> str:
    best = best_baseline(found)
    order = sorted(found.systems, key=lambda name: -found.systems[name]["ndcg@10"])
    charts = []
    for metric, said in (("ndcg@10", "NDCG@10"), ("hr@10", "HR@10")):
        points = {name: _point(found.systems[name][metric], found.intervals[name][metric]) for name in order}
        rows = [
            Row(name, _style(name, best), points[name], f"{points[name].mean:.4f} ± {_half(points[name]):.4f}")
            for name in order
        ]
        charts.append(
            rows_chart(rows, f"{said}: mean, and the interval that holds 95% of the means over users drawn again")
        )
    return (
        "<h2>Every system on the same events</h2><p>The further right, the better. Where intervals overlap, "
        "look at the paired differences below: they are narrower.</p>"
        + legend(
            [
                ("whole", "whole"),
                ("ours", "ours, with less of it"),
                ("batch", "batch only"),
                ("best", f"best baseline, {best}"),
                ("baseline", "baselines"),
                ("source", "one source of ours alone"),
            ]
        )
        + "".join(charts)
    )


def _freshness(found: Evaluation) -> str:
    rows = []
    for stage in found.freshness:
        point = _point(found.systems[stage.system]["ndcg@10"], found.intervals[stage.system]["ndcg@10"])
        note = f"{point.mean:.4f}" + (f"  ({stage.gained['ndcg@10'].mean:+.4f})" if stage.gained else "")
        rows.append(Row(stage.stage, "whole" if stage.system == WHOLE else "ours", point, note))
    return (
        "<h2>What freshness is worth</h2><p>The same users and events, from everything frozen when training ended "
        "to everything fresh; in brackets what each step adds.</p>" + rows_chart(rows, "NDCG@10")
    )


def _groups(found: Evaluation) -> list[str]:
    best = best_baseline(found)
    names = list(dict.fromkeys((WHOLE, best, BATCH_ONLY, "popularity")))
    shown = [name for name in names if name in found.systems]
    keys = legend([(_style(name, best), name) for name in shown])
    charts = []
    for kind, (title, said) in _KINDS.items():
        groups = found.groups.get(kind, {})
        series = [Series(name, _style(name, best), _along(list(groups.values()), name)) for name in shown]
        labels = [f"{group}\n{of.n_events:,} events" for group, of in groups.items()]
        if labels:
            chart = groups_chart(labels, series, "NDCG@10, with 95% intervals", joined=kind == "history")
            charts.append(f"<h2>{title}</h2><p>{said}</p>{keys}{chart}")
    return charts


def _along(groups: Sequence[Group], name: str) -> list[Point]:
    return [_point(group.systems[name]["ndcg@10"], group.intervals[name]["ndcg@10"]) for group in groups]


def _differences(found: Evaluation) -> str:
    best = best_baseline(found)
    rows = [
        Row(name, _style(name, best), Point(*of["ndcg@10"]), _said(of["ndcg@10"]))
        for name, of in sorted(found.gained.items(), key=lambda one: one[1]["ndcg@10"].mean)
    ]
    cost = found.diversity_cost["ndcg@10"]
    return (
        "<h2>How much better the whole is</h2><p>Paired: the same users are drawn for both. An interval that "
        "doesn't touch 0 is no accident.</p>"
        + rows_chart(rows, "NDCG@10 of the whole, less the system's")
        + f"<p>Of all next items, {found.candidates.recall:.1%} were among the candidates and "
        f"{found.candidates.recall_at_200:.1%} among their first 200. Ranking by score alone, without diversity, "
        f"would gain {_said(cost)} NDCG@10.</p>"
    )


def _all(found: Evaluation) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("system", *_SHOWN))
    body = "".join(
        f'<tr class="{"whole" if name == WHOLE else ""}"><td>{escape(name)}</td>'
        + "".join(f"<td>{means[metric]:.4f}</td>" for metric in _SHOWN)
        + "</tr>"
        for name, means in found.systems.items()
    )
    return (
        f'<h2>All figures</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'
        '<p class="small">One item is relevant in each event, so recall is HR, precision@k is HR/k, F1@k is 2 HR/(k+1) '
        "and MAP is MRR. coverage@10: the share of the catalogue that stood in any first ten. diversity@10: the mean "
        "over pairs in a first ten of 1 - cosine, by the item vectors of the bundle at the split.</p>"
    )


def legend(keys: Sequence[tuple[str, str]]) -> str:
    """What the colours mean: (style, label) each."""
    told = "".join(f'<span class="key {style}"><i></i>{escape(label)}</span>' for style, label in keys)
    return f"<p>{told}</p>"


def _style(name: str, best: str) -> str:
    known = {WHOLE: "whole", BATCH_ONLY: "batch", best: "best"}
    if name in known:
        return known[name]
    if name.startswith(SOURCE):
        return "source"
    return "ours" if name in (*OURS, UNDIVERSIFIED) else "baseline"


def _point(mean: float, ends: tuple[float, float]) -> Point:
    return Point(mean, *ends)


def _half(point: Point) -> float:
    return (point.high - point.low) / 2


def _said(one: Measure) -> str:
    return f"{one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
