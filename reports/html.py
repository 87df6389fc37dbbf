"""The report as one page: no request leaves it, and it opens from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import frozen
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import graph, words
from reports.counterexample import counterexample
from reports.timeline import Actor, clock, timeline
from reports.verdicts import RuleResult, RunSummary, Verdict, by_area, count, labels
from spec_model.rules import Rule

if TYPE_CHECKING:
    from reports.graph import Graph


@frozen
class Row:
    """One rule across all runs; None where a run did not have it."""

    rule: Rule
    results: tuple[RuleResult | None, ...]

    @property
    def verdicts(self) -> str:
        """The verdicts in the order of the runs, ``none`` for a gap: what the page filters by."""
        return " ".join(result.verdict if result else "none" for result in self.results)

    @property
    def text(self) -> str:
        """All that the page's search looks through."""
        rule = self.rule
        whys = [result.why for result in self.results if result]
        parts = [rule.id, rule.title, rule.sentence, rule.documented, rule.quote, *whys]
        return " ".join(parts).casefold()


@frozen
class Area:
    """The rules of one area, and the results of each run in it."""

    name: str
    rows: tuple[Row, ...]
    results: tuple[tuple[RuleResult, ...], ...]


@frozen
class Figure:
    """One lifecycle as one run saw it."""

    name: str
    label: str
    seen: int
    total: int
    drawing: Markup
    missed: tuple[graph.Transition, ...]


def html(runs: Sequence[RunSummary], lifecycles: Mapping[str, Graph] | None = None) -> str:
    """The page.

    Args:
        lifecycles: the graphs to draw with what was seen of them; by default none.
    """
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            runs=runs,
            labels=labels(runs),
            areas=_areas(runs),
            figures=tuple(_figures(runs, lifecycles or {})),
            totals={verdict: sum(run.counts[verdict] for run in runs) for verdict in Verdict},
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        Actor=Actor,
        Verdict=Verdict,
        count=count,
        timeline=timeline,
        words=words,
        shares=_shares,
        counterexample=counterexample,
    )
    environment.filters.update(clock=clock, pretty=_pretty, link=_link)
    return environment


def _areas(runs: Sequence[RunSummary]) -> tuple[Area, ...]:
    found = [{result.rule.id: result for result in run.results} for run in runs]
    rules = {result.rule.id: result.rule for run in runs for result in run.results}
    rows: dict[str, list[Row]] = {}
    for name, rule in rules.items():
        rows.setdefault(rule.area, []).append(Row(rule, tuple(run.get(name) for run in found)))
    areas = [by_area(run.results) for run in runs]
    return tuple(
        Area(
            name,
            tuple(sorted(members, key=lambda row: row.rule.id)),
            tuple(run.get(name, ()) for run in areas),
        )
        for name, members in rows.items()
    )


def _shares(results: Sequence[RuleResult]) -> Iterator[tuple[Verdict, int, float]]:
    """The stacked bar of some results: verdict, number and percentage; what passed comes first."""
    counts = count(results)
    for verdict in reversed(Verdict):
        if number := counts[verdict]:
            yield verdict, number, 100 * number / len(results)


def _figures(runs: Sequence[RunSummary], lifecycles: Mapping[str, Graph]) -> Iterator[Figure]:
    """Lifecycle by lifecycle, so that the runs of one stand together."""
    for name, drawn in lifecycles.items():
        for run, label in zip(runs, labels(runs), strict=True):
            if not run.edges:
                continue
            taken = run.edges.get(name, {})
            seen, total = graph.coverage(drawn, taken)
            drawing = Markup(graph.svg(drawn, taken, f"{name}, {label}"))  # escaped by its maker
            missed = tuple(edge for edge in graph.transitions(drawn, taken) if not edge.count)
            yield Figure(name, label, seen, total, drawing, missed)


def _pretty(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


def _link(address: str) -> str:
    """An address that is safe to follow; an engine may call itself anything."""
    return address if address.startswith(("https://", "http://")) else ""
