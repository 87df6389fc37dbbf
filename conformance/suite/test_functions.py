"""Functions: what an engine computes, asked directly. The whole suite for an engine that does no more.

Each function is asked drawn questions, judged by the model, and the questions that Kubernetes 1.36.2
itself was asked, of which the answers are recorded.
"""

from __future__ import annotations

from typing import Any

import pytest

from conformance.recorded import has_vectors
from spec_model.schemas import descriptions
from strategies.questions import QUESTIONS


def _parameters(*names: str) -> list[Any]:
    return [
        pytest.param(name, marks=[pytest.mark.function(name), pytest.mark.rules(*known.all_rules)])
        for name, known in descriptions().items()
        if name in names
    ]


@pytest.mark.parametrize("function", _parameters(*QUESTIONS))
def test_drawn_questions(function: str, kubelaws: Any) -> None:
    """Questions about the edges of every rule that the function can be blamed on."""
    kubelaws.drawn_questions(function)


@pytest.mark.parametrize("function", _parameters(*filter(has_vectors, descriptions())))
def test_recorded_questions(function: str, kubelaws: Any) -> None:
    """Every recorded question."""
    kubelaws.recorded_questions(function)
