"""VALIDATION: what the API refuses, fills in, and lets change."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.invalid import FIXED, flawed
from strategies.manifests import Manifest, container, pod
from strategies.once import among
from strategies.pods import two_containers
from strategies.resources import classed_pods


def changed(run: Session, **spec: Any) -> None:
    """Patches the spec of the Pod ``a``."""
    run.patch("Pod", "a", {"spec": spec})


def with_image(run: Session, group: str, image: str) -> list[Manifest]:
    """The containers of the Pod ``a`` as they stand, the first with another image."""
    found = run.view("Pod", "a")
    first, *rest = found.spec.manifest[group]
    return [{**first, "image": image}, *rest]


@focus("VALIDATION-001")
def test_what_every_pod_needs(run: Session, draw: Draw) -> None:
    """A Pod that lacks something, and one that lacks nothing but, perhaps, its namespace."""
    run.create(draw(flawed("VALIDATION-001")).manifest, dry_run=True)
    whole = pod("b")
    if draw(st.booleans()):
        del whole["metadata"]["namespace"]
    if draw(st.booleans()):
        del whole["metadata"]["name"]
        whole["metadata"]["generateName"] = "b-"
    run.create(whole, dry_run=True)


@focus("VALIDATION-001")
def test_the_function_agrees(run: Session, draw: Draw) -> None:
    """The same asked of the function, where the engine has one."""
    asked = draw(flawed("VALIDATION-001")).manifest
    run.evaluate("pod.validate", {"pod": asked})
    run.create(asked, dry_run=True)


@focus("VALIDATION-002")
def test_only_a_few_fields_of_a_pod_may_change(run: Session, draw: Draw) -> None:
    """Images, deadlines, tolerations and gates in the way that is allowed, anything else, or both."""
    gates = [{"name": "example.com/a"}, {"name": "example.com/b"}]
    spec: Manifest = {"schedulingGates": gates} if draw(st.booleans()) else {}
    run.create(pod(init=[container("i")], activeDeadlineSeconds=1000, **spec))
    held = run.need("Pod", "a").spec.manifest
    more = {"key": "example.com/t", "operator": "Exists"}
    lawful: Manifest = draw(
        st.sampled_from(
            [
                {"containers": with_image(run, "containers", "app:2")},
                {"initContainers": with_image(run, "initContainers", "app:2")},
                {"activeDeadlineSeconds": 999},
                {"tolerations": [*(held.get("tolerations") or ()), more]},
                {"schedulingGates": gates[:1]} if spec else {"activeDeadlineSeconds": 1},
            ]
        )
    )
    if draw(st.booleans()):
        unlawful: Manifest = draw(st.sampled_from(FIXED))
        changed(run, **{**lawful, **unlawful})
    changed(run, **lawful)
    worse: Manifest = draw(st.sampled_from(UNLAWFUL))
    changed(run, **worse)


UNLAWFUL: tuple[Manifest, ...] = (
    {"activeDeadlineSeconds": 2000},
    {"activeDeadlineSeconds": None},
    {"tolerations": None},
    {"schedulingGates": [{"name": "example.com/new"}]},
    *FIXED,
)


@focus("VALIDATION-002")
def test_tolerations_are_only_added(run: Session, draw: Draw) -> None:
    """One more, the same for another time, another one instead, or none."""
    old = {"key": "example.com/t", "operator": "Exists", "effect": "NoExecute"}
    run.create(pod(tolerations=[{**old, "tolerationSeconds": 60}]))
    first, *rest = run.need("Pod", "a").spec.manifest["tolerations"]
    others: tuple[list[Manifest], ...] = (
        [first, *rest, {**old, "key": "example.com/u"}],
        [{**first, "tolerationSeconds": 30}, *rest],
        [{**first, "key": "example.com/u"}, *rest],
        rest,
    )
    changed(run, tolerations=draw(st.sampled_from(others)))


@focus("VALIDATION-002")
def test_gates_are_only_removed(run: Session, draw: Draw) -> None:
    """A Pod with two gates, or with none, shall have one, none, or another one."""
    gates = [{"name": f"example.com/{name}"} for name in "abc"]
    run.create(pod(schedulingGates=draw(st.sampled_from([gates[:2], []]))))
    wanted = draw(st.sampled_from([gates[:1], [], gates[2:], gates[1:]]))
    changed(run, schedulingGates=wanted)


@focus("VALIDATION-002")
def test_a_negative_grace_period_may_become_one(run: Session, draw: Draw) -> None:
    """Below zero it has always meant 1; no other grace period may change."""
    run.create(pod(terminationGracePeriodSeconds=draw(among(-1, -30, 30))))
    changed(run, terminationGracePeriodSeconds=draw(among(1, 2, 0)))


@focus("VALIDATION-002")
def test_containers_are_neither_added_nor_changed(run: Session, draw: Draw) -> None:
    """Another container, one less, another command, other resources, other ports."""
    run.create(pod(containers=two_containers()))
    first, second = run.need("Pod", "a").spec.manifest["containers"]
    changed(
        run,
        containers=draw(
            st.sampled_from(
                [
                    [first, second, container("e")],
                    [first],
                    [{**first, "command": ["true"]}, second],
                    [{**first, "resources": {"requests": {"cpu": "2"}}}, second],
                    [{**first, "ports": [{"containerPort": 80, "protocol": "TCP"}]}, second],
                    [{**first, "name": "other"}, second],
                    [{**first, "image": "app:2", "imagePullPolicy": "Always"}, second],
                ]
            )
        ),
    )


@focus("VALIDATION-003")
def test_limits_and_requests_reach_the_cgroup(run: Session, draw: Draw) -> None:
    """Whatever is asked for, every container is looked into."""
    resources: Manifest = draw(
        st.sampled_from(
            [
                {"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"cpu": "200m"}},
                {"limits": {"cpu": "500m", "memory": "64Mi"}},
                {"limits": {"memory": "100M"}, "requests": {"memory": "1M", "cpu": "1"}},
                {"limits": {"cpu": "1m"}, "requests": {"cpu": "1m"}},
            ]
        )
    )
    run.create(pod(containers=[container("c", **resources), container("d")]))
    run.advance(1)
    for name in "cd":
        run.do("inspect", namespace="default", pod="a", container=name)


@focus("VALIDATION-003")
def test_a_limit_is_the_request_where_there_is_none(run: Session, draw: Draw) -> None:
    """Read back from the answer to the create, and from the cgroup."""
    run.create(draw(classed_pods()))
    run.advance(1)
    found = run.view("Pod", "a")
    for name, status in (found.statuses if found else {}).items():
        if status.state == "running":
            run.do("inspect", namespace="default", pod="a", container=name)


STATES: tuple[Manifest, ...] = (
    {"running": {}},
    {"waiting": {"reason": "Again"}},
    {},
    {"terminated": {"exitCode": 3, "reason": "Error"}},
)


@focus("VALIDATION-004")
def test_a_status_revives_nobody(run: Session, draw: Draw) -> None:
    """A Pod that no kubelet runs: somebody writes that a container has ended, and then that it has not."""
    policy = draw(among("Never", "OnFailure", "Always"))
    gates = [{"name": "example.com/a"}]
    run.create(pod(containers=two_containers(), policy=policy, schedulingGates=gates))
    ended: Manifest = {"terminated": {"exitCode": draw(among(0, 1)), "reason": "Error"}}
    for state in (ended, draw(st.sampled_from(STATES))):
        write(run, {"name": "c", "state": state}, {"name": "d", "state": {"running": {}}})


@focus("VALIDATION-004")
def test_a_status_revives_nobody_who_has_exited(run: Session, draw: Draw) -> None:
    """A container exits, and somebody writes that it runs, waits, or has ended otherwise."""
    if not run.can("kubelet", "container-exit"):
        return
    policy = draw(among("Never", "OnFailure"))
    run.create(pod(containers=two_containers(), policy=policy))
    run.exit("a", "c", draw(among(0, 1)))
    state = draw(st.sampled_from(STATES))
    write(run, {"name": "c", "state": state}, {"name": "d", "state": {"running": {}}})


def write(run: Session, *statuses: Manifest) -> None:
    """Writes the status of the Pod ``a`` as a kubelet would."""
    filler = {"ready": False, "restartCount": 0, "image": "app:1", "imageID": ""}
    listed = {"containerStatuses": [{**filler, **status} for status in statuses]}
    run.do("write-status", namespace="default", pod="a", status=listed)
