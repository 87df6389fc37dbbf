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


@pytest.mark.parametrize("verb", hook.ACTIONS)
def test_the_action_is_one_word(command: str, log: Path, verb: str) -> None:
    hook.run(command, "node-1", verb)
    assert log.read_text(encoding="utf-8").splitlines() == ["--node", "node-1", hook.ACTIONS[verb]]


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
