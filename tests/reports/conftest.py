"""The miniature stream, folded once."""

from __future__ import annotations

import pytest

from reports.folding import fold
from reports.verdicts import RunSummary
from tests.reports.streams import RULES, STREAM


@pytest.fixture(scope="session")
def runs() -> tuple[RunSummary, ...]:
    """The broken run under v1.36 and the good one under documented."""
    return fold(STREAM, RULES)
