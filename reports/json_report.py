"""The report as JSON: verdicts, coverage and violations, in a published schema.

The stream itself (NDJSON) is the whole truth; this is what tools want to read of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import cattrs
from jsonschema import Draft202012Validator

from reports.events import FORMAT, MutantTried
from reports.verdicts import RuleResult, RunSummary, blamed_right, count, exit_code, labels


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) that every report satisfies."""
    document: Mapping[str, Any] = json.loads(
        files("reports").joinpath("schema", "report.schema.json").read_text("utf-8")
    )
    return document


def validate(document: Any) -> None:
    """Checks a document against the schema.

    Raises:
        jsonschema.ValidationError: naming the place and the mistake.
    """
    Draft202012Validator(schema()).validate(document)


def report(runs: Sequence[RunSummary]) -> dict[str, Any]:
    """All runs as JSON-able data."""
    return {
        "format": FORMAT,
        "exitCode": exit_code(runs),
        "runs": [_run(run, label) for run, label in zip(runs, labels(runs), strict=True)],
    }


def dumps(runs: Sequence[RunSummary]) -> str:
    """The report as text."""
    return json.dumps(report(runs), ensure_ascii=False, indent=1) + "\n"


def _run(run: RunSummary, label: str) -> dict[str, Any]:
    started = run.started
    return {
        "label": label,
        "outcome": run.outcome,
        "complete": run.complete,
        "implementation": dict(started.implementation),
        "capabilities": list(started.capabilities),
        "functions": list(started.functions),
        "uncheckedFunctions": list(started.unchecked),
        "functionsOnly": started.functions_only,
        "profile": started.profile,
        "adapter": started.adapter,
        "budget": started.budget,
        "seed": started.seed,
        "tool": started.tool,
        "started": started.started,
        "seconds": run.finished.seconds if run.finished else None,
        "errors": list(run.errors),
        "tests": dict(run.tests),
        "totals": _totals(run.results),
        "areas": {area: _totals(results) for area, results in run.areas.items()},
        "rules": [_rule(result, started.profile) for result in run.results],
        "edges": _edges(run),
        "mutants": [_mutant(row) for row in run.kills.rows],
    }


def _totals(results: Iterable[RuleResult]) -> dict[str, int]:
    return {str(verdict): number for verdict, number in count(results).items()}


def _rule(result: RuleResult, profile: str) -> dict[str, Any]:
    return {
        "id": result.rule.id,
        "title": result.rule.title,
        "sentence": result.rule.sentence_in(profile),
        "level": str(result.rule.level),
        "verdict": str(result.verdict),
        "why": result.why,
        "exercised": result.exercised,
        "tests": list(result.tests),
        "violations": [cattrs.unstructure(violation) for violation in result.violations],
    }


def _edges(run: RunSummary) -> list[dict[str, Any]]:
    return [
        {"lifecycle": lifecycle, "source": source, "target": target, "count": times}
        for lifecycle, edges in run.edges.items()
        for (source, target), times in edges.items()
    ]


def _mutant(row: MutantTried) -> dict[str, Any]:
    return {**cattrs.unstructure(row), "blamedRight": blamed_right(row)}
