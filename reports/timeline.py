"""The timeline of a violation: what was done, what was seen of it, and where it broke.

A trace holds whole objects; a person wants to see what changed. So an observation is told as its
difference from the last one of the same object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from attrs import frozen

from reports.events import ViolationFound

Line = Mapping[str, Any]

NOISE: Final = frozenset(
    {"metadata.resourceVersion", "metadata.managedFields", "metadata.uid", "apiVersion", "kind"}
    | {"metadata.name", "metadata.namespace", "metadata.creationTimestamp"}
)
"""Paths that say nothing about what happened."""


class Actor(StrEnum):
    """Whose doing a moment is."""

    TESTER = "did"
    ENGINE = "saw"


@frozen
class Moment:
    """One event of a trace as a person reads it.

    Attributes:
        at: seconds on the trace's clock.
        changes: what differs from the last look at the same object, ``path: before → now``.
        breaking: this is the event that showed the violation.
        raw: the line of the trace itself.
    """

    at: float
    actor: Actor
    text: str
    changes: tuple[str, ...]
    breaking: bool
    raw: Line


def timeline(violation: ViolationFound) -> tuple[Moment, ...]:
    """The moments of a violation's trace in order; the header is none."""
    return tuple(_moments(violation))


def around(moments: Sequence[Moment], limit: int) -> tuple[Moment, ...]:
    """The last ``limit`` moments up to the breaking one: what a terminal has room for."""
    end = next((i + 1 for i, moment in enumerate(moments) if moment.breaking), len(moments))
    return tuple(moments[max(0, end - limit) : end])


def _moments(violation: ViolationFound) -> Iterator[Moment]:
    events = [line for line in violation.trace if _is_event(line)]
    told = iter(_told(violation, events))
    shown = violation.trace[violation.step] if violation.step < len(violation.trace) else None
    last: dict[tuple[Any, ...], Mapping[str, str]] = {}
    for line in events:
        breaking = line is shown
        if "object" not in line:
            answer = _answer(line)
            yield Moment(line["at"], Actor.TESTER, next(told), answer, breaking, line)
            continue
        key, flat = _key(line["object"]), dict(_flatten("", line["object"]))
        changes = tuple(_changes(last.get(key, {}), flat))
        last[key] = flat
        text = f"{line['type']} {_name(line['object'])}"
        yield Moment(line["at"], Actor.ENGINE, text, changes, breaking, line)


def _is_event(line: Line) -> bool:
    return "stimulus" in line or "evaluate" in line or "object" in line


def _told(violation: ViolationFound, events: Sequence[Line]) -> Sequence[str]:
    """The suite's own sentences for what was done, where they tell of each thing done."""
    done = [line for line in events if "object" not in line]
    if len(done) == len(violation.operations):
        return violation.operations
    return [_plain(line) for line in done]


def _plain(line: Line) -> str:
    verb = f"evaluate {line['evaluate']}" if "evaluate" in line else line["stimulus"]
    return f"{verb} {compact(line.get('arguments', {}), 120)}"


def _answer(line: Line) -> tuple[str, ...]:
    """What the engine answered, where that says more than 'done'."""
    if "evaluate" in line:
        failed = line.get("error")
        return (f"error: {failed}" if failed else f"result: {compact(line.get('result'), 120)}",)
    rejected = (line.get("response") or {}).get("rejected")
    if not rejected:
        return ()
    return (
        f"rejected: {rejected.get('code')} {rejected.get('reason')} {rejected.get('message', '')}",
    )


def _key(manifest: Line) -> tuple[Any, ...]:
    metadata = manifest.get("metadata") or {}
    return (
        manifest.get("kind"),
        metadata.get("namespace"),
        metadata.get("name"),
        metadata.get("uid"),
    )


def _name(manifest: Line) -> str:
    kind, namespace, name, _ = _key(manifest)
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _flatten(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Leaves by their path; members of a list go by name or type where they have one."""
    if path in NOISE or path.endswith(("].name", "].type")):  # the path has said it already
        return
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flatten(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            name = _member(inner, index)
            yield from _flatten(f"{path}[{name}]", inner)
    else:
        yield path, compact(value, 60)


def _member(value: Any, index: int) -> Any:
    if isinstance(value, Mapping):
        return value.get("name") or value.get("type") or index
    return index


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """A new object shows only its status: its spec is what the tester just wrote."""
    for path, value in now.items():
        if path not in before:
            if before or path.startswith("status"):
                yield f"{path}: {value}"
        elif before[path] != value:
            yield f"{path}: {before[path]} → {value}"
    yield from (f"{path}: {value} → gone" for path, value in before.items() if path not in now)


def compact(value: Any, width: int) -> str:
    """A JSON value on one line, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= width else text[: width - 1] + "…"


def clock(at: float) -> str:
    """Seconds as a person reads them: ``0 s``, ``12.5 s``, ``10m 05s``."""
    if at < 120:
        return f"{at:g} s" if at == int(at) else f"{at:.3g} s"
    minutes, seconds = divmod(round(at), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m {seconds:02}s" if hours else f"{minutes}m {seconds:02}s"
