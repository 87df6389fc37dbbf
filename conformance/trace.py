"""Traces: record, read, replay. Versioned JSON lines, a header and then the events.

Two other recordings are read as well: the output of ``kubectl get … -w -o json
--output-watch-events``, and a raw watch stream with the time of receipt on every line.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import cattrs
from attrs import frozen

from conformance.adapter import Implementation
from conformance.encoding import (
    observation_from_data,
    observation_to_data,
    response_from_data,
    response_to_data,
)
from conformance.observed import WATCHED
from spec_model.events import Act, Evaluated, Event, Observation, Stimulus
from spec_model.objects import seconds
from spec_model.profiles import PROFILES, profile
from spec_model.world import Setting

E = TypeVar("E", bound=Event)

VERSION: Final = 1

TOGETHER: Final = 64
"""So many lines are decoded at once: their objects share their keys, and are made and read faster."""


class TraceError(ValueError):
    """A trace cannot be read; the message names the line and what is wrong with it."""


@frozen
class Header:
    """What a trace says of itself in its first line."""

    implementation: str
    version: str
    profile: str
    clock: str
    epoch: float
    adapter: str = ""
    seed: int = 0
    tool: str = ""
    rule: str = ""
    lateness: float | None = None
    kubelaws: int = VERSION

    @property
    def setting(self) -> Setting:
        """Under which conditions it is judged."""
        clock = "real" if self.clock == "real" else "virtual"
        return Setting(profile(self.profile), clock, self.epoch, self.lateness)  # type: ignore[arg-type]


def header_of(
    implementation: Implementation,
    profile_name: str,
    *,
    adapter: str,
    seed: int,
    tool: str,
    rule: str,
) -> Header:
    """The header of a trace that was recorded from this engine."""
    return Header(
        implementation.name,
        implementation.version,
        profile_name,
        implementation.clock,
        implementation.epoch,
        adapter,
        seed,
        tool,
        rule,
    )


def to_line(event: Event) -> dict[str, Any]:
    """An event as one JSON-able line."""
    if isinstance(event, Observation):
        return observation_to_data(event)
    if isinstance(event, Evaluated):
        answer = {"error": event.error} if event.error is not None else {"result": event.result}
        return {"at": event.at, "evaluate": event.function, "arguments": event.arguments, **answer}
    return {
        "at": event.at,
        "stimulus": event.stimulus.verb,
        "arguments": event.stimulus.arguments,
        "response": response_to_data(event.response),
    }


def from_line(line: Mapping[str, Any]) -> Event:
    """The event that ``to_line`` wrote.

    Raises:
        ValueError, KeyError: it is none.
    """
    if "stimulus" in line:
        response = response_from_data(line.get("response") or {})
        return Act(line["at"], Stimulus(line["stimulus"], line["arguments"]), response)
    if "evaluate" in line:
        return Evaluated(
            line["at"], line["evaluate"], line["arguments"], line.get("result"), line.get("error")
        )
    return observation_from_data(line)


def lines_of(header: Header, events: Iterable[Event]) -> list[dict[str, Any]]:
    """A whole trace as JSON-able lines, header first."""
    return [cattrs.unstructure(header), *(to_line(event) for event in events)]


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Writes a trace; gzipped where the name ends in ``.gz``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _open(path, "wt") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def read(path: Path, profile_name: str | None = None) -> tuple[Header, Iterator[Event]]:
    """The header of a trace, and its events as they are read: the file is never held whole.

    A recording without a header (kubectl, raw watch) is judged on a real clock under ``v1.36``.

    Raises:
        TraceError: with the number of the line, here or while the events are read.
        OSError: the file cannot be opened.
    """
    lines = _numbered(path)
    try:
        number, first = next(lines)
    except StopIteration:
        raise TraceError(f"{path}: the file is empty; a trace begins with its header") from None
    if "kubelaws" in first:
        return _header(path, number, first, profile_name), _events(path, lines, from_line)
    return _imported(path, number, first, lines, profile_name)


def _header(path: Path, number: int, line: Mapping[str, Any], profile_name: str | None) -> Header:
    if line["kubelaws"] != VERSION:
        raise TraceError(
            f"{path}:{number}: trace version {line['kubelaws']}, this tool reads {VERSION}"
        )
    try:
        header = cattrs.structure(
            {**line, **({"profile": profile_name} if profile_name else {})}, Header
        )
    except Exception as error:
        reasons = "; ".join(cattrs.transform_error(error))
        raise TraceError(f"{path}:{number}: not a header of a trace: {reasons}") from error
    if header.profile not in PROFILES:
        raise TraceError(f"{path}:{number}: unknown profile {header.profile!r}")
    return header


def _imported(
    path: Path,
    number: int,
    first: Mapping[str, Any],
    lines: Iterator[tuple[int, Any]],
    profile_name: str | None,
) -> tuple[Header, Iterator[Event]]:
    epoch = next(_events(path, [(number, first)], _watch_event)).at
    header = Header("recording", "", profile_name or "v1.36", "real", epoch)

    def events() -> Iterator[Event]:
        at = 0.0

        def watched(line: Mapping[str, Any]) -> Observation:
            nonlocal at
            if line["type"] in WATCHED and (received := _watched_at(line)) is not None:
                at = max(at, received - epoch)
            return Observation(at, line["type"], line["object"])

        for event in _events(path, chain([(number, first)], lines), watched):
            if event.type in WATCHED:  # bookmarks and errors tell of the watch, not of an object
                yield event

    return header, events()


def _events(path: Path, lines: Iterable[tuple[int, Any]], parse: Callable[[Any], E]) -> Iterator[E]:
    """What is made of each line; what cannot be made of one is said with its number."""
    for number, line in lines:
        try:
            event = parse(line)
            if isinstance(event, Observation) and not isinstance(
                event.object.get("metadata"), dict
            ):
                raise KeyError("object.metadata")
        except KeyError as error:
            raise TraceError(
                f"{path}:{number}: not an event of a trace: no {error.args[0]!r}"
            ) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise TraceError(f"{path}:{number}: not an event of a trace: {error}") from error
        yield event


def _watch_event(line: Mapping[str, Any]) -> Observation:
    """An event of a watch, by the clock of its recording: in seconds since 1970, or 0 where it has none."""
    return Observation(type=line["type"], object=line["object"], at=_watched_at(line) or 0.0)


def _watched_at(line: Mapping[str, Any]) -> float | None:
    """When an event of a watch was received, as far as the recording tells; seconds since 1970."""
    received = seconds(line.get("receivedAt"))
    return _latest_time(line["object"]) if received is None else received


def _latest_time(manifest: Mapping[str, Any]) -> float | None:
    """The latest time an object speaks of: the best guess where the recording has no times."""
    times = [
        entry.get("time") for entry in (manifest.get("metadata") or {}).get("managedFields") or ()
    ]
    times.append((manifest.get("metadata") or {}).get("creationTimestamp"))
    times.extend(
        condition.get("lastTransitionTime")
        for condition in (manifest.get("status") or {}).get("conditions") or ()
    )
    return max((when for when in map(seconds, times) if when is not None), default=None)


def _numbered(path: Path) -> Iterator[tuple[int, Any]]:
    """Each JSON value with the number of the line on which it begins; values may span lines."""
    with _open(path, "rt") as file:
        number = 1
        while lines := list(islice(file, TOGETHER)):
            values = _decoded_together(lines)
            if values is None:
                yield from _decoded_one_by_one(path, chain(lines, file), number)
                return
            yield from enumerate(values, number)
            number += len(lines)


def _decoded_together(lines: list[str]) -> list[Any] | None:
    """The objects of lines that hold one each; None where they do not."""
    try:
        values: list[Any] = json.loads(f"[{','.join(lines)}]")
    except json.JSONDecodeError:
        return None
    is_one_each = len(values) == len(lines) and all(isinstance(value, dict) for value in values)
    return values if is_one_each else None


def _decoded_one_by_one(path: Path, lines: Iterable[str], first: int) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder()
    buffer, began = "", first
    for number, line in enumerate(lines, first):
        if not buffer.strip():
            buffer, began = line, number
        else:
            buffer += line
        if not line.rstrip().endswith("}") or (line[:1] in " \t" and line.strip() != "}"):
            continue
        try:
            value, _ = decoder.raw_decode(buffer.lstrip())
        except json.JSONDecodeError as error:
            if line[:1] == "{" and began == number:
                raise TraceError(f"{path}:{number}: not JSON: {error.msg}") from error
            continue
        if not isinstance(value, dict):
            raise TraceError(f"{path}:{number}: not a JSON object")
        buffer = ""
        yield began, value
    if buffer.strip():
        raise TraceError(f"{path}:{began}: not JSON: the value that begins here does not end")


def _open(path: Path, mode: str) -> IO[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    opened = opener(path, mode, encoding="utf-8")
    assert isinstance(opened, TextIOWrapper)
    return opened
