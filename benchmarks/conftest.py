"""A table at the end of the run: what was measured, and what is to be held."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Report = Callable[[str, str, str], None]
ROWS = pytest.StashKey[list[tuple[str, str, str]]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Adds a row to the table: what, measured, to be held."""
    rows = request.config.stash.setdefault(ROWS, [])
    return lambda *row: rows.append(row)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the table."""
    rows = config.stash.get(ROWS, [])
    if not rows:
        return
    terminalreporter.section("what the design wants held")
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line(f"| {' | '.join(cells)} |")
