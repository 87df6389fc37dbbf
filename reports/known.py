"""Known failures: which entry excuses a violation today, and which entries are mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from reports.events import KnownFailure
from spec_model.rules import Rule, did_you_mean


def excuses(entries: Iterable[KnownFailure], rule: str, day: date | None) -> KnownFailure | None:
    """The entry that excuses violations of ``rule`` on that day, if there is one."""
    return next((one for one in entries if one.rule == rule and not _expired(one, day)), None)


def entry_errors(
    entries: Iterable[KnownFailure], rules: Mapping[str, Rule], day: date | None
) -> tuple[str, ...]:
    """What is wrong with the entries themselves: no such rule, no such date, past its date."""
    found = (_error(entry, rules, day) for entry in entries)
    return tuple(error for error in found if error)


def stale_error(entry: KnownFailure) -> str:
    """What is said of an entry whose rule passes."""
    return f"known failure {entry.rule} now passes: remove its entry"


def _error(entry: KnownFailure, rules: Mapping[str, Rule], day: date | None) -> str:
    if entry.rule not in rules:
        return f"known failure {entry.rule} matches no rule{did_you_mean(entry.rule, rules)}"
    if entry.expires and _date(entry) is None:
        return f"known failure {entry.rule} expires {entry.expires!r}, which is no ISO date"
    if _expired(entry, day):
        return f"known failure {entry.rule} expired on {entry.expires}: mend it or renew it"
    return ""


def _expired(entry: KnownFailure, day: date | None) -> bool:
    """An entry still holds on its last day."""
    last = _date(entry)
    return last is not None and day is not None and day > last


def _date(entry: KnownFailure) -> date | None:
    try:
        return date.fromisoformat(entry.expires)
    except ValueError:
        return None
