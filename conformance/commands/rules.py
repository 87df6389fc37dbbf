"""``kubelaws rules``: the registry as a table, JSON or Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import cattrs
import click

from conformance.commands.options import area_option, profile_choice
from conformance.focus import built_rules
from spec_model.rules import Rule, rules_of


@click.command("rules")
@area_option
@click.option("--profile", type=profile_choice, help="Only rules that hold under this profile.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table",
    show_default=True,
)  # fmt: skip
def command(areas: tuple[str, ...], profile: str | None, form: str) -> None:
    """List the rules.

    \b
    Examples:
      kubelaws rules --area BACKOFF
      kubelaws rules --profile documented --format json | jq -r '.[].id'
    """
    chosen = [rule for rule in rules_of(*areas) if profile is None or profile in rule.profiles]
    FORMS[form](chosen, profile or "v1.36")


def _table(rules: Sequence[Rule], _: str) -> None:
    from rich.console import Console
    from rich.table import Table

    built = built_rules()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Rule", "Level", "State", "Title"):
        table.add_column(heading, no_wrap=heading != "Title")
    for rule in rules:
        table.add_row(rule.id, rule.level, "" if rule.id in built else "planned", rule.title)
    Console().print(table)
    planned = sum(rule.id not in built for rule in rules)
    click.echo(f"{len(rules)} rules, {planned} of them planned")


def _json(rules: Sequence[Rule], _: str) -> None:
    built = built_rules()
    click.echo(
        json.dumps(
            [{**cattrs.unstructure(rule), "planned": rule.id not in built} for rule in rules],
            ensure_ascii=False,
            indent=2,
        )
    )


def _markdown(rules: Sequence[Rule], profile: str) -> None:
    click.echo("| Rule | Level | Title | Sentence |\n|-|-|-|-|")
    for rule in rules:
        sentence = rule.sentence_in(profile).replace("|", "\\|")
        click.echo(f"| {rule.id} | {rule.level} | {rule.title} | {sentence} |")


FORMS: Final[Mapping[str, Callable[[Sequence[Rule], str], None]]] = {
    "table": _table,
    "json": _json,
    "markdown": _markdown,
}
