"""On a real cluster: what the fake one cannot show. Run with --cluster cluster:CONTEXT."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner

from conformance.adapters.cluster import leftovers, rights
from conformance.adapters.cluster.adapter import ClusterAdapter, open_cluster
from conformance.adapters.cluster.client import Api, connect
from conformance.adapters.cluster.kinds import path
from conformance.adapters.cluster.metrics import GROUP
from conformance.cli import main
from conformance.session import Session, accepted
from conformance.targets import cluster_options
from spec_model.events import Accepted
from strategies.manifests import config_map, container, mount, node, pod
from strategies.probes import probe, probed_pod

pytestmark = [
    pytest.mark.cluster,
    # The client's pool drops TLS connections without closing them when it is closed itself.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


@pytest.fixture
def target(pytestconfig: pytest.Config) -> str:
    """The cluster that was named."""
    return str(pytestconfig.getoption("--cluster"))


@pytest.fixture
def api(target: str) -> Iterator[Api]:
    """Its API server."""
    context, given = cluster_options(target)
    made = connect(context, str(given.get("kubeconfig", "")), 50)
    yield made
    made.close()


@pytest.fixture
def adapter(target: str) -> Iterator[ClusterAdapter]:
    """An adapter, closed afterwards."""
    context, given = cluster_options(target)
    made = open_cluster(context, **given)
    yield made
    made.close()


def begun(adapter: ClusterAdapter) -> Session:
    """A session."""
    return Session(adapter, adapter.describe(), "v1.36", lateness=60.0)


def test_a_container_exits_with_the_code_that_it_was_told(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    run.create(pod(policy="Never"))
    run.exit("a", "c", 7)
    run.wait_until(lambda: run.view("Pod", "a").phase == "Failed", [30.0])
    assert run.view("Pod", "a").statuses["c"].terminated.exit_code == 7
    assert not run.shown


def test_what_is_seen_is_what_was_written(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    run.create(pod())
    (seen,) = run.view("Pod", "a").manifest["spec"]["containers"]
    assert (seen["image"], seen.get("command")) == ("app:1", None)
    assert run.view("Pod", "a").key == ("Pod", "default", "a")


def test_a_container_is_killed_for_memory(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    run.create(pod(containers=[container(limits={"memory": "64Mi"})], policy="Never"))
    run.do("allocate", namespace="default", pod="a", container="c", bytes=80 * 1024 * 1024)
    run.wait_until(lambda: run.view("Pod", "a").phase == "Failed", [30.0])
    assert run.view("Pod", "a").statuses["c"].terminated.reason == "OOMKilled"


IN_C = {"namespace": "default", "pod": "a", "container": "c"}


@pytest.mark.parametrize(
    ("handler", "bad", "good"),
    [
        ("exec", 3, 0),
        ("http", 404, 399),
        ("tcp", "refused", "open"),
        ("grpc", "NOT_SERVING", "SERVING"),
    ],
)
def test_a_probe_is_answered_as_it_was_told(
    adapter: ClusterAdapter, handler: str, bad: object, good: object
) -> None:
    run = begun(adapter)
    run.create(probed_pod(readiness=probe(handler, failure=1)))
    seen = []
    for answer, ready in ((good, True), (bad, False), (good, True)):
        run.do("set-probe", **IN_C, probe="readiness", answer=answer)
        run.wait_until(
            lambda ready=ready: run.view("Pod", "a").statuses["c"].ready is ready, [20.0]
        )  # type: ignore[misc]
        seen.append(run.view("Pod", "a").statuses["c"].ready)
    assert seen == [True, False, True]
    assert not run.shown


def test_a_container_ends_as_it_was_told(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    run.create(pod(metadata={"finalizers": ["example.com/hold"]}))
    run.do("set-stop", **IN_C, seconds=2, exitCode=5)
    run.delete("Pod", "a")
    run.wait_until(lambda: run.view("Pod", "a").phase == "Failed", [30.0])
    assert run.view("Pod", "a").statuses["c"].terminated.exit_code == 5
    run.patch("Pod", "a", {"metadata": {"finalizers": None}})
    assert not run.shown


def test_files_are_written_and_seen(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    made = container(volumeMounts=[mount("v", "/v")])
    run.create(pod(containers=[made], volumes=[{"name": "v", "emptyDir": {"medium": "Memory"}}]))
    assert accepted(run.do("write-file", **IN_C, path="/v/deep/a", content="größe"))
    answer = run.do("inspect", **IN_C)
    assert isinstance(answer, Accepted)
    assert answer.value["files"] == {"/v/deep/a": "größe"}
    assert answer.value["mounts"]["/v"]["tmpfs"] > 0
    assert not run.shown


def test_who_listens_is_reached(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    run.create(pod(containers=[container("c"), container("d")]))
    answers = [
        run.do("listen", **IN_C, port=8080),
        run.do("connect", **{**IN_C, "container": "d"}, host="localhost", port=8080),
        run.do("connect", **{**IN_C, "container": "d"}, host="localhost", port=8081),
    ]
    values = [answer.value for answer in answers if isinstance(answer, Accepted)]
    assert values == [{"bound": True}, {"connected": True}, {"connected": False}]
    assert not run.shown


def test_what_was_there_before_is_not_touched(adapter: ClusterAdapter) -> None:
    run = begun(adapter)
    (name, *_) = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    assert not accepted(run.delete("Node", name))


def opened(target: str, **more: Any) -> ClusterAdapter:
    """An adapter with more options."""
    context, given = cluster_options(target)
    return open_cluster(context, **{**given, **more})


def test_the_scheduler_uses_hollow_nodes(target: str) -> None:
    made = opened(target, kubelet="hollow")
    try:
        run = begun(made)
        run.create(node("roomy", disk="fast"))
        run.create(pod(nodeSelector={"disk": "fast"}))
        run.wait_until(lambda: run.view("Pod", "a").phase == "Running", [30.0])
        assert run.view("Pod", "a").spec.node_name == "roomy"
        assert not run.shown
    finally:
        made.close()


def test_usage_that_is_injected_reaches_the_api_server(target: str) -> None:
    made = opened(target, kubelet="hollow", metrics=True)
    try:
        run = begun(made)
        run.create(pod(metadata={"labels": {"app": "web"}}))
        run.do("set-usage", namespace="default", pod="a", usage={"cpu": "7m"})
        where = f"{GROUP}/namespaces/{made.mapper.home}/pods"
        (sample,) = made.cluster.api.get(where, [("labelSelector", "app=web")]).body["items"]
        assert sample["containers"][0]["usage"] == {"cpu": "7m"}
    finally:
        made.close()


def test_nothing_is_left(target: str, api: Api) -> None:
    context, given = cluster_options(target)
    made = open_cluster(context, **given)
    run = begun(made)
    run.create(pod(metadata={"finalizers": ["example.com/hold"]}))
    identifier = made.cluster.territory.run
    made.close()
    assert identifier not in {each.run for each in leftovers.find(api)}


def test_ctrl_c_cleans_up(target: str, api: Api, tmp_path: Path) -> None:
    before = {each.run for each in leftovers.find(api)}
    with _running(target, tmp_path, "--budget", "standard", "--area", "TRANS") as process:
        (mine,) = _appeared(api, before)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=180)
    assert mine not in {each.run for each in leftovers.find(api)}


def test_what_a_crash_leaves_is_cleaned(target: str, api: Api, tmp_path: Path) -> None:
    before = {each.run for each in leftovers.find(api)}
    with _running(target, tmp_path, "--area", "TRANS") as process:
        (mine,) = _appeared(api, before)
        process.kill()
    done = CliRunner().invoke(main, ["cluster", "clean", target, "--run", mine])
    assert (done.exit_code, f"run {mine}" in done.output) == (0, True)
    assert mine not in {each.run for each in leftovers.find(api)}


def _running(target: str, directory: Path, *options: str) -> subprocess.Popen[bytes]:
    script = "from conformance.cli import main; main()"
    command = [sys.executable, "-c", script, "run", "--adapter", target, *options]
    command += ["--report", str(directory)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, env=dict(os.environ))


def _appeared(api: Api, before: set[str]) -> set[str]:
    end = time.monotonic() + 120
    while not (found := {each.run for each in leftovers.find(api)} - before):
        assert time.monotonic() < end, "no run began"
        time.sleep(0.5)
    return found


@pytest.fixture
def account(api: Api, tmp_path: Path) -> Iterator[str]:
    """The target as an account sees it that has the least rights."""
    name = f"kubelaws-test-{os.getpid()}"
    made = rights.manifest(name)
    role, binding = f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings"
    for where, manifest in zip((ACCOUNTS, role, binding), made, strict=True):
        assert api.post(where, manifest).ok
    try:
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = api.post(f"{ACCOUNTS}/{name}/token", request).body["status"]["token"]
        yield f"cluster:?kubeconfig={_kubeconfig(api, token, tmp_path)}"
    finally:
        for where in (binding, role, ACCOUNTS):
            api.delete(f"{where}/{name}")


def _kubeconfig(api: Api, token: str, directory: Path) -> Path:
    cluster = {"server": api.host, "insecure-skip-tls-verify": True}
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file = directory / "kubeconfig"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return file


def test_the_account_of_a_pod_is_enough(
    api: Api, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in a container of a Pod with this account: a token, the authority, two variables."""
    from kubernetes.config import incluster_config

    _, given = cluster_options(account)
    config = yaml.safe_load(Path(str(given["kubeconfig"])).read_text(encoding="utf-8"))
    token = tmp_path / "token"
    token.write_text(config["users"][0]["user"]["token"], encoding="utf-8")
    server = urlsplit(api.host)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port or 443))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", api.authority)
    made = open_cluster("in-cluster")
    try:
        run = begun(made)
        assert accepted(run.create(config_map()))
    finally:
        made.close()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_least_rights_are_enough(account: str, tmp_path: Path) -> None:
    report = tmp_path / "report"
    options = ["--budget", "quick", "--area", "TRANS", "--area", "PV", "--report", str(report)]
    done = CliRunner().invoke(main, ["run", "--adapter", account, *options])
    assert done.exit_code == 0, done.output


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_they_are_no_more_than_that(account: str) -> None:
    context, given = cluster_options(account)
    own = connect(context, str(given["kubeconfig"]))
    assert rights.missing(own, rights.RIGHTS) == []
    assert own.get(path("Secret")).code == 403
    own.close()


def test_a_recording_is_judged(target: str, adapter: ClusterAdapter, tmp_path: Path) -> None:
    run = begun(adapter)
    run.create(pod())
    file = str(tmp_path / "recording.jsonl.gz")
    options = ["--adapter", target, "--duration", "3s", "--output", file]
    assert CliRunner().invoke(main, ["record", *options]).exit_code == 0
    done = CliRunner().invoke(main, ["check", file])
    assert (done.exit_code, "PHASE-001" in done.output) == (0, True)
