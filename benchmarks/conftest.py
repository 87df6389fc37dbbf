"""A table at the end of the run: what was measured, and what is to be held."""

from __future__ import annotations

import timeit
from collections.abc import Callable

import pytest

Report = Callable[[str, str, str], None]
ROWS = pytest.StashKey[list[tuple[str, str, str]]]()


def yardstick() -> str:
    """How long a fixed bit of plain Python takes; where others use the machine, times are read by it."""
    known = {str(number): number for number in range(50)}
    took = timeit.repeat(lambda: [str(known.get(key)) for key in known], number=1000, repeat=20)
    return f"{min(took) * 1e3:.1f} us"


def pytest_configure(config: pytest.Config) -> None:
    """Measures the machine before anything else is."""
    config.stash[ROWS] = [("50 dictionary look-ups and texts, before", yardstick(), "-")]


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Adds a row to the table: what, measured, to be held."""
    rows = request.config.stash[ROWS]
    return lambda *row: rows.append(row)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the table."""
    rows = [*config.stash[ROWS], ("the same, after", yardstick(), "-")]
    terminalreporter.section("what the design wants held")
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line(f"| {' | '.join(cells)} |")
