"""The stream on disk loses nothing and names its mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.events import FORMAT
from reports.ndjson import StreamReadError, StreamWriter, line_of, read, write
from tests.reports.streams import STARTED, STREAM


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(STREAM, tmp_path / "s.ndjson")
    assert tuple(read(tmp_path / "s.ndjson"))[1:] == STREAM[1:]


def test_every_event_is_on_disk_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "s.ndjson"
    with StreamWriter(path) as writer:
        for number, event in enumerate(STREAM[:3], 1):
            writer.feed(event)
            assert len(path.read_text("utf-8").splitlines()) == number


def test_an_event_is_one_line_whatever_it_holds() -> None:
    assert all(line_of(event).count("\n") == 1 for event in STREAM)


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "s.ndjson"
    path.write_text(line_of(STREAM[0]) + line_of(STREAM[1])[:20], "utf-8")
    assert len(tuple(read(path))) == 1


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("{", "not JSON"),
        ("[]", "it has no 'event'"),
        ('{"event": "Party"}', "Party"),
        ('{"event": "RunFinished", "seconds": "long"}', "not a RunFinished"),
        ('{"event": "RuleExercised"}', "rule"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, line: str, mistake: str) -> None:
    path = tmp_path / "s.ndjson"
    path.write_text(line_of(STARTED) + line + "\n", "utf-8")
    with pytest.raises(StreamReadError, match=rf"s.ndjson:2: .*{mistake}"):
        tuple(read(path))


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.ndjson"
    data = json.loads(line_of(STARTED)) | {"format": FORMAT + 1}
    path.write_text(json.dumps(data) + "\n", "utf-8")
    with pytest.raises(StreamReadError, match=f"format {FORMAT + 1}"):
        tuple(read(path))
