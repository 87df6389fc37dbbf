"""The command line: what it teaches, and how it answers bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import COMMANDS, main
from conformance.commands import check
from conformance.mutants import table
from spec_model import judge
from spec_model.events import Event
from spec_model.world import World

RECORDING = Path(__file__).parent.parent / "evidence" / "cluster-1.36.2-a.jsonl.gz"
Kubelaws = Callable[..., Result]


@pytest.fixture
def kubelaws() -> Kubelaws:
    """Runs the command line in this process."""
    return lambda *words, **more: CliRunner().invoke(main, [str(word) for word in words], **more)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_with_an_example(kubelaws: Kubelaws, command: str) -> None:
    result = kubelaws(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output


def test_help_lists_every_command(kubelaws: Kubelaws) -> None:
    assert all(command in kubelaws("--help").output for command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("chek",), "did you mean check"),
        (("rule", "BACKOF-001"), "did you mean BACKOFF-001"),
        (("rules", "--area", "BACK"), "no area 'BACK'; did you mean BACKOFF"),
        (("check", "nowhere.jsonl"), "nowhere.jsonl: No such file"),
        (("replay", "nowhere.jsonl"), "nowhere.jsonl: No such file"),
        (("explain", "nowhere.yaml"), "nowhere.yaml: No such file"),
        (("explore", "PHASE"), "did you mean PHASES"),
        (("run", "--adapter", "simulater"), "did you mean simulator"),
        (("run", "--rule", "PHASE-999"), "no rule 'PHASE-999'"),
        (("run", "--known-failures", "nowhere.toml"), "nowhere.toml: No such file"),
        (("run", "--profile", "v2"), "'v2' is not one of"),
        (("mutants", "--area", "NONE"), "no area 'NONE'"),
    ],
)
def test_bad_input_is_one_clear_line(
    kubelaws: Kubelaws, words: tuple[str, ...], complaint: str
) -> None:
    result = kubelaws(*words)
    assert result.exit_code == 2
    assert complaint in result.output
    assert "Traceback" not in result.output


def test_rules_are_listed_as_json(kubelaws: Kubelaws) -> None:
    listed = json.loads(kubelaws("rules", "--format", "json").output)
    assert len(listed) == 260


def test_rules_are_listed_as_markdown(kubelaws: Kubelaws) -> None:
    output = kubelaws("rules", "--area", "TRANS", "--format", "markdown").output
    assert output.count("| TRANS-00") == 7


def test_a_rule_shows_its_quote(kubelaws: Kubelaws) -> None:
    assert "以五分钟为上限" in kubelaws("rule", "backoff-001").output


def test_the_recording_is_judged(kubelaws: Kubelaws) -> None:
    result = kubelaws("check", RECORDING)
    assert result.exit_code == 0, result.output
    assert "0 violations" in result.output


def test_the_recording_is_judged_as_json(kubelaws: Kubelaws) -> None:
    judged = json.loads(kubelaws("check", RECORDING, "--format", "json").output)
    assert judged["violations"] == {}
    assert judged["exercised"]["PHASE-004"] > 0


def test_an_interrupted_check_is_no_verdict(
    kubelaws: Kubelaws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged(world: World, event: Event) -> World:
        if event.at > 60:
            raise KeyboardInterrupt
        return judge.step(world, event)

    monkeypatch.setattr(check, "judged", judged)
    result = kubelaws("check", RECORDING)
    assert result.exit_code == 2
    assert "rules exercised" in result.output
    assert "interrupted after" in result.output


def test_a_recorded_object_that_is_none_is_named(kubelaws: Kubelaws, tmp_path: Path) -> None:
    line = {"type": "ADDED", "object": {"kind": "Pod", "metadata": {"name": "a"}, "spec": 7}}
    path = tmp_path / "watch.json"
    path.write_text(json.dumps(line) + "\n")
    result = kubelaws("check", path)
    assert result.exit_code == 2
    assert "Pod a cannot be judged" in result.output


def test_mutants_that_there_are_not_prove_nothing(
    kubelaws: Kubelaws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "all_mutants", tuple)
    result = kubelaws("mutants", "--area", "PHASE")
    assert result.exit_code == 2
    assert "no mutant yet for PHASE" in result.output


def test_a_recording_cannot_be_replayed(kubelaws: Kubelaws) -> None:
    result = kubelaws("replay", RECORDING)
    assert result.exit_code == 2
    assert "nothing to replay" in result.output


POD = "{kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]}}"


def test_a_pod_is_explained(kubelaws: Kubelaws) -> None:
    result = kubelaws("explain", "-", input=POD)
    assert result.exit_code == 0
    assert "BestEffort" in result.output


def test_faults_are_explained_with_their_rules(kubelaws: Kubelaws) -> None:
    result = kubelaws("explain", "-", input=POD.replace("image: i", "image: ''"))
    assert result.exit_code == 1
    assert "spec.containers[0].image" in result.output


def test_a_pod_is_explained_with_what_is_beside_it(kubelaws: Kubelaws) -> None:
    labelled = POD.replace("metadata: {name: a", "metadata: {labels: {app: x}, name: a")
    front = "{kind: Service, metadata: {name: s, namespace: default}, spec: {selector: {app: x}}}"
    result = kubelaws("explain", "-", input=f"{labelled}\n---\n{front}")
    assert result.exit_code == 0
    assert "will list it once it has an address" in result.output


def test_a_claim_is_matched_with_the_volumes_beside_it(kubelaws: Kubelaws) -> None:
    modes = "accessModes: [ReadWriteOnce], storageClassName: ''"
    claim = (
        "{kind: PersistentVolumeClaim, metadata: {name: c}, spec: {"
        + modes
        + ", resources: {requests: {storage: 1Gi}}}}"
    )
    volume = (
        "{kind: PersistentVolume, metadata: {name: right}, spec: {"
        + modes
        + ", capacity: {storage: 5Gi}, hostPath: {path: /tmp/v}}}"
    )
    output = kubelaws("explain", "-", "--format", "json", input=f"{claim}\n---\n{volume}").output
    statements = json.loads(output)[0]["statements"]
    assert {"about": "volume to be bound", "says": "right"}.items() <= statements[-1].items()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind: Pod\nspec: [\n", "stdin:3: not YAML"),
        ("", "no object"),
        ("just words", "not a Kubernetes object"),
        ("metadata: {name: a}", "kind: required"),
        ("kind: Pod\nspec: {containers: {name: c}}", "spec.containers: must be a list"),
        ("kind: Pod\nspec: {containers: [c]}", "spec.containers[0]: must be an object"),
        ("kind: Pod\nspec: {containers: [{name: 7}]}", "spec.containers[0].name: must be a string"),
        ("kind: PodList\n", "items"),
        ("kind: Service\nspec: {selector: app}", "spec.selector: must be an object"),
        ("kind: EndpointSlice\nendpoints: {}", "endpoints: must be a list"),
        (
            "kind: Pod\nmetadata: {deletionTimestamp: soon}",
            "metadata.deletionTimestamp: must be a time such as '2024-05-01T10:00:00Z', is 'soon'",
        ),
        (
            "kind: Pod\nstatus: {startTime: 2024-05-01T10:00:00Z}",
            "status.startTime: must be a time such as '2024-05-01T10:00:00Z', is a time without quotes",
        ),
    ],
)
def test_what_is_no_manifest_is_refused_by_name(
    kubelaws: Kubelaws, text: str, complaint: str
) -> None:
    result = kubelaws("explain", "-", input=text)
    assert result.exit_code == 2
    assert complaint in result.output


def test_a_lifecycle_is_drawn_and_proved(kubelaws: Kubelaws, tmp_path: Path) -> None:
    result = kubelaws("explore", "pv", "--format", "dot", "--report", tmp_path)
    assert result.exit_code == 0
    assert "digraph" in result.output


def test_the_whole_pod_is_explored(kubelaws: Kubelaws) -> None:
    result = kubelaws("explore", "POD")
    assert result.exit_code == 0
    assert "5930 states" in result.output
