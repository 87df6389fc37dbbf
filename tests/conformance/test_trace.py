"""Traces: what is written is read again; what cannot be read says where and why."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from conformance import trace
from spec_model.events import Accepted, Act, Cause, Evaluated, Observation, Rejected, stimulus

POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {"name": "a", "creationTimestamp": "2024-05-01T10:00:00Z"},
}
HEADER = trace.Header("tiny", "1", "v1.36", "virtual", 0.0)
EVENTS = [
    Act(0.0, stimulus("create", object=POD), Accepted(POD)),
    Act(0.5, stimulus("advance", seconds=1), Rejected(422, "Invalid", "no", (Cause("spec"),))),
    Observation(1.0, "ADDED", POD),
    Evaluated(2.0, "pod.qos_class", {"pod": POD}, "BestEffort"),
    Evaluated(2.0, "quantity.parse", {"text": "1K"}, None, "suffix"),
]


def events_of(path: Path) -> list[Any]:
    return list(trace.read(path)[1])


@pytest.mark.parametrize("name", ["trace.jsonl", "trace.jsonl.gz"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    trace.write(path, trace.lines_of(HEADER, EVENTS))
    header, events = trace.read(path)
    assert (header, list(events)) == (HEADER, EVENTS)


def lines(tmp_path: Path, *texts: str) -> Path:
    path = tmp_path / "recording.json"
    path.write_text("\n".join(texts) + "\n")
    return path


def test_kubectl_output_is_read_though_values_span_lines(tmp_path: Path) -> None:
    event = json.dumps({"type": "ADDED", "object": POD}, indent=4)
    assert [each.type for each in events_of(lines(tmp_path, event, event))] == ["ADDED", "ADDED"]


def test_a_raw_watch_keeps_the_times_of_receipt(tmp_path: Path) -> None:
    first = {"receivedAt": "2024-05-01T10:00:00Z", "type": "ADDED", "object": POD}
    second = {"receivedAt": "2024-05-01T10:00:02.5Z", "type": "MODIFIED", "object": POD}
    path = lines(tmp_path, json.dumps(first), json.dumps(second))
    assert [each.at for each in events_of(path)] == [0.0, 2.5]


def test_bookmarks_are_passed_over(tmp_path: Path) -> None:
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "7"}}}
    path = lines(tmp_path, json.dumps({"type": "ADDED", "object": POD}), json.dumps(bookmark))
    assert len(events_of(path)) == 1


def own(tmp_path: Path, *texts: str) -> Path:
    header = json.dumps(trace.lines_of(HEADER, [])[0])
    return lines(tmp_path, header, *texts)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", ":2: not JSON"),
        ("[1]", ":2: not"),
        ('{"at": 1.0}', "no 'type'"),
        ('{"at": 1.0, "type": "ADDED", "object": {"kind": "Pod"}}', "object.metadata"),
        ('{"at": 1.0, "type": "ADDED", "object": 7}', ":2: not an event"),
        ('{"stimulus": "create"}', "no 'at'"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(trace.TraceError, match=complaint):
        events_of(own(tmp_path, line))


def test_an_empty_file_is_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    with pytest.raises(trace.TraceError, match="empty"):
        trace.read(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(trace.TraceError, match="version 99"):
        trace.read(lines(tmp_path, '{"kubelaws": 99}'))


def test_a_header_lacking_a_field_names_it(tmp_path: Path) -> None:
    with pytest.raises(trace.TraceError, match="not a header"):
        trace.read(lines(tmp_path, '{"kubelaws": 1}'))


def test_a_gzip_that_is_none_is_an_os_error_or_a_trace_error(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl.gz"
    path.write_text("not gzipped")
    with pytest.raises((OSError, trace.TraceError)):
        trace.read(path)


def test_the_file_is_not_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl.gz"
    header, *body = trace.lines_of(HEADER, EVENTS[2:3])
    with gzip.open(path, "wt") as file:
        file.write(json.dumps(header) + "\n")
        file.writelines(json.dumps(body[0]) + "\n" for _ in range(1000))
        file.write("broken\n")
    _, events = trace.read(path)
    assert next(events) == EVENTS[2]
