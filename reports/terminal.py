"""The closing summary of a run on a terminal: what conforms, what does not, and what to do next.

Colours are the terminal's own sixteen, so that dark and light schemes both read well; nothing is
said by colour alone. Away from a terminal rich writes plain text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from reports.counterexample import counterexample
from reports.events import ViolationFound
from reports.timeline import Actor, around, clock, timeline
from reports.verdicts import Outcome, RuleResult, RunSummary, Verdict, blamed_right, count, labels
from reports.words import SYMBOLS, engine, facts, fate, headline, kills, plural, unchecked

STYLES: Final[Mapping[Verdict, str]] = {
    Verdict.VIOLATED: "bold red",
    Verdict.KNOWN_FAILURE: "yellow",
    Verdict.DEVIATES: "magenta",
    Verdict.UNEXERCISED: "yellow",
    Verdict.UNSUPPORTED: "dim",
    Verdict.PLANNED: "dim",
    Verdict.PASSED: "green",
}
COLUMNS: Final[Mapping[Verdict, str]] = {
    Verdict.PASSED: "pass",
    Verdict.VIOLATED: "viol",
    Verdict.KNOWN_FAILURE: "known",
    Verdict.DEVIATES: "devi",
    Verdict.UNEXERCISED: "unex",
    Verdict.UNSUPPORTED: "unsup",
    Verdict.PLANNED: "plan",
}
MOMENTS: Final = 24
"""How many moments of a timeline a terminal shows; the reports have them all."""
CHANGES: Final = 6
VIOLATIONS: Final = 3
"""How many violations of one rule a terminal tells in full."""


def print_summary(
    runs: Sequence[RunSummary],
    console: Console,
    *,
    verbose: bool = False,
    paths: Sequence[Path] = (),
) -> None:
    """Prints all runs, one after another, and where the reports lie.

    Args:
        verbose: list the rules that passed as well, and tell excused violations in full.
        paths: report files, as ``write_all`` returns them.
    """
    for run, label in zip(runs, labels(runs), strict=True):
        console.print(_run(run, label, verbose))
    if paths:
        console.print(Text("Reports", style="bold"))
        for path in paths:
            console.print(Text(f"  {path}"), soft_wrap=True)


def _run(run: RunSummary, label: str, verbose: bool) -> Group:
    parts: list[RenderableType] = [
        Text(),
        Line(f"{engine(run)} · {label}".strip(" ·"), style="dim"),
    ]
    told = (result for result in run.violated if verbose or result.verdict is Verdict.VIOLATED)
    for result in told:
        parts += [_violation(run, result, each) for each in result.violations[:VIOLATIONS]]
        if (hidden := len(result.violations) - VIOLATIONS) > 0:
            parts.append(Text(f"  … and {plural(hidden, 'more violation')} of {result.rule.id}"))
    parts += [_areas(run), *_rules(run, verbose), *_kills(run)]
    parts += [Text(f"\n{unchecked(run)}", style="dim")] if unchecked(run) else []
    parts += [Text(f"error: {error}", style="bold red") for error in run.errors]
    return Group(*parts, _close(run))


def _close(run: RunSummary) -> Text:
    good = run.outcome in (Outcome.CONFORMS, Outcome.KILLED)
    text = Text("\n")
    text.append(
        f"{'✓' if good else '✗'} {headline(run)}", style="bold green" if good else "bold red"
    )
    if run.finished:
        text.append(f"  ({clock(run.finished.seconds)}, seed {run.started.seed})", style="dim")
    return text


def _areas(run: RunSummary) -> Table:
    """Counts by area; a column only where some rule has that verdict."""
    shown = [verdict for verdict in COLUMNS if run.counts[verdict]]
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("area")
    for verdict in shown:
        table.add_column(COLUMNS[verdict], justify="right", style=STYLES[verdict])
    table.add_column("rules", justify="right")
    for area, results in run.areas.items():
        counts = count(results)
        table.add_row(area, *(str(counts[v] or "·") for v in shown), str(len(results)))
    table.add_section()
    totals = (str(run.counts[verdict]) for verdict in shown)
    table.add_row("all", *totals, str(len(run.results)), style="bold")
    return table


def _rules(run: RunSummary, verbose: bool) -> list[RenderableType]:
    """Every rule that did not pass with the reason; the gravest first."""
    order = list(Verdict)
    listed = [result for result in run.results if verbose or result.verdict is not Verdict.PASSED]
    if not listed:
        return []
    parts: list[RenderableType] = [Text()]
    for result in sorted(listed, key=lambda result: order.index(result.verdict)):
        parts.append(_rule(result))
        if why := result.why or f"exercised {plural(result.exercised, 'time')}":
            parts.append(Padding(Text(why, style="dim"), (0, 0, 0, 17), expand=False))
    return parts


def _rule(result: RuleResult) -> Table:
    line = Table.grid(padding=(0, 1))
    line.add_column(width=1)
    line.add_column(width=14, no_wrap=True)
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.expand = True
    style = STYLES[result.verdict]
    line.add_row(
        Text(SYMBOLS[result.verdict], style=style),
        Text(result.rule.id, style="bold"),
        Text(result.rule.title),
        Text(result.verdict, style=style),
    )
    return line


def _kills(run: RunSummary) -> list[RenderableType]:
    missed = [row for row in run.kills.rows if not blamed_right(row)]
    if not run.kills.rows:
        return []
    parts: list[RenderableType] = [Text(f"\n{kills(run)}", style="bold")]
    for row in missed:
        blamed = f", blamed {', '.join(row.blamed)}" if row.blamed else ""
        parts.append(Text(f"  {row.mutant} ({row.rule}): {fate(row)}{blamed}"))
    return parts


def _violation(run: RunSummary, result: RuleResult, violation: ViolationFound) -> Panel:
    """A violation as a person wants to see it: the rule, why, what, how, and once more."""
    paragraphs = Table.grid(padding=(0, 2))
    paragraphs.add_column(style="dim", no_wrap=True)
    paragraphs.add_column(ratio=1)
    for name, text in facts(result, violation, run.started.profile):
        paragraphs.add_row(
            name, Text(text, style="bold" if name in ("Expected", "Seen", "Got") else "")
        )
    parts: list[RenderableType] = [paragraphs]
    if counterexample(violation) is None:
        parts += [Text(), _timeline(violation)]
    if violation.replay:
        parts += [Text("\nReplay", style="dim"), Text(violation.replay, style="cyan")]
    style = STYLES[result.verdict]
    title = Text(f"{result.rule.id} {result.rule.title}", style="bold")
    return Panel(
        Group(*parts),
        title=title,
        title_align="left",
        subtitle=Text(result.verdict, style=style),
        subtitle_align="right",
        border_style=style,
    )


def _timeline(violation: ViolationFound) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(justify="right", no_wrap=True, style="dim")
    table.add_column(width=1)
    table.add_column(ratio=1)
    for moment in around(timeline(violation), MOMENTS):
        did = moment.actor is Actor.TESTER
        text = Text(moment.text, style="bold red" if moment.breaking else "bold" if did else "")
        for change in moment.changes[:CHANGES]:
            text.append(f"\n{change}", style="red" if moment.breaking else "dim")
        if (hidden := len(moment.changes) - CHANGES) > 0:
            text.append(f"\n… and {plural(hidden, 'more change')}", style="dim")
        mark = Text("▶" if moment.breaking else "", style="bold red")
        table.add_row(mark, clock(moment.at), "→" if did else "←", text)
    return table
