"""What a run leaves behind in its directory: the reports, and a trace of every violation to replay."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from conformance import trace
from reports.events import ResultEvent, RunStarted, ViolationFound
from reports.write import write_all
from spec_model.lifecycles import LIFECYCLES

if TYPE_CHECKING:
    from reports.graph import Graph


def violation_path(directory: Path, profile: str, rule: str) -> Path:
    """Where the trace of a violation is saved."""
    return directory / "violations" / profile / f"{rule}.jsonl"


def replayable(event: ResultEvent, directory: Path, profile: str) -> ResultEvent:
    """The same event; a violation with the command that runs it again, as a shell takes it."""
    if not isinstance(event, ViolationFound):
        return event
    path = violation_path(directory, profile, event.rule)
    return evolve(event, replay=shlex.join(["kubelaws", "replay", str(path)]))


def write_reports(
    events: Iterable[ResultEvent],
    directory: Path,
    lifecycles: Mapping[str, Graph] = LIFECYCLES,
) -> tuple[Path, ...]:
    """Writes every report and the traces; what an earlier run said was broken is removed.

    Raises:
        StreamError: the events make no run.
        OSError: the directory cannot be written.
    """
    stream = tuple(events)
    for old in directory.glob("violations/*/*-*.*"):
        if old.suffix in (".jsonl", ".md"):
            old.unlink()
    reports = write_all(stream, directory, lifecycles=lifecycles)
    return (*reports, *_save_violations(stream, directory))


def _save_violations(events: Iterable[ResultEvent], directory: Path) -> tuple[Path, ...]:
    """Saves the shortest trace of every broken rule, under each profile."""
    shortest: dict[Path, ViolationFound] = {}
    profile = ""
    for event in events:
        if isinstance(event, RunStarted):
            profile = event.profile
        elif isinstance(event, ViolationFound):
            path = violation_path(directory, profile, event.rule)
            if path not in shortest or len(event.operations) < len(shortest[path].operations):
                shortest[path] = event
    for path, violation in shortest.items():
        trace.write(path, violation.trace)
    return tuple(shortest)
