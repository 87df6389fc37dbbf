"""``kubelaws adapter``: a place to start from, a smoke test, and the protocol's schema."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import asdict

from conformance import targets
from conformance.cli import Problem
from conformance.commands.options import profile_choice

if TYPE_CHECKING:
    from conformance.adapter import Implementation
    from conformance.kit.check import Step

MARKS: Final = {"ok": ("✓", "green"), "failed": ("✗", "red"), "untried": ("·", "yellow")}


@click.group("adapter")
def command() -> None:
    """Connect an engine of your own: start one, try it step by step.

    \b
    Example, from nothing to a verdict:
      kubelaws adapter new my-engine --language javascript
      cd my-engine
      kubelaws adapter check "process:node engine.js"
      kubelaws run --area TRANS --adapter "process:node engine.js"
    """


@command.command("new")
@click.argument("name")
@click.option(
    "--language", required=True, type=click.Choice(["python", "javascript", "go"]),
    help="What it is written in; nothing but the language itself is needed.",
)  # fmt: skip
def new(name: str, language: str) -> None:
    """Write a small engine that works into the new directory NAME.

    It runs Pods that end, on a virtual clock, refuses what it does not know, and so conforms.

    \b
    Example:
      kubelaws adapter new my-engine --language go
    """
    from conformance.kit.new import BadNameError, next_steps, write

    try:
        for path in write(name, language, Path()):
            click.echo(f"wrote {path}")
    except BadNameError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"{error.filename}: {error.strerror}") from error
    click.echo("\nNext:")
    for line in next_steps(name, language):
        click.echo(f"  {line}")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of the process protocol: every message, and what it means."""
    from conformance.adapters.process.schema import FILE

    click.echo(FILE.read_text("utf-8"), nl=False)


@command.command("check")
@click.argument("target", metavar="TARGET")
@click.option("--profile", type=profile_choice, help="Default: what the adapter asks for.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="For people or for programs.",
)  # fmt: skip
def check(target: str, profile: str | None, form: str) -> None:
    """Try an engine step by step: what works, what is missing, what to do next.

    Handshake, messages against the schema, reset, clock, and every claimed capability. It takes
    seconds and judges no rule: that is what kubelaws run is for.

    \b
    Examples:
      kubelaws adapter check "process:node engine.js"
      kubelaws adapter check python:engine:Engine --format json

    \b
    Exit codes:
      0  all that it claims is served
      1  something is missing
      2  it cannot be started or spoken to
    """
    from conformance.kit.check import steps

    spec = target
    if targets.exchanges_messages(target):
        spec = targets.with_options(target, validate=True)
    try:
        adapter = targets.open_adapter(spec, profile)
        implementation = targets.described(adapter, target)
    except targets.UnknownTargetError as error:
        raise Problem(str(error)) from error
    tell = _show if form == "text" else _keep
    taken = []
    try:
        for step in steps(adapter, implementation, profile or implementation.profile):
            taken.append(step)
            tell(step)
    finally:
        targets.close(adapter, target)
    failed = [step for step in taken if step.outcome == "failed"]
    after = _next(implementation, profile or implementation.profile, target, failed)
    if form == "json":
        told: dict[str, Any] = {"target": target, "steps": [asdict(step) for step in taken]}
        click.echo(json.dumps({**told, "passed": not failed, "next": after}, indent=2))
    else:
        click.echo("\nNext:\n" + "\n".join(f"  {line}" for line in after))
    raise SystemExit(1 if failed else 0)


def _show(step: Step) -> None:
    mark, colour = MARKS[step.outcome]
    click.secho(f"{mark} {step.name:<16}", fg=colour, nl=False)
    click.echo(f" {step.seen}")


def _keep(_: Step) -> None:
    """Programs get all steps at the end."""


def _next(
    implementation: Implementation, profile: str, target: str, failed: Iterable[Step]
) -> list[str]:
    """What to do, the most urgent first."""
    from conformance.kit.check import areas, worth_serving

    advice = [f"{step.name}: {step.advice}" for step in failed]
    if advice:
        return advice
    seen = areas(implementation, profile)
    listed = ", ".join(f"{area} {count}" for area, count in seen.most_common())
    lines = [
        f"{seen.total()} rules can be seen with what it claims: {listed}",
        f"kubelaws run --adapter {_quoted(target)} --area {seen.most_common(1)[0][0]}",
    ]
    if worth := worth_serving(implementation, profile):
        lines.append(f"serve and claim {worth[0]}: {worth[1]} more rule(s) can be seen then")
    return lines


def _quoted(target: str) -> str:
    return f'"{target}"' if " " in target else target
