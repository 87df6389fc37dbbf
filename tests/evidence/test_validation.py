"""The model refuses what Kubernetes 1.36.2 refuses, wherever a rule of the catalogue speaks of it.

What no rule speaks of is counted in ``beyond-catalogue.txt``, so that it is neither forgotten nor
mistaken for agreement. ``python -m tests.evidence.test_validation`` writes that file anew.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spec_model.functions import FUNCTIONS, same_result
from spec_model.profiles import V1_36
from spec_model.rules import registry
from spec_model.validation import (
    CHECKS,
    defaults,
    rule_of_field,
    speaks_of,
    unmet,
    validate,
    validate_status,
)
from tests.evidence.vectors import CLUSTER, LINES, lines

KINDS = {
    "pod": "Pod",
    "pv": "PersistentVolume",
    "pvc": "PersistentVolumeClaim",
    "hpa": "HorizontalPodAutoscaler",
    "job": "Job",
}
TEMPLATES = {"deployment": "Deployment"}

BEYOND = Path(__file__).parent / "beyond-catalogue.txt"
HEADER = """\
Fields that Kubernetes 1.36.2 refuses in the vectors and of which no rule of the catalogue speaks:
how many lines have them, the kind, the field, the type of the cause.
Written by: python -m tests.evidence.test_validation
"""


def recorded(
    argument: str, kind: str
) -> Iterator[tuple[str, dict[str, Any], set[tuple[str, str]]]]:
    """Of each line its id, the manifest, and the fields refused with the type of the cause."""
    for line in lines(f"{argument}.validate"):
        causes = {(cause["field"], cause["type"]) for cause in line.get("causes", ())}
        yield line["id"], {**line["arguments"][argument], "kind": kind}, causes


@pytest.mark.parametrize(("argument", "kind"), [*KINDS.items(), *TEMPLATES.items()])
def test_the_model_refuses_the_fields_that_rules_own_and_no_others(
    argument: str, kind: str
) -> None:
    wrong, count = [], 0
    for name, manifest, causes in recorded(argument, kind):
        expected = {cause for cause in causes if rule_of_field(kind, *cause)}
        got = {(fault.field, fault.type) for fault in validate(manifest)}
        count += 1
        if got != expected:
            wrong.append(f"{name} {manifest}\n  expected {sorted(expected)}\n  got {sorted(got)}")
    assert count == LINES
    assert not wrong, f"{len(wrong)} of {LINES} lines differ:\n" + "\n".join(wrong)


@pytest.mark.parametrize(("argument", "kind"), [*KINDS.items(), *TEMPLATES.items()])
def test_every_fault_is_its_owners_and_every_owner_speaks_of_the_manifest(
    argument: str, kind: str
) -> None:
    for name, manifest, _ in recorded(argument, kind):
        for fault in validate(manifest):
            assert fault.rule in registry(), name
            assert rule_of_field(kind, fault.field, fault.type) == fault.rule, name
            assert fault.rule in speaks_of(manifest), name


@pytest.mark.parametrize("argument", KINDS)
def test_an_engine_that_answers_like_kubernetes_is_allowed_to(argument: str) -> None:
    function = f"{argument}.validate"
    for line in lines(function):
        decision = FUNCTIONS[function](line["arguments"], V1_36)
        assert same_result(line["result"], decision.value), line["id"]


def test_what_a_real_cluster_stored_is_valid_and_has_its_defaults() -> None:
    stored = 0
    for event in cluster_events():
        shown = event["object"]
        if event["type"] == "ADDED" and shown.get("kind") in CHECKS:
            assert not validate(shown), shown["metadata"]["name"]
            missing = {each.field for each in unmet(shown, defaults(shown))}
            assert missing <= {"status.phase"}, shown["metadata"]["name"]
            stored += 1
    assert stored > 0


def test_the_kubelet_of_a_real_cluster_never_revived_what_had_ended() -> None:
    before: dict[str, dict[str, Any]] = {}
    for event in cluster_events():
        shown = event["object"]
        if shown.get("kind") == "Pod":
            uid = shown["metadata"]["uid"]
            assert not validate_status(before.get(uid, shown), shown), shown["metadata"]["name"]
            before[uid] = shown


def cluster_events() -> Iterator[dict[str, Any]]:
    """The watch of the real cluster."""
    with gzip.open(CLUSTER, "rt", encoding="utf-8") as recorded:
        yield from map(json.loads, recorded)


def test_what_is_beyond_the_catalogue_is_known() -> None:
    table = beyond_catalogue()
    print(table)
    assert table == BEYOND.read_text("utf-8"), "python -m tests.evidence.test_validation writes it"


def beyond_catalogue() -> str:
    """The table: a summary of each file, then every field without an owner."""
    summary, fields = [], Counter[tuple[str, str, str]]()
    for argument, kind in KINDS.items():
        valid = owned = mixed = beyond = 0
        for _, _, causes in recorded(argument, kind):
            orphans = {cause for cause in causes if rule_of_field(kind, *cause) is None}
            valid += not causes
            owned += bool(causes) and not orphans
            mixed += bool(orphans) and orphans != causes
            beyond += bool(orphans) and orphans == causes
            fields.update({(kind, re.sub(r"\[\d+\]", "[*]", field), why) for field, why in orphans})
        summary.append(
            f"{kind}: {valid} lines valid, {owned} refused by rules alone, "
            f"{mixed} by rules and more, {beyond} beyond them only"
        )
    rows = [
        f"{count:4}  {kind}  {field}  {why}" for (kind, field, why), count in sorted(fields.items())
    ]
    return "\n".join([HEADER, *summary, "", *rows, ""])


if __name__ == "__main__":
    BEYOND.write_text(beyond_catalogue(), "utf-8")
