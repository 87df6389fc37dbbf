"""``kubelaws mutants``: the kill table."""

from __future__ import annotations

import json

import click

from conformance.cli import Problem
from conformance.commands.options import (
    area_option,
    budget_option,
    jobs_option,
    rule_option,
    seed_option,
)


@click.command("mutants")
@rule_option
@area_option
@budget_option
@seed_option
@jobs_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def command(
    rules: tuple[str, ...], areas: tuple[str, ...], budget: str, seed: int, jobs: int, form: str
) -> None:
    """Run the suite against the simulator with one named fault at a time: is it caught?

    A mutant counts as killed when some rule is blamed, as blamed right when its own rule is.
    Exit code 1 when any mutant survives or the wrong rule is blamed.

    \b
    Examples:
      kubelaws mutants --area BACKOFF
      kubelaws mutants --rule PHASE-004 --budget deep --format json
    """
    import cattrs

    from conformance.mutants.table import try_all

    rows = []
    for row in try_all(rules=rules, areas=areas, seed=seed, jobs=jobs, budget=budget):
        rows.append(row)
        if form == "table":
            mark = "✓" if row.rule in row.blamed else "✗"
            blamed = ", ".join(row.blamed) or " ".join(("nobody", row.error)).strip()
            click.echo(f"{mark} {row.rule:<15} {row.mutant:<44} blamed: {blamed}")
    if not rows:
        raise Problem(f"there is no mutant yet for {', '.join((*rules, *areas)) or 'any rule'}")
    if form == "json":
        click.echo(json.dumps(cattrs.unstructure(rows), indent=2))
    killed = sum(row.killed for row in rows)
    right = sum(row.rule in row.blamed for row in rows)
    click.echo(f"{len(rows)} mutants, {killed} killed, {right} blamed right", err=form == "json")
    raise SystemExit(0 if right == len(rows) else 1)
