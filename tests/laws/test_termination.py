"""TERM-005, -006, -007 and -014: when containers of a deleted Pod end, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Event
from tests.laws.ending import ASKED, deletes, ended, hook, lives, marks, shown, told, up
from tests.laws.traces import Judged, done, judged

HOOKED = {
    "spec": {
        "containers": [{"name": "c", "image": "app:1", "lifecycle": {"preStop": {"exec": {}}}}]
    }
}
SIDECAR = {"name": "s", "image": "app:1", "restartPolicy": "Always"}


def stopped(
    said: tuple[Event, ...], finished: float, code: int, grace: int = 30, **more: Any
) -> Judged:
    """A container ends so many seconds after its Pod was deleted."""
    return judged(
        *said,
        up(**more),
        deletes(),
        shown(ASKED, lives(), metadata=marks(grace), **more),
        shown(ASKED + finished, ended(ASKED + finished, code), metadata=marks(grace), **more),
    )


@pytest.mark.parametrize(
    ("grace", "finished", "lawful"),
    [(30, 30, True), (30, 33, True), (30, 29, False), (30, 40, False), (1, 2, True), (1, 1, False)],
)
def test_who_ignores_term_is_killed_then(grace: int, finished: float, lawful: bool) -> None:
    trace = stopped((told(None),), finished, 137, grace)
    assert trace.held("TERM-006") is lawful
    assert ("TERM-006" in trace.broken) is not lawful


@pytest.mark.parametrize(
    ("finished", "code", "lawful"), [(8, 3, True), (8, 137, False), (1, 3, False), (20, 3, False)]
)
def test_who_takes_its_time_is_given_it(finished: float, code: int, lawful: bool) -> None:
    trace = stopped((told(8, exitCode=3),), finished, code)
    assert trace.held("TERM-005") is lawful
    assert ("TERM-005" in trace.broken) is not lawful


@pytest.mark.parametrize(("finished", "lawful"), [(12, True), (3, False), (25, False)])
def test_the_hook_comes_first(finished: float, lawful: bool) -> None:
    trace = stopped((told(3, exitCode=0), hook(9)), finished, 0, **HOOKED)
    assert trace.held("TERM-005") is lawful


@pytest.mark.parametrize(("finished", "lawful"), [(30, True), (39, False), (21, False)])
def test_the_hook_shares_the_grace_period(finished: float, lawful: bool) -> None:
    trace = stopped((told(None), hook(9)), finished, 137, **HOOKED)
    assert trace.held("TERM-006") is lawful


def test_a_hook_that_hangs_gets_two_seconds_more() -> None:
    assert stopped((told(None), hook(None)), 32, 137, **HOOKED).held("TERM-006")
    assert "TERM-006" in stopped((told(None), hook(None)), 30, 137, **HOOKED).broken


def test_of_a_hook_that_nobody_spoke_of_nothing_is_known() -> None:
    assert not stopped((told(3, exitCode=0),), 20, 0, **HOOKED).findings


def test_who_dies_of_term_shows_it() -> None:
    assert stopped((told(0),), 0, 143).held("TERM-006")
    assert "TERM-006" in stopped((told(0),), 0, 0).broken


def test_a_container_of_which_nothing_is_known_may_end_as_it_likes() -> None:
    assert not stopped((), 3, 137).findings
    assert stopped((), 30, 137).held("TERM-006")


def test_whoever_is_told_to_exit_does_not_end_for_the_deletion() -> None:
    names = {"namespace": "default", "pod": "a", "container": "c", "exitCode": 1}
    trace = judged(
        told(None),
        up(),
        deletes(),
        shown(ASKED, lives(), metadata=marks()),
        done(ASKED + 3, "exit", **names),
        shown(ASKED + 3, ended(ASKED + 3, 1), metadata=marks()),
    )
    assert "TERM-006" not in trace.broken


def test_nothing_runs_for_ever() -> None:
    before = (up(), deletes(), shown(ASKED, lives(), metadata=marks()))
    assert "TERM-006" in judged(*before, until=60).broken
    assert "TERM-006" not in judged(*before, until=45).broken
    assert "TERM-006" not in judged(*before, done(20, "stop-node", node="node-1"), until=60).broken


# -- TERM-007 ---------------------------------------------------------------------------------------


def test_app_containers_do_not_wait_for_each_other() -> None:
    def trace(second: float) -> Judged:
        return judged(
            told(10, exitCode=0),
            told(10, "d", exitCode=0),
            up("c", "d"),
            deletes(),
            shown(ASKED, lives(), lives("d"), metadata=marks(60)),
            shown(20, ended(20, 0), lives("d"), metadata=marks(60)),
            shown(ASKED + second, ended(20, 0), ended(ASKED + second, 0, "d"), metadata=marks(60)),
        )

    assert trace(10).held("TERM-007")
    assert "TERM-007" in trace(20).broken


WITH_SIDECAR = {"init": [SIDECAR], "metadata": marks()}


def with_sidecar(*after: tuple[float, dict[str, Any], dict[str, Any]]) -> Judged:
    """The app container takes 8 s to end, the sidecar none."""
    return judged(
        told(8, exitCode=0),
        told(0, "s", exitCode=0),
        up("c", "s", init=[SIDECAR]),
        deletes(),
        shown(ASKED, lives(), lives("s"), **WITH_SIDECAR),
        *(shown(at, *statuses, **WITH_SIDECAR) for at, *statuses in after),
    )


def test_a_sidecar_waits_for_the_app_containers() -> None:
    over = ended(18, 0)
    assert "TERM-007" in with_sidecar((12, lives(), ended(12, 0, "s"))).broken
    assert "TERM-007" in with_sidecar((18, over, ended(14, 0, "s"))).broken
    assert with_sidecar((18, over, lives("s")), (18, over, ended(18, 0, "s"))).held("TERM-007")


# -- TERM-014, and the node's side of TERM-004 --------------------------------------------------------


def test_a_restart_does_not_make_up_for_a_runtime_that_was_broken() -> None:
    def works(at: float, is_well: bool) -> Event:
        return done(at, "set-runtime", node="node-1", part="runtime", works=is_well)

    trace = judged(
        told(None),
        up(),
        deletes(),
        shown(ASKED, lives(), metadata=marks(20)),
        works(ASKED + 1, False),
        works(ASKED + 100, True),
        done(ASKED + 100, "restart-kubelet", node="node-1"),
        shown(ASKED + 190, ended(ASKED + 190, 137), metadata=marks(20)),
    )
    assert not trace.broken & {"TERM-005", "TERM-006", "TERM-014"}


@pytest.mark.parametrize(("finished", "lawful"), [(28, True), (20, False), (50, False)])
def test_a_kubelet_that_restarts_grants_it_all_again(finished: float, lawful: bool) -> None:
    trace = judged(
        told(None),
        up(),
        deletes(),
        shown(ASKED, lives(), metadata=marks(20)),
        done(ASKED + 8, "restart-kubelet", node="node-1"),
        shown(ASKED + finished, ended(ASKED + finished, 137), metadata=marks(20)),
    )
    assert trace.held("TERM-014") is lawful
    assert ("TERM-014" in trace.broken) is not lawful


@pytest.mark.parametrize(
    ("finished", "lawful"),
    [(10, True), (15, True), (30, True), (22, False), (40, False), (8, False)],
)
def test_a_shorter_grace_period_may_count_from_either_delete(finished: float, lawful: bool) -> None:
    """From either delete, or not at all: a kubelet goes on with the stop that it has begun."""
    trace = judged(
        told(None),
        up(),
        deletes(),
        shown(ASKED, lives(), metadata=marks()),
        deletes(ASKED + 4, 10),
        shown(ASKED + 4, lives(), metadata=marks(10)),
        shown(ASKED + finished, ended(ASKED + finished, 137), metadata=marks(10)),
    )
    assert ("TERM-004" in trace.broken) is not lawful


# -- TERM-013: by force, on the node -----------------------------------------------------------------

HELD: dict[str, Any] = {"finalizers": ["example.com/hold"]}


def forced(finished: float, code: int, said: float | None, *, after: float | None = None) -> Judged:
    """A Pod that a finalizer keeps in sight is deleted by force, maybe so long after a delete."""
    before: list[Event] = [told(said, exitCode=0), up(metadata=HELD)]
    at = ASKED
    if after is not None:
        before += [deletes(), shown(ASKED, lives(), metadata=marks(**HELD))]
        at += after
    going = marks(0, at, **HELD)
    end = ended(at + finished, code)
    return judged(
        *before,
        deletes(at, 0),
        shown(at, lives(), metadata=going),
        shown(at + finished, end, phase="Failed" if code else "Succeeded", metadata=going),
        until=at + 40,
    )


@pytest.mark.parametrize("after", [None, 5.0])
def test_by_force_there_is_a_short_stop(after: float | None) -> None:
    assert forced(2, 137, None, after=after).held("TERM-013")
    assert forced(0, 0, 0, after=after).held("TERM-013")
    assert "TERM-013" in forced(30, 137, None, after=after).broken


def test_by_force_is_not_without_sigterm() -> None:
    assert "TERM-013" in forced(0, 137, None).broken
    assert "TERM-005" in forced(0, 137, 0).broken


def test_a_kill_that_was_due_anyway_comes_in_its_time() -> None:
    assert not forced(0, 137, None, after=30).broken


def test_the_last_delete_of_a_kubelet_is_none_by_force() -> None:
    trace = judged(
        told(None),
        up(metadata=HELD),
        deletes(),
        shown(ASKED, lives(), metadata=marks(**HELD)),
        shown(40, ended(40, 137), phase="Failed", metadata=marks(**HELD)),
        shown(41, ended(40, 137), phase="Failed", metadata=marks(0, 41, **HELD)),
        until=90,
    )
    assert trace.held("TERM-006")
    assert not trace.broken


def test_who_was_being_stopped_already_is_ahead_of_its_deletion() -> None:
    """Its hook after the start has failed a second before, and it has had SIGTERM since then."""
    hooked = {"lifecycle": {"postStart": {"exec": {}}}}
    spec = {"spec": {"containers": [{"name": "c", "image": "app:1", **hooked}]}}
    assert "TERM-005" not in stopped((told(12, exitCode=1),), 2, 1, **spec).broken
    assert "TERM-005" in stopped((told(12, exitCode=1),), 2, 1).broken
