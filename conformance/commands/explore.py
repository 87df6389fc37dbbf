"""``kubelaws explore``: a lifecycle drawn, with the last run's coverage, and what is proved on it."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Final

import click

from conformance.cli import Problem
from spec_model.lifecycles import LIFECYCLES
from spec_model.rules import did_you_mean

WHOLE_POD: Final = "POD"
FORMATS: Final = ("mermaid", "dot", "svg")


@click.command("explore")
@click.argument("name", metavar="|".join((*LIFECYCLES, WHOLE_POD)))
@click.option("--format", "form", type=click.Choice(FORMATS), default="mermaid", show_default=True)
@click.option(
    "--report",
    default="report",
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Reports of the run whose coverage is drawn; without one, none is.",
)
def command(name: str, form: str, report: Path) -> None:
    """Draw a lifecycle and prove what can be proved on it; the proofs go to stderr.

    POD explores the whole state space of a Pod of one init and two app containers instead.

    \b
    Examples:
      kubelaws explore PHASES
      kubelaws explore PV --format svg > pv.svg
      kubelaws explore POD
    """
    wanted = name.upper()
    if wanted == WHOLE_POD:
        raise SystemExit(_explore_pod())
    if wanted not in LIFECYCLES:
        known = (*LIFECYCLES, WHOLE_POD)
        raise Problem(
            f"no lifecycle {name!r}{did_you_mean(wanted, known)}; there are {', '.join(known)}"
        )
    _draw(wanted, form, report)
    raise SystemExit(_prove(wanted))


def _draw(name: str, form: str, report: Path) -> None:
    from reports import graph

    taken = _coverage(report, name)
    lifecycle = LIFECYCLES[name]
    drawings = {
        "mermaid": lambda: graph.mermaid(lifecycle, taken),
        "dot": lambda: graph.dot(lifecycle, taken, name),
        "svg": lambda: graph.svg(lifecycle, taken, name),
    }
    click.echo(drawings[form]())


def _coverage(report: Path, name: str) -> Counter[tuple[str, str]]:
    """How often the last run took each edge."""
    from reports.events import EdgeTaken
    from reports.ndjson import StreamReadError, read

    taken: Counter[tuple[str, str]] = Counter()
    stream = report / "stream.ndjson"
    if not stream.exists():
        click.echo(f"no run in {report}: drawn without coverage", err=True)
        return taken
    try:
        for event in read(stream):
            if isinstance(event, EdgeTaken) and event.lifecycle == name:
                taken[event.source, event.target] += event.count
    except StreamReadError as error:
        raise Problem(str(error)) from error
    return taken


def _prove(name: str) -> int:
    from spec_model.explore import prove

    proofs = prove(name)
    for proof in proofs:
        mark, why = ("✓", "") if proof.holds else ("✗", f": {proof.counterexample}")
        click.echo(f"{mark} {proof.claim}{why}", err=True)
    return 0 if all(proof.holds for proof in proofs) else 1


def _explore_pod() -> int:
    from spec_model.explore import explore
    from spec_model.pod import transitions

    began = time.perf_counter()
    start = [transitions.fresh(policy) for policy in ("Always", "OnFailure", "Never")]
    found = explore(start, transitions.successors, transitions.INVARIANTS)
    seconds = time.perf_counter() - began
    click.echo(
        f"{found.states} states, {found.transitions} transitions, {len(transitions.INVARIANTS)} "
        f"invariants, {found.states / seconds:,.0f} states a second"
    )
    for check in transitions.INVARIANTS:
        click.echo(f"✓ {' '.join((check.__doc__ or '').split())}" if not found.broken else "")
    for broken in found.broken[:10]:
        click.echo(f"✗ {broken.what}: {', '.join(broken.path)}")
    return 1 if found.broken else 0
