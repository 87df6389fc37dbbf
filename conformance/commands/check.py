"""``kubelaws check``: a recording, judged offline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from conformance import trace
from conformance.cli import Problem
from conformance.commands.options import profile_choice
from conformance.garbage import seldom_collected
from conformance.session import JudgeError, judged
from spec_model import judge
from spec_model.events import Event, Observation, key_of
from spec_model.rules import registry
from spec_model.world import Finding, World


@click.command("check")
@click.argument("file", metavar="TRACE", type=click.Path(path_type=Path))
@click.option("--profile", type=profile_choice, help="Default: the trace's own, else v1.36.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--limit", default=20, show_default=True, help="Violations to show of each rule.")
def command(file: Path, profile: str | None, form: str, limit: int) -> None:
    """Judge a recorded trace offline; memory stays flat however long it is.

    Reads kubelaws traces (.jsonl, .jsonl.gz), the output of kubectl get with a watch, and raw watch
    streams with the time of receipt on each line.

    \b
    Examples:
      kubectl get pods -A -w -o json --output-watch-events > watch.json
      kubelaws check watch.json
      kubelaws check recording.jsonl.gz --format json

    \b
    Exit codes: 0 no rule is broken, 1 one is, 2 the trace cannot be read, or Ctrl-C cut it short.
    """
    try:
        header, events = trace.read(file, profile)
        with seldom_collected():
            outcome = _judge(header, events, limit)
    except trace.TraceError as error:
        raise Problem(str(error)) from error
    except OSError as error:
        raise Problem(f"{file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Problem(f"{file}: not text in UTF-8 (byte {error.start})") from error
    except JudgeError as error:
        raise Problem(f"{file}: {error}") from error
    (_as_json if form == "json" else _as_text)(header, outcome)
    if outcome.interrupted:
        raise Problem(f"interrupted after {outcome.events} events; above is what was judged so far")
    raise SystemExit(1 if outcome.violated else 0)


class Outcome:
    """What judging a whole trace came to."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.events = 0
        self.interrupted = False
        self.exercised: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.foreign: dict[str, set[str]] = {}

    @property
    def violated(self) -> list[str]:
        """The broken rules that fail a run; accidents of implementation do not."""
        return [rule for rule in self.violations if not registry()[rule].implementation]

    def note_writer(self, world: World, event: Event) -> None:
        """Notes a Pod whose status somebody else than a kubelet wrote: few rules are asked of it."""
        if isinstance(event, Observation) and event.object.get("kind") == "Pod":
            known = world.objects.get(key_of(event.object))
            writer = None if known is None else known.notes.get("foreign-status")
            if known is not None and writer is not None:
                self.foreign.setdefault(writer, set()).add(known.uid)

    def add(self, world: World) -> None:
        """Adds what one event showed."""
        self.exercised.update(world.exercised)
        for finding in world.findings:
            self.violations[finding.rule] += 1
            if self.violations[finding.rule] <= self.limit:
                self.findings.append(finding)


def _judge(header: trace.Header, events: Iterable[Event], limit: int) -> Outcome:
    outcome = Outcome(limit)
    world = World(header.setting)
    try:
        for event in events:
            world = judged(world, event)
            outcome.events += 1
            outcome.note_writer(world, event)
            if world.exercised:
                outcome.add(world)
    except KeyboardInterrupt:
        outcome.interrupted = True
    outcome.add(judge.settle(world, world.at))
    return outcome


def _as_json(header: trace.Header, outcome: Outcome) -> None:
    import cattrs

    click.echo(
        json.dumps(
            {
                "profile": header.profile,
                "events": outcome.events,
                "exercised": dict(sorted(outcome.exercised.items())),
                "violations": dict(sorted(outcome.violations.items())),
                "foreign": {name: len(uids) for name, uids in sorted(outcome.foreign.items())},
                "findings": cattrs.unstructure(outcome.findings),
            },
            ensure_ascii=False,
            indent=2,
        )
    )


def _as_text(header: trace.Header, outcome: Outcome) -> None:
    for finding in outcome.findings:
        rule = registry()[finding.rule]
        click.secho(f"{rule.id} {rule.title}", bold=True, fg="red")
        click.echo(f"  {finding.subject}, {finding.at:.3f} s after the trace began")
        click.echo(f"  expected: {finding.expected}\n  seen:     {finding.seen}")
        click.echo(f"  {finding.because or rule.sentence_in(header.profile)}")
        if rule.quote:
            click.echo(f"  “{rule.quote}”")
    width = max(map(len, outcome.exercised), default=0)
    for identifier, count in sorted(outcome.exercised.items()):
        title = registry()[identifier].title
        mark = "✗" if outcome.violations[identifier] else "✓"
        click.echo(f"{mark} {identifier:<{width}} {count:>7}  {title}")
    for writer, uids in sorted(outcome.foreign.items()):
        click.echo(
            f"not held to a kubelet's rules: {len(uids)} Pods whose status {writer or 'somebody'} wrote"
        )
    broken = sum(outcome.violations.values())
    click.echo(
        f"{outcome.events} events under {header.profile}: {len(outcome.exercised)} rules exercised, "
        f"{len(outcome.violations)} broken, {broken} violations"
    )
