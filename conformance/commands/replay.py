"""``kubelaws replay``: a saved trace, run again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from conformance import targets, trace
from conformance.adapter import AdapterError
from conformance.cli import Problem
from conformance.commands.options import profile_choice
from conformance.describe import sentence
from conformance.session import Session, replay, steps_of
from conformance.shrink import Step
from spec_model.rules import registry


@click.command("replay")
@click.argument("file", metavar="TRACE", type=click.Path(path_type=Path))
@click.option("--adapter", help="Engine to run it on; default: the one that the trace names.")
@click.option("--profile", type=profile_choice, help="Default: the trace's own.")
def command(file: Path, adapter: str | None, profile: str | None) -> None:
    """Run a saved trace again, and judge what comes of it.

    \b
    Examples:
      kubelaws replay report/violations/v1.36/BACKOFF-001.jsonl
      kubelaws replay report/violations/v1.36/BACKOFF-001.jsonl --adapter simulator
    """
    try:
        header, events = trace.read(file, profile)
        steps = steps_of(events)
    except trace.TraceError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"{file}: {error.strerror or error}") from error
    if not steps:
        raise Problem(f"{file}: nothing to replay: the trace holds observations only")
    for number, step in enumerate(steps, start=1):
        click.echo(f"{number:>3}. {sentence(step)}")
    session, failure = _replayed(adapter or header.adapter or targets.chosen(None), header, steps)
    code = _told(session)
    if failure:
        raise Problem(f"the adapter failed: {failure}")
    raise SystemExit(code)


def _replayed(
    spec: str, header: trace.Header, steps: list[Step]
) -> tuple[Session, AdapterError | None]:
    """The session in which the same was done, and what cut it short."""
    try:
        engine = targets.open_adapter(spec, header.profile)
        session = Session(engine, targets.described(engine, spec), header.profile)
    except (targets.UnknownTargetError, AdapterError) as error:
        raise Problem(str(error)) from error
    try:
        replay(session, steps)
    except AdapterError as error:
        return session, error
    finally:
        targets.close(engine, spec)
    return session, None


def _told(session: Session) -> int:
    for shown in session.shown:
        finding = shown.finding
        click.secho(f"\n{finding.rule} {registry()[finding.rule].title}", bold=True, fg="red")
        click.echo(f"  {finding.subject}, at {finding.at:g} s")
        click.echo(f"  expected: {finding.expected}\n  seen:     {finding.seen}")
    broken = _failing(shown.finding.rule for shown in session.shown)
    click.echo(
        f"\n{len(session.exercised)} rules exercised, "
        + (f"broken: {', '.join(broken)}" if broken else "none broken")
    )
    return 1 if broken else 0


def _failing(rules: Iterable[str]) -> list[str]:
    return sorted({rule for rule in rules if not registry()[rule].implementation})
