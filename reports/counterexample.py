"""A wrong answer to a single question, which a person reads as input, expected and got."""

from __future__ import annotations

import json
from typing import Any, Final

from attrs import frozen

from reports.events import ViolationFound

WIDTH: Final = 60
"""Up to how many characters a part of the input stands on one line."""


@frozen
class Counterexample:
    """One question to a function, and what was wrong with the answer.

    Attributes:
        input: the arguments as JSON, on several lines where they are long.
        evidence: where the right answer comes from, other than the rule; empty where from it alone.
    """

    function: str
    input: str
    expected: str
    got: str
    evidence: str


def counterexample(violation: ViolationFound) -> Counterexample | None:
    """The violation as a counterexample; None where more than one question shows it."""
    events = [line for line in violation.trace if "kubelaws" not in line]
    if len(events) != 1 or "evaluate" not in events[0]:
        return None
    asked = events[0]
    return Counterexample(
        function=asked["evaluate"],
        input=pretty(asked.get("arguments")),
        expected=violation.expected,
        got=violation.seen,
        evidence=violation.because,
    )


def pretty(value: Any, indent: str = "", lead: int = 0) -> str:
    """JSON as a person writes it: what fits on a line, after ``lead`` characters, stands on one.

    >>> print(pretty({"current": 1, "max": 5}))
    {"current": 1, "max": 5}
    """
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + lead + len(flat) <= WIDTH or not isinstance(value, (dict, list)):
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        parts, ends = [pretty(part, deeper) for part in value], "[]"
    else:
        keys = [(json.dumps(key) + ": ", part) for key, part in value.items()]
        parts, ends = [key + pretty(part, deeper, len(key)) for key, part in keys], "{}"
    inner = ",\n".join(deeper + part for part in parts)
    return f"{ends[0]}\n{inner}\n{indent}{ends[1]}"
