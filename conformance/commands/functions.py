"""``kubelaws functions``: what an engine can be asked, with schemas."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import cattrs
import click

from conformance.cli import Problem
from conformance.functions import MEANINGS, State, state_of
from conformance.recorded import vectors
from reports.counterexample import pretty
from spec_model.rules import registry
from spec_model.schemas import (
    Description,
    UnknownFunctionError,
    definitions,
    description,
    descriptions,
)


@click.command("functions")
@click.argument("name", required=False)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table",
    show_default=True,
)  # fmt: skip
def command(name: str | None, form: str) -> None:
    """List the pure functions that an engine can be asked, or show one with its schemas.

    An engine, or a library that runs no Pods at all, claims those that it computes and is asked for
    them by name. `checked` functions are decided by the model and asked anything; of `recorded` ones
    only the recorded answers of Kubernetes 1.36.2 are compared; `planned` ones are not checked yet.

    \b
    Examples:
      kubelaws functions
      kubelaws functions pod.qos_class
      kubelaws functions pod.qos_class --format json | jq .arguments
      kubelaws run --adapter python:mine:Library --functions-only
    """
    if name is None:
        LISTS[form](tuple(descriptions().values()))
        return
    try:
        known = description(name)
    except UnknownFunctionError as error:
        raise Problem(f"{error.args[0]}; kubelaws functions lists them all") from error
    ONE[form](known)


def _table(listed: Sequence[Description]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Function", "State", "Rules of", "Title"):
        table.add_column(heading, no_wrap=heading in ("Function", "State"))
    for known in listed:
        areas = dict.fromkeys(registry()[rule].area for rule in known.all_rules)
        table.add_row(known.name, state_of(known.name), " ".join(areas), known.title)
    Console().print(table)
    states = [state_of(known.name) for known in listed]
    counts = ", ".join(f"{states.count(state)} {state}" for state in State)
    click.echo(f"{len(listed)} functions: {counts}")


def _one_table(known: Description) -> None:
    click.secho(f"{known.name}  {known.title}", bold=True)
    for label, text in _facts(known):
        click.echo(f"\n{click.style(label, dim=True)}\n{_indented(text)}")


def _facts(known: Description) -> list[tuple[str, str]]:
    state = state_of(known.name)
    recorded = sum(1 for _ in vectors(known.name))
    told = [
        ("State", f"{state}: {MEANINGS[state]}"),
        ("Rules", "\n".join(f"{rule}  {registry()[rule].title}" for rule in known.all_rules)),
        ("Notes", known.notes),
        ("Profiles", known.differs or "the same under both"),
        ("Refuses with", ", ".join(known.errors)),
        ("Recorded", f"{recorded} answers of Kubernetes 1.36.2" if recorded else "nothing"),
        ("Arguments", pretty(known.arguments)),
        ("Result", pretty(known.result)),
    ]
    return [(label, text) for label, text in told if text]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def as_data(known: Description) -> dict[str, object]:
    """A description as JSON-able data, with its state."""
    return {**cattrs.unstructure(known), "state": str(state_of(known.name))}


def as_markdown(known: Description, *, complete: bool = True) -> str:
    """A description as a section of Markdown; if not complete, what schemas share stands elsewhere."""
    state = state_of(known.name)
    rules = ", ".join(f"[{rule}](rules.md#{_anchor(rule)})" for rule in known.all_rules)
    lines = [f"### {known.name}\n", f"{known.title}. *{state}*\n"]
    lines += [text + "\n" for text in (known.notes,) if text]
    lines += [f"- Rules: {rules or 'none speaks of it'}"]
    lines += [f"- Profiles: {known.differs}"] if known.differs else []
    lines += [f"- Refuses with: {', '.join(f'`{word}`' for word in known.errors)}"] * bool(
        known.errors
    )
    for part, schema in (("Arguments", known.arguments), ("Result", known.result)):
        left_out = () if complete else ("$defs",)
        shown = {key: value for key, value in schema.items() if key not in left_out}
        lines.append(_folded(part, shown))
    return "\n".join(lines)


def all_as_markdown() -> str:
    """Every function, and after them what their schemas share."""
    sections = [as_markdown(known, complete=False) for known in descriptions().values()]
    shared = [_folded(name, schema) for name, schema in sorted(definitions().items())]
    return "\n\n".join([*sections, "### Definitions\n\nWhat `#/$defs/…` means." + "".join(shared)])


def _folded(title: str, schema: object) -> str:
    return f"\n<details><summary>{title}</summary>\n\n```json\n{pretty(schema)}\n```\n\n</details>"


def _anchor(rule: str) -> str:
    """Where GitHub puts the heading of a rule: ``BACKOFF-001: Title`` in small letters and dashes."""
    heading = f"{rule} {registry()[rule].title}".lower()
    kept = "".join(letter for letter in heading if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


LISTS: Final[Mapping[str, Callable[[Sequence[Description]], None]]] = {
    "table": _table,
    "json": lambda listed: click.echo(_json([as_data(known) for known in listed])),
    "markdown": lambda _: click.echo(all_as_markdown()),
}
ONE: Final[Mapping[str, Callable[[Description], None]]] = {
    "table": _one_table,
    "json": lambda known: click.echo(_json(as_data(known))),
    "markdown": lambda known: click.echo(as_markdown(known)),
}


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)
