"""PV: how volumes come to be, when they are bound, and what Pods have to do with them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.test_pv import look_again, pauses
from strategies.manifests import claim, volume
from strategies.once import among
from strategies.volumes import (
    BY_HAND,
    PROVISIONER,
    ROX,
    RWO,
    RWOP,
    RWX,
    invalid,
    mode_sets,
    only_on,
    policies,
    sizes,
    storage_class,
    user,
    without_class,
)


def provisioner(run: Session) -> str:
    """A provisioner that the engine serves: that of a class which is there, or else any."""
    found = [known.view.get("provisioner", "") for known in run.world.of_kind("StorageClass")]
    return next((name for name in found if name not in ("", BY_HAND)), PROVISIONER)


def nodes(run: Session) -> list[str]:
    """The names of the nodes."""
    return [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]


# -- how they come to be --------------------------------------------------------------------------


@focus("PV-009")
def test_what_policies_default_to(run: Session, draw: Draw) -> None:
    """A volume and a class with and without a policy and a binding mode."""
    policy = draw(policies)
    given: dict[str, Any] = {} if policy is None else {"persistentVolumeReclaimPolicy": policy}
    run.create(volume("v", **given), dry_run=draw(st.booleans()))
    mode = draw(among(None, "Immediate", "WaitForFirstConsumer"))
    policy = draw(among(None, "Retain", "Delete"))
    run.create(storage_class("fast", provisioner(run), mode=mode, policy=policy))
    if run.can("volumes", "provisioner") and mode != "WaitForFirstConsumer":
        run.create(claim("c", storageClassName="fast"))
        run.advance(20)


@focus("PV-010")
def test_a_volume_is_made_for_a_claim(run: Session, draw: Draw) -> None:
    """A claim of a class with a provisioner, beside one that wants none."""
    policy = draw(among(None, "Retain", "Delete"))
    run.create(storage_class("fast", provisioner(run), policy=policy))
    run.create(claim("c", draw(sizes), draw(mode_sets), storageClassName="fast"))
    run.create(claim("d", draw(sizes), storageClassName=""))
    if draw(st.booleans()):
        run.create(volume("v", "10Gi", [RWO, ROX, RWX], storageClassName="fast"))
    run.advance(20)
    if draw(st.booleans()):
        run.delete("PersistentVolumeClaim", "c")
        run.advance(40)


@focus("PV-010")
def test_the_default_class_is_given_to_claims_without_one(run: Session, draw: Draw) -> None:
    """Two default classes, one newer; the claim comes before, between or after them."""
    classes = [storage_class(name, provisioner(run), default=True) for name in ("slow", "fast")]
    made = draw(st.permutations(classes))
    turn = draw(among(2, 1, 0))
    made[turn:turn] = [without_class(claim("c")), claim("d", storageClassName="")]
    for manifest in made:
        run.create(manifest)
        run.advance(draw(pauses))
    run.advance(40)


# -- when -----------------------------------------------------------------------------------------


@focus("PV-011")
def test_a_claim_waits_for_its_first_consumer(run: Session, draw: Draw) -> None:
    """A volume that one node can reach is at hand; the Pod comes late, or never."""
    run.create(storage_class("local", mode="WaitForFirstConsumer"))
    names = nodes(run)
    where: dict[str, Any] = {"nodeAffinity": only_on(draw(st.sampled_from(names)))} if names else {}
    for index in range(draw(st.integers(1, 2))):
        run.create(volume(f"v{index}", draw(sizes), storageClassName="local", **where))
    run.create(claim("c", storageClassName="local"))
    run.advance(draw(pauses))
    look_again(run)
    if draw(st.booleans()):
        run.create(user("a", "c"))
    run.advance(40)


@focus("PV-011")
def test_an_immediate_claim_does_not_wait(run: Session, draw: Draw) -> None:
    """Claim and volume come in either order, and no Pod uses them."""
    of_class = draw(among("", "local"))
    if of_class:
        run.create(storage_class("local", mode=draw(among(None, "Immediate"))))
    made = [volume("v", storageClassName=of_class), claim("c", storageClassName=of_class)]
    for manifest in draw(st.permutations(made)):
        run.create(manifest)
        run.advance(draw(pauses))
    run.advance(40)


@focus("PV-011")
def test_a_volume_is_made_where_the_pod_is(run: Session, draw: Draw) -> None:
    """A claim of a class that waits and has a provisioner."""
    if not run.can("provisioner"):
        return
    run.create(storage_class("fast", provisioner(run), mode="WaitForFirstConsumer"))
    run.create(claim("c", storageClassName="fast"))
    run.advance(draw(pauses))
    if draw(among(True, True, False)):
        run.create(user("a", "c"))
    run.advance(40)


# -- access modes and protection ------------------------------------------------------------------


@focus("PV-001", "PV-008", "PV-012")
def test_what_the_api_refuses(run: Session, draw: Draw) -> None:
    """One thing is wrong: modes, size, or the root of a host that would be scrubbed."""
    for _ in range(4):
        manifest, _ = draw(invalid())
        run.create(manifest, dry_run=True)
    policy = draw(among("Retain", "Delete"))
    root = volume("root", hostPath={"path": "/"}, persistentVolumeReclaimPolicy=policy)
    run.create(root, dry_run=True)


@focus("PV-012")
def test_modes_gate_binding(run: Session, draw: Draw) -> None:
    """What a claim asks for, a volume offers in whole, in part, or not at all."""
    run.create(volume("v", modes=draw(st.one_of(mode_sets, st.just([RWOP])))))
    run.create(claim("c", modes=draw(mode_sets)))
    run.advance(20)


@focus("PV-012")
def test_a_claim_in_use_is_protected(run: Session, draw: Draw) -> None:
    """Claim and volume are deleted while Pods use them; the Pods end, or go, one after another."""
    modes = [draw(among(RWO, RWX))]
    run.create(volume("v", modes=modes))
    run.create(claim("c", modes=modes))
    names = draw(st.sampled_from([["a"], ["a", "b"], []]))
    for name in names:
        run.create(user(name, "c", policy="Never"))
    run.advance(draw(pauses))
    for kind, name in draw(
        st.permutations([("PersistentVolume", "v"), ("PersistentVolumeClaim", "c")])
    ):
        run.delete(kind, name)
    run.advance(draw(pauses))
    for name in names:
        if run.can("container-exit") and draw(st.booleans()):
            run.exit(name, "c", 0)
            run.advance(2)
        run.delete("Pod", name, grace=1)
        run.advance(10)
    run.advance(40)


@focus("PV-012")
def test_one_pod_has_the_claim_for_itself(run: Session, draw: Draw) -> None:
    """Two Pods want a claim that is for one; the first ends or goes, and the second may start."""
    run.create(volume("v", modes=[RWOP]))
    run.create(claim("c", modes=[RWOP]))
    for name in ("a", "b"):
        run.create(user(name, "c", policy="Never"))
        run.advance(draw(pauses))
    if run.can("container-exit") and draw(st.booleans()):
        run.exit("a", "c", 0)
    else:
        run.delete("Pod", "a", grace=1)
    run.advance(60)


@focus("PV-012")
def test_pods_of_one_node_share_a_claim(run: Session, draw: Draw) -> None:
    """ReadWriteOnce is of a node, and on a host path not even of that."""
    run.create(volume("v"))
    run.create(claim("c"))
    for name in ("a", "b"):
        placed = draw(st.sampled_from([None, *nodes(run)]))
        selector = {"kubernetes.io/hostname": placed}
        run.create(user(name, "c", **({"nodeSelector": selector} if placed else {})))
    run.advance(10)
