"""How a run logs in, where it runs in a Pod itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubernetes.config import incluster_config

from conformance.adapters.cluster.client import IN_CLUSTER, Api, Unreachable, connect
from tests.cluster.fake_api import Store


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a Pod's own account, and the variables that every container has."""
    for name, content in (("token", "secret"), ("ca.crt", "authority")):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return tmp_path


@pytest.mark.usefixtures("account")
def test_the_account_of_the_pod_logs_in(
    server: tuple[Store, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a kubeconfig says. The server without TLS stands where the one of the account would."""
    store, fake = server
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    loads = incluster_config.InClusterConfigLoader._load_config

    def loads_without_tls(loader: Any) -> None:
        loads(loader)
        assert loader.host == "https://10.96.0.1:443"
        loader.host = fake.host

    monkeypatch.setattr(incluster_config.InClusterConfigLoader, "_load_config", loads_without_tls)
    api = connect(IN_CLUSTER)
    assert api.get("/version").ok
    assert store.logins == {"bearer secret"}
    api.close()


@pytest.mark.parametrize(
    ("lacking", "said"), [("token", "Service token file"), ("ca.crt", "Service certification file")]
)
def test_without_its_files_it_is_said_which(account: Path, lacking: str, said: str) -> None:
    (account / lacking).unlink()
    with pytest.raises(Unreachable, match=f"kubeconfig: {said} does not exist"):
        connect(IN_CLUSTER)


def test_outside_of_a_pod_there_is_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Unreachable, match="Service host/port is not set"):
        connect(IN_CLUSTER)
