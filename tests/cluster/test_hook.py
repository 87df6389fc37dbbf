"""A command of the user's reaches nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.adapter import AdapterError
from conformance.adapters.cluster import hook
from conformance.adapters.cluster.options import options


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the hook writes its words, a line each."""
    return tmp_path / "log"


@pytest.fixture
def command(tmp_path: Path, log: Path) -> str:
    """A hook that does nothing else."""
    script = tmp_path / "hook.sh"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {log}\n', encoding="utf-8")
    script.chmod(0o755)
    return f"{script} --node {{node}}"


@pytest.mark.parametrize("action", hook.ACTIONS.values())
def test_the_action_is_one_word(command: str, log: Path, action: str) -> None:
    hook.run(command, "node-1", action)
    assert log.read_text(encoding="utf-8").splitlines() == ["--node", "node-1", action]


def test_a_nodes_name_is_no_shell(command: str, log: Path) -> None:
    hook.run(command, "a; rm -rf x", "restart-kubelet")
    assert log.read_text(encoding="utf-8").splitlines()[1] == "a; rm -rf x"


@pytest.mark.parametrize(
    ("command", "said"),
    [("/bin/sh -c 'echo no such host >&2; exit 3'", "3: no such host"), ("/no/such", "No such")],
)
def test_a_hook_that_fails_is_an_error(command: str, said: str) -> None:
    with pytest.raises(AdapterError, match=said):
        hook.run(command, "node-1", "stop-node")


def test_a_hook_must_say_where_the_nodes_name_goes() -> None:
    with pytest.raises(ValueError, match="node"):
        options("", hook="ssh somewhere")


LOCAL = "env NODE={node} /bin/sh -c"
"""A hook that does it on this machine."""


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "more files" / "a.yaml"
    hook.run(LOCAL, "n", hook.writing(str(file), "größe: '$HOME'\n"))
    assert file.read_text(encoding="utf-8") == "größe: '$HOME'\n"
    assert [each.name for each in file.parent.iterdir()] == ["a.yaml"]


def test_a_file_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("x", encoding="utf-8")
    hook.run(LOCAL, "n", hook.removing(str(file)))
    assert not file.exists()


def test_a_folder_is_cleared_of_a_runs_files_alone(tmp_path: Path) -> None:
    for name in ("kubelaws-abc123-1.a.yaml", ".kubelaws-abc123-1.b.yaml", "etcd.yaml"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    hook.run(LOCAL, "n", hook.clearing(str(tmp_path), "kubelaws-abc123-"))
    assert [each.name for each in tmp_path.iterdir()] == ["etcd.yaml"]
