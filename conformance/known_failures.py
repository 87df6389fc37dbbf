"""Known failures: a TOML file keyed by rule id, each with a reason, an issue and an end.

[BACKOFF-001]
reason = "our kubelet starts at 10 s"
issue = "https://example.com/issues/7"
expires = 2027-01-31
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Final

from reports.events import KnownFailure
from spec_model.rules import UnknownRuleError, rule

FIELDS: Final = ("reason", "issue", "expires")


class KnownFailuresError(ValueError):
    """The file cannot be used; the message names the entry and the field."""


def read(path: str | Path) -> tuple[KnownFailure, ...]:
    """The entries of a file.

    Raises:
        KnownFailuresError: it is missing or not TOML, an id matches no rule, a field is missing.
    """
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise KnownFailuresError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise KnownFailuresError(f"{path}: not TOML: {error}") from error
    return tuple(_entry(path, identifier, entry) for identifier, entry in document.items())


def _entry(path: str | Path, identifier: str, entry: Any) -> KnownFailure:
    try:
        known = rule(identifier)
    except UnknownRuleError as error:
        raise KnownFailuresError(f"{path}: [{identifier}]: {error}") from error
    if not isinstance(entry, dict):
        raise KnownFailuresError(f"{path}: [{identifier}] must be a table with {', '.join(FIELDS)}")
    if missing := [name for name in FIELDS if name not in entry]:
        raise KnownFailuresError(f"{path}: [{identifier}] lacks {', '.join(missing)}")
    if unknown := [name for name in entry if name not in FIELDS]:
        raise KnownFailuresError(f"{path}: [{identifier}] has unknown {', '.join(unknown)}")
    expires = entry["expires"]
    if not isinstance(expires, date):
        try:
            expires = date.fromisoformat(str(expires))
        except ValueError as error:
            raise KnownFailuresError(
                f"{path}: [{identifier}] expires: {expires!r} is not a date such as 2027-01-31"
            ) from error
    return KnownFailure(known.id, str(entry["reason"]), str(entry["issue"]), expires.isoformat())
