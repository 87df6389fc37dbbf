"""Known failures: the file that excuses a violation for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.known_failures import KnownFailuresError, read
from reports.events import KnownFailure


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "known.toml"
    path.write_text(text)
    return path


def test_an_entry_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, '[BACKOFF-001]\nreason = "slow"\nissue = "#7"\nexpires = 2027-01-31\n')
    assert read(path) == (KnownFailure("BACKOFF-001", "slow", "#7", "2027-01-31"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[BACKOFF-901]\nreason='r'\nissue='i'\nexpires=2027-01-31", "no rule 'BACKOFF-901'"),
        ("[BACKOFF-001]\nreason='r'\nissue='i'", "lacks expires"),
        ("[BACKOFF-001]\nreason='r'\nissue='i'\nexpires='soon'", "not a date"),
        ("[BACKOFF-001]\nreason='r'\nissue='i'\nexpires=2027-01-31\nwhy=1", "unknown why"),
        ("[BACKOFF-001", "not TOML"),
        ("BACKOFF-001 = 1", "must be a table"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(KnownFailuresError, match=complaint):
        read(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnownFailuresError, match="No such file"):
        read(tmp_path / "nowhere.toml")
