"""The recorded vectors, and whether the model agrees with them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spec_model import objects
from spec_model.functions import FUNCTIONS, same_result
from spec_model.objects import Pod
from spec_model.profiles import V1_36

DIRECTORY = Path(__file__).parents[2] / "conformance" / "vectors"
CLUSTER = Path(__file__).parent / "cluster-1.36.2-a.jsonl.gz"
LINES = 200


def lines(function: str) -> Iterator[dict[str, Any]]:
    """What was recorded of a function, line by line."""
    with (DIRECTORY / f"{function}.jsonl").open(encoding="utf-8") as recorded:
        yield from map(json.loads, recorded)


def assert_agreement(function: str) -> None:
    """Fails with every line of the function's file on which the model says something else."""
    recorded = list(lines(function))
    assert len(recorded) == LINES
    wrong = [told for line in recorded if (told := disagreement(line)) is not None]
    assert not wrong, f"{len(wrong)} of {LINES} lines differ:\n" + "\n".join(wrong)


def disagreement(line: dict[str, Any]) -> str | None:
    """How the model differs on a line; None where it agrees."""
    expected = line["error"] if "error" in line else line["result"]
    try:
        decision = FUNCTIONS[line["function"]](line["arguments"], V1_36)
    except ValueError as refusal:
        agrees, got = line.get("error") == str(refusal), f"refused: {refusal}"
    else:
        agrees = "error" not in line and same_result(line["result"], decision.value)
        got = f"{decision.value} because {decision.because}"
    if agrees:
        return None
    return f"{line['id']} {json.dumps(line['arguments'])}\n  expected {expected}\n  got {got}"


def cluster_pods() -> Iterator[Pod]:
    """Every Pod that the watch of the real cluster showed, as it stood."""
    with gzip.open(CLUSTER, "rt", encoding="utf-8") as recorded:
        for event in map(json.loads, recorded):
            if event["object"].get("kind") == "Pod":
                yield objects.pod(event["object"])
