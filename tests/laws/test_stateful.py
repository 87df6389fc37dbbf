"""STATEFUL: names, order, and the way to another revision."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.replicated import BEGIN, LABELS, added, deletes, gone, member, play, workload
from tests.laws.traces import seen

KIND = "StatefulSet"


def of(
    wanted: int = 2,
    *,
    current: str = "r1",
    update: str = "r1",
    image: str = "app:1",
    generation: int = 1,
    old: int = 0,
    **spec: Any,
) -> dict[str, Any]:
    """The StatefulSet ``web``, as its status was last written; ``old`` Pods at the current revision."""
    revisions = {"currentRevision": current, "updateRevision": update, "currentReplicas": old}
    return workload(wanted, kind=KIND, image=image, generation=generation, spec=spec, **revisions)


def place(
    ordinal: int, revision: str = "r1", phase: str = "Running", **more: Any
) -> dict[str, Any]:
    """One of its Pods."""
    labels = {**LABELS, "controller-revision-hash": revision}
    return member(f"web-{ordinal}", phase, kind=KIND, labels=labels, **more)


TWO = (BEGIN, added(0, of()), added(0, place(0)), added(0, place(1)))


# -- STATEFUL-001 ------------------------------------------------------------------------------------


def test_names_have_ordinals() -> None:
    assert play(*TWO).held("STATEFUL-001")
    other = member("web-x", kind=KIND)
    assert "STATEFUL-001" in play(BEGIN, added(0, of()), added(0, other)).broken


@pytest.mark.parametrize(("ordinal", "breaks"), [(5, False), (0, True), (7, True)])
def test_ordinals_begin_somewhere(ordinal: int, breaks: bool) -> None:
    whole = of(2, ordinals={"start": 5})
    trace = play(BEGIN, added(0, whole), added(0, place(ordinal)))
    assert ("STATEFUL-001" in trace.broken) is breaks


@pytest.mark.parametrize(("wanted", "breaks"), [(2, True), (3, False)])
def test_on_a_real_clock_the_pod_may_be_seen_before_its_set_has_grown(
    wanted: int, breaks: bool
) -> None:
    third = place(2, created=20, ready=20)
    grown = of(wanted, generation=2)
    trace = play(*TWO, added(20, third), seen(20.1, grown), until=200, clock="real")
    assert ("STATEFUL-001" in trace.broken) is breaks


CLAIMS = {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}]}


def claiming(claim: str) -> dict[str, Any]:
    """The first Pod, with that claim."""
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    return place(0, spec={"volumes": volumes})


def a_claim(name: str) -> dict[str, Any]:
    """A claim as it is stored."""
    metadata = {"name": name, "namespace": "default", "uid": name}
    return {"kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {}, "status": {}}


@pytest.mark.parametrize(("claim", "breaks"), [("data-web-0", False), ("data-web", True)])
def test_a_pod_has_claims_of_its_own(claim: str, breaks: bool) -> None:
    there = added(0, a_claim(claim)), added(0, claiming(claim))
    trace = play(BEGIN, added(0, of(1, **CLAIMS)), *there, until=10)
    assert ("STATEFUL-001" in trace.broken) is breaks


def test_a_claim_must_be_there() -> None:
    trace = play(BEGIN, added(0, of(1, **CLAIMS)), added(0, claiming("data-web-0")), until=10)
    assert "STATEFUL-001" in trace.broken


def test_a_claim_outlives_its_pod() -> None:
    before = BEGIN, added(0, of(1, **CLAIMS)), added(0, a_claim("data-web-0"))
    lost = gone(5, a_claim("data-web-0"))
    assert "STATEFUL-001" in play(*before, lost).broken
    asked = deletes(5, "PersistentVolumeClaim", "data-web-0")
    assert "STATEFUL-001" not in play(*before, asked, lost).broken


def test_who_is_lost_is_made_again() -> None:
    lost = deletes(5, "Pod", "web-1"), gone(5, place(1))
    assert "STATEFUL-001" in play(*TWO, *lost, until=20).broken
    again = added(6, place(1, created=6, ready=6, uid="again"))
    assert "STATEFUL-001" not in play(*TWO, *lost, again, until=20).broken


# -- STATEFUL-002 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "policy", "breaks"),
    [
        (place(0), "OrderedReady", False),
        (place(0, ready=None), "OrderedReady", True),
        (place(0, phase="Pending", ready=None), "OrderedReady", True),
        (place(0, ready=None), "Parallel", False),
    ],
)
def test_one_after_the_other(first: dict[str, Any], policy: str, breaks: bool) -> None:
    whole = of(2, podManagementPolicy=policy)
    trace = play(BEGIN, added(0, whole), added(0, first), added(9, place(1, created=9)))
    assert ("STATEFUL-002" in trace.broken) is breaks


def test_who_was_healthy_until_just_now() -> None:
    unready = seen(8, place(0, ready=None))
    trace = play(BEGIN, added(0, of()), added(0, place(0)), unready, added(9, place(1, created=9)))
    assert "STATEFUL-002" not in trace.broken


def test_available_only_after_a_while() -> None:
    whole = of(2, minReadySeconds=30)
    trace = play(BEGIN, added(0, whole), added(0, place(0)), added(9, place(1, created=9)))
    assert "STATEFUL-002" in trace.broken


def three(wanted: int, *after: Any, **more: Any) -> Any:
    """Three Pods, and then only so many are wanted."""
    there = [added(0, place(each)) for each in range(3)]
    fewer = seen(10, of(wanted, generation=2))
    return play(BEGIN, added(0, of(3)), *there, fewer, *after, **more)


def test_the_last_goes_first() -> None:
    assert three(1, seen(10, place(2, going=10))).held("STATEFUL-002")
    assert "STATEFUL-002" in three(1, seen(10, place(1, going=10))).broken


def test_a_pod_that_is_not_selected_any_more_is_not_waited_for() -> None:
    three = [added(0, place(ordinal)) for ordinal in range(3)]
    other = place(2, going=5)
    other["metadata"]["labels"] = {"app": "other"}
    fewer = seen(10, of(1, generation=2)), seen(10, place(1, going=10))
    trace = play(BEGIN, added(0, of(3)), *three, seen(5, other), *fewer, until=12)
    assert "STATEFUL-002" not in trace.broken


def test_a_pod_that_is_let_go_may_count_until_it_is_gone() -> None:
    other = place(1, going=5)
    other["metadata"]["labels"] = {"app": "other"}
    there = BEGIN, added(0, of(1, current="r0")), added(0, place(0))
    assert "STATEFUL-003" in play(*there, until=30).broken
    asked = deletes(1, "Pod", "web-1"), seen(1, other)
    assert "STATEFUL-003" not in play(*there, added(0, place(1)), *asked, until=30).broken


def test_one_at_a_time() -> None:
    both = seen(10, place(2, going=10)), seen(11, place(1, going=11))
    assert "STATEFUL-002" in three(0, *both).broken
    apart = seen(10, place(2, going=10)), gone(11, place(2, going=10)), seen(12, place(1, going=12))
    assert "STATEFUL-002" not in three(0, *apart, until=13).broken


def test_nobody_goes() -> None:
    assert "STATEFUL-002" in three(1, until=30).broken


def test_who_has_ended_is_made_again() -> None:
    failed = seen(5, place(0, phase="Failed", ready=None))
    assert "STATEFUL-002" in play(*TWO, failed, until=30).broken


# -- STATEFUL-003 ------------------------------------------------------------------------------------


def rolling(*after: Any, update: dict[str, Any] | None = None, **more: Any) -> Any:
    """Two Pods, whose template changes at 10 s."""
    strategy = {"updateStrategy": update or {"type": "RollingUpdate"}}
    first = added(0, of(**strategy))
    new = seen(10, of(image="app:2", update="r2", generation=2, **strategy))
    return play(BEGIN, first, added(0, place(0)), added(0, place(1)), new, *after, **more)


def test_the_last_is_updated_first() -> None:
    assert rolling(seen(10, place(1, going=10)), until=20).held("STATEFUL-003")
    assert "STATEFUL-003" in rolling(seen(10, place(0, going=10)), until=20).broken


def test_nothing_is_updated() -> None:
    assert "STATEFUL-003" in rolling(until=30).broken


def test_below_the_partition_nothing_is_updated() -> None:
    half = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    assert "STATEFUL-003" not in rolling(update=half, until=30).broken
    assert "STATEFUL-003" in rolling(seen(10, place(1, going=10)), update=half, until=20).broken


def test_on_delete_nothing_is_updated() -> None:
    by_hand = {"type": "OnDelete"}
    assert "STATEFUL-003" not in rolling(update=by_hand, until=30).broken
    assert "STATEFUL-003" in rolling(seen(10, place(1, going=10)), update=by_hand, until=20).broken


@pytest.mark.parametrize(("profile", "breaks"), [("documented", False), ("v1.36", True)])
def test_documented_a_taint_drives_away_without_a_word(profile: str, breaks: bool) -> None:
    taint = {"key": "example.com/t", "effect": "NoExecute"}
    tainted = {
        "kind": "Node",
        "metadata": {"name": "node-1", "uid": "n"},
        "spec": {"taints": [taint]},
    }
    trace = added(10, tainted), seen(10, place(1, going=10))
    by_hand = {"type": "OnDelete"}
    judged = rolling(*trace, update=by_hand, until=20, profile=profile)
    assert ("STATEFUL-003" in judged.broken) is breaks


def test_a_new_pod_is_of_the_new_revision() -> None:
    went = seen(10, place(1, going=10)), gone(11, place(1, going=10))
    for revision, breaks in (("r2", False), ("r1", True)):
        made = added(11, place(1, revision, created=11, ready=11, uid="again"))
        half = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
        trace = rolling(*went, made, update=half, until=17)
        assert ("STATEFUL-003" in trace.broken) is breaks


@pytest.mark.parametrize(
    ("strategy", "old", "breaks"),
    [
        ({"type": "RollingUpdate"}, 1, False),
        ({"type": "RollingUpdate"}, 0, True),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}, 1, True),
    ],
)
def test_with_a_bare_strategy_who_is_still_current_may_come_back_so(
    strategy: dict[str, Any], old: int, breaks: bool
) -> None:
    """Seen of 1.36.2: the first of two Pods was broken, and was replaced before the second was updated."""
    status = of(image="app:2", update="r2", generation=2, old=old, updateStrategy=strategy)
    went = seen(20, place(0, going=20)), seen(20.5, status), gone(21, place(0, going=20))
    made = added(21, place(0, "r1", created=21, ready=21, uid="again"))
    trace = rolling(*went, made, update=strategy, until=40)
    said = [each.expected for each in trace.findings if each.rule == "STATEFUL-003"]
    assert any("made of revision" in each for each in said) is breaks


def test_the_current_revision_waits_for_all() -> None:
    early = seen(12, of(image="app:2", current="r2", update="r2", generation=2))
    assert "STATEFUL-003" in rolling(early, until=30).broken


def test_the_current_revision_follows() -> None:
    there = added(0, place(0, "r2")), added(0, place(1, "r2"))
    strategy = {"updateStrategy": {"type": "RollingUpdate"}}
    whole = added(0, of(update="r2", **strategy))
    assert "STATEFUL-003" in play(BEGIN, whole, *there, until=30).broken


def test_an_undo_comes_back() -> None:
    new = seen(10, of(image="app:2", update="r2", generation=2))
    for name, breaks in (("r1", False), ("r3", True)):
        back = seen(20, of(current="r2", update=name, generation=3))
        trace = play(BEGIN, added(0, of(0)), new, back)
        assert ("STATEFUL-003" in trace.broken) is breaks
