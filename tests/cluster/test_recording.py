"""A recording holds what rules speak of, and nothing secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.kinds import RECORDED
from conformance.adapters.cluster.recording import record, redacted, watchable
from conformance.adapters.cluster.watching import Shown
from conformance.cli import main
from conformance.commands.record import Lines
from tests.cluster.fake_api import Store

SECRET = "hunter2"


def secretive() -> dict[str, Any]:
    """A Pod with the secret in every place where people put one."""
    container = {
        "name": "c",
        "image": "app:1",
        "env": [{"name": "PASSWORD", "value": SECRET}],
        "command": ["app", f"--password={SECRET}"],
        "args": [SECRET],
        "livenessProbe": {
            "exec": {"command": ["curl", SECRET]},
            "httpGet": {"port": 80, "httpHeaders": [{"name": "Authorization", "value": SECRET}]},
            "periodSeconds": 7,
        },
    }
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"env": "{SECRET}"}}'}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "ours", "annotations": annotations},
        "spec": {"containers": [container], "restartPolicy": "Never"},
        "status": {"phase": "Running"},
    }


@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_nothing_secret_is_kept(kind: str) -> None:
    pod = secretive()
    manifest = pod if kind == "Pod" else {**pod, "kind": kind, "spec": {"template": pod}}
    assert SECRET not in json.dumps(redacted(manifest))


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_data_is_not_kept_but_its_keys_are(kind: str) -> None:
    kept = redacted({"kind": kind, "metadata": {"name": "s"}, "data": {"password": SECRET}})
    assert kept["data"] == {"password": "redacted"}


def test_what_rules_speak_of_stays() -> None:
    kept = redacted(secretive())
    (container,) = kept["spec"]["containers"]
    assert kept["spec"]["restartPolicy"] == "Never"
    assert container["livenessProbe"]["periodSeconds"] == 7
    assert [each["name"] for each in container["env"]] == ["PASSWORD"]


def test_the_object_itself_is_left_alone() -> None:
    manifest = secretive()
    redacted(manifest)
    assert manifest == secretive()


def test_a_recording_changes_nothing(server: tuple[Store, Api]) -> None:
    store, api = server
    store.write("/api/v1/namespaces/ours/pods/a", secretive())
    seen: list[Shown] = []
    record(api, seen.append, seconds=0.5, kinds=("Pod",))
    assert [each.object["metadata"]["name"] for each in seen] == ["a"]
    assert {method for method, _ in store.requests} == {"GET"}


def test_what_may_not_be_watched_is_left_out(server: tuple[Store, Api]) -> None:
    store, api = server
    store.denied |= {("nodes", "watch"), ("persistentvolumes", "list")}
    assert {"Node", "PersistentVolume"} == set(RECORDED) - set(watchable(api, "ours"))


def test_check_reads_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    with path.open("w", encoding="utf-8") as file:
        lines = Lines(file, "v1.36.2", 1000.0, 0.0)
        lines.take(Shown(1001.5, "ADDED", redacted(secretive())))
    done = CliRunner().invoke(main, ["check", str(path)])
    assert "1 events under v1.36" in done.output


@pytest.mark.parametrize("text", ["", "soon", "0", "-3", "5d"])
def test_a_bad_duration_is_one_line(text: str) -> None:
    done = CliRunner().invoke(main, ["record", "--duration", text])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)


def test_an_engine_cannot_be_recorded() -> None:
    done = CliRunner().invoke(main, ["record", "--adapter", "simulator"])
    assert (done.exit_code, "cluster:CONTEXT" in done.output) == (2, True)


def test_who_wrote_a_status_is_kept_and_nothing_else_of_it() -> None:
    fields = {"f:phase": {}, "f:conditions": {'k:{"type":"Ready"}': {"f:status": {}}}}
    entries = [
        {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {}}},
        {
            "manager": "kwok",
            "subresource": "status",
            "time": "now",
            "fieldsV1": {"f:status": fields},
        },
    ]
    pod = {"kind": "Pod", "metadata": {"name": "a", "managedFields": entries}}
    (kept,) = redacted(pod)["metadata"]["managedFields"]
    assert kept["manager"] == "kwok"
    assert kept["fieldsV1"] == {
        "f:status": {"f:phase": {}, "f:conditions": {'k:{"type":"Ready"}': {}}}
    }
    node = {"kind": "Node", "metadata": {"name": "n", "managedFields": entries}}
    assert "managedFields" not in redacted(node)["metadata"]


@pytest.mark.parametrize(
    ("reason", "message", "kept"),
    [
        ("Unhealthy", f"Readiness probe failed: {SECRET}", "Readiness probe failed: redacted"),
        (
            "Unhealthy",
            f"Liveness probe failed: command timed out: {SECRET}",
            "Liveness probe failed: timed out, redacted",
        ),
        ("Killing", "Container c failed liveness probe", "Container c failed liveness probe"),
    ],
)
def test_an_event_does_not_tell_what_a_program_answered(
    reason: str, message: str, kept: str
) -> None:
    event = {"kind": "Event", "metadata": {"name": "e"}, "reason": reason, "message": message}
    assert redacted(event)["message"] == kept


def test_last_words_are_not_recorded() -> None:
    ended = {"terminated": {"exitCode": 1, "message": SECRET}}
    entry = {"name": "c", "state": ended, "lastState": ended}
    pod = {"kind": "Pod", "metadata": {"name": "a"}, "status": {"containerStatuses": [entry]}}
    assert SECRET not in json.dumps(redacted(pod))
