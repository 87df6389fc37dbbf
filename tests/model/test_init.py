"""INIT: whose turn it is, and when the app containers may start."""

import pytest

from spec_model.pod.init import (
    app_containers_may_start,
    next_to_run,
    runs_again_after_sandbox_loss,
)
from spec_model.rules import Decision
from tests.model.pods import Told, app, init, pod, sidecar

WAITING = app("a", "waiting")


@pytest.mark.parametrize(
    ("before", "turn"),
    [
        ((init("i"), init("j")), Decision("i", "INIT-001")),
        ((init("i", "running"), init("j")), Decision("i", "INIT-001")),
        ((init("i", "exit 0"), init("j")), Decision("j", "INIT-001")),
        ((init("i", "exit 1"), init("j")), Decision("i", "INIT-003")),
        ((init("i", "after exit 1"), init("j")), Decision("i", "INIT-003")),
        ((init("i", "exit 0 OOMKilled"), init("j")), Decision("i", "INIT-003")),
        ((sidecar("s"), init("j")), Decision("s", "INIT-011")),
        ((sidecar("s", "starting"), init("j")), Decision("s", "INIT-011")),
        ((sidecar("s", "running"), init("j")), Decision("j", "INIT-001")),
        ((sidecar("s", "exit 1"), init("j")), Decision("s", "INIT-011")),
        ((init("i", "exit 0"), sidecar("s", "running")), Decision(None, "INIT-002")),
    ],
)
def test_init_containers_take_turns(before: tuple[Told, ...], turn: Decision[str | None]) -> None:
    waiting = pod(*before, WAITING)
    assert next_to_run(waiting) == turn
    assert app_containers_may_start(waiting) == Decision(turn.value is None, "INIT-002")


def test_a_failed_init_container_ends_a_never_pod() -> None:
    failed = pod(init("i", "exit 1"), init("j"), WAITING, policy="Never")
    assert next_to_run(failed) == Decision(None, "INIT-004")
    assert app_containers_may_start(failed) == Decision(False, "INIT-004")


def test_initialization_is_not_looked_at_again_once_an_app_container_has_run() -> None:
    crashed = pod(init("i", "exit 1"), app("a", "after exit 1"))
    assert next_to_run(crashed) == Decision(None, "INIT-005")
    assert app_containers_may_start(crashed) == Decision(True, "INIT-005")


@pytest.mark.parametrize(
    ("state", "policy", "again"),
    [
        ("running", "Always", True),
        ("exit 0", "OnFailure", False),
        ("exit 1", "OnFailure", True),
        ("running", "Never", False),
        ("waiting", "Never", True),
    ],
)
def test_a_lost_sandbox_starts_initialization_over(state: str, policy: str, again: bool) -> None:
    lost = pod(app("a", state), policy=policy)
    assert runs_again_after_sandbox_loss(lost) == Decision(again, "INIT-009")
