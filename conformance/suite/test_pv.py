"""PV: which volume a claim gets, what becomes of both, and what Pods have to do with it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import claim, volume
from strategies.volumes import (
    BY_HAND,
    PROVISIONER,
    ROX,
    RWO,
    RWOP,
    RWX,
    best_match_arguments,
    find_arguments,
    invalid,
    markets,
    mode_sets,
    only_on,
    policies,
    sizes,
    sourced,
    storage_class,
    user,
    without_class,
)

UNFINALIZED = {"metadata": {"finalizers": None}}
UNCLAIMED = {"spec": {"claimRef": None}}
AGAIN = {"metadata": {"labels": {"seen": "again"}}}

pauses = st.sampled_from([0, 2, 16])


def look_again(run: Session) -> None:
    """Every volume and claim is shown once more."""
    for kind in ("PersistentVolume", "PersistentVolumeClaim"):
        for known in run.world.of_kind(kind):
            run.patch(kind, known.view["metadata"]["name"], AGAIN)


def provisioner(run: Session) -> str:
    """A provisioner that the engine serves: that of a class which is there, or else any."""
    found = [known.view.get("provisioner", "") for known in run.world.of_kind("StorageClass")]
    return next((name for name in found if name not in ("", BY_HAND)), PROVISIONER)


def nodes(run: Session) -> list[str]:
    """The names of the nodes."""
    return [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]


# -- which volume ---------------------------------------------------------------------------------


@focus("PV-001", "PV-002")
def test_the_choice_as_a_function(run: Session, draw: Draw) -> None:
    """The binder's two functions, asked with volumes in every phase, promised and deleted ones."""
    for _ in range(8):  # a question costs next to nothing
        run.evaluate("pv.best_match", draw(best_match_arguments()))
        run.evaluate("pv.find_matching_volume", draw(find_arguments()))


@focus("PV-001", "PV-012")
def test_a_claim_gets_only_what_satisfies_it(run: Session, draw: Draw) -> None:
    """Volumes that fit and volumes that lack one thing; the claim may name one of them."""
    wanted, offered = draw(markets())
    if draw(st.sampled_from([False, False, True])):
        wanted["spec"]["volumeName"] = draw(st.sampled_from(offered))["metadata"]["name"]
    for manifest in draw(st.sampled_from([[wanted, *offered], [*offered, wanted]])):
        run.create(manifest)
    run.advance(20)


@focus("PV-002")
def test_the_best_volume_wins(run: Session, draw: Draw) -> None:
    """Several volumes fit; they differ in size and in how many modes they have."""
    sets = [[RWO], [RWO, ROX], [RWO, RWX], [RWO, ROX, RWX]]
    usual = draw(st.sampled_from(sets))
    for index in range(draw(st.integers(2, 5))):
        modes = draw(st.sampled_from([usual, *sets]))
        run.create(volume(f"v{index}", draw(sizes), modes))
    run.advance(2)
    run.create(claim("c", draw(st.sampled_from(["1Gi", "999Mi", "1G"]))))
    run.create(claim("d", draw(sizes)))
    run.advance(2)


# -- that they belong to each other ---------------------------------------------------------------


@focus("PV-003")
def test_a_bound_pair_stays_a_pair(run: Session, draw: Draw) -> None:
    """More claims and volumes come, and somebody tries to change the claim."""
    run.create(volume("v0", "2Gi", [RWO, ROX]))
    run.create(claim("c"))
    run.advance(draw(pauses))
    for index in range(draw(st.integers(1, 3))):
        run.create(volume(f"v{index + 1}", draw(sizes)))
        run.create(claim(f"d{index}", draw(sizes)))
    changes: tuple[dict[str, Any], ...] = (
        {"volumeName": "v1"},
        {"volumeName": None},
        {"accessModes": [ROX]},
        {"storageClassName": "other"},
        {"volumeMode": "Block"},
        {"selector": {"matchLabels": {"a": "b"}}},
        {"resources": {"requests": {"storage": "512Mi"}}},
    )
    for change in draw(st.permutations(changes))[:3]:
        run.patch("PersistentVolumeClaim", "c", {"spec": change})
    look_again(run)
    run.advance(20)


@focus("PV-003")
def test_a_promised_volume_keeps_its_promise(run: Session, draw: Draw) -> None:
    """A volume promised to one claim by name; another claim comes first."""
    promise = {"namespace": "default", "name": "c"}
    run.create(volume("v", draw(sizes), claimRef=promise))
    for name in draw(st.permutations(["c", "d"])):
        named: dict[str, Any] = draw(st.sampled_from([{"volumeName": "v"}, {}]))
        run.create(claim(name, **named))
    run.advance(20)
    look_again(run)


# -- phases ---------------------------------------------------------------------------------------


@focus("PV-004")
def test_a_volume_goes_its_way(run: Session, draw: Draw) -> None:
    """A claim comes and goes, and one of the same name comes after it."""
    source = draw(st.sampled_from(["tmp", "srv", "nfs", "csi"]))
    policy = draw(policies)
    given: dict[str, Any] = {} if policy is None else {"persistentVolumeReclaimPolicy": policy}
    if draw(st.sampled_from([False, False, True])):
        given["claimRef"] = {"namespace": "default", "name": "c"}
    run.create(sourced("v", source, **given))
    run.advance(draw(st.sampled_from([0, 16])))
    run.create(claim("c"))
    run.advance(draw(pauses))
    run.delete("PersistentVolumeClaim", "c")
    run.create(claim("c"))
    run.advance(draw(pauses))
    look_again(run)
    run.advance(120)


@focus("PV-005")
def test_an_unbound_claim_holds_its_pod_back(run: Session, draw: Draw) -> None:
    """Pod, claim and volume are made in any order."""
    made = {"pod": user("a", "c"), "claim": claim("c"), "volume": volume("v", draw(sizes))}
    for kind in draw(st.permutations(list(made))):
        run.create(made[kind])
        run.advance(draw(pauses))
    run.patch("Pod", "a", AGAIN)
    run.advance(60)


@focus("PV-005")
def test_a_claim_without_its_volume_is_lost(run: Session, draw: Draw) -> None:
    """The volume of a bound claim is taken away by force, or given to somebody else."""
    run.create(volume("v"))
    run.create(claim("c"))
    run.advance(draw(pauses))
    if draw(st.booleans()):
        run.delete("PersistentVolume", "v")
        run.patch("PersistentVolume", "v", UNFINALIZED)
    else:
        thief = {"namespace": "default", "name": "thief", "uid": "no-uid"}
        run.patch("PersistentVolume", "v", {"spec": {"claimRef": thief}})
    run.advance(30)
    look_again(run)


# -- reclaim --------------------------------------------------------------------------------------


@focus("PV-006")
def test_a_retained_volume_waits_for_an_administrator(run: Session, draw: Draw) -> None:
    """The claim goes, another comes in vain; then the claimRef is cleared or the volume made anew."""
    run.create(volume("v", persistentVolumeReclaimPolicy="Retain"))
    run.create(claim("c"))
    run.delete("PersistentVolumeClaim", "c")
    run.advance(draw(pauses))
    run.create(claim(draw(st.sampled_from(["c", "d"]))))
    run.advance(draw(pauses))
    look_again(run)
    if draw(st.booleans()):
        run.patch("PersistentVolume", "v", UNCLAIMED)
    else:
        run.delete("PersistentVolume", "v")
        run.create(volume("v"))
    run.advance(20)


@focus("PV-007")
def test_a_deleted_claim_takes_its_volume_along(run: Session, draw: Draw) -> None:
    """Policy Delete, on a path that may be removed and on others."""
    source = draw(st.sampled_from(["tmp", "near", "srv", "nfs"]))
    run.create(sourced("v", source, persistentVolumeReclaimPolicy="Delete"))
    run.create(claim("c"))
    run.advance(draw(pauses))
    run.delete("PersistentVolumeClaim", "c")
    run.advance(40)
    look_again(run)


@focus("PV-008")
def test_a_recycled_volume_is_available_again(run: Session, draw: Draw) -> None:
    """Policy Recycle, with a plugin and without one; the next claim waits already."""
    source = draw(st.sampled_from(["tmp", "srv", "nfs", "csi"]))
    run.create(sourced("v", source, persistentVolumeReclaimPolicy="Recycle"))
    run.create(claim("c"))
    if draw(st.booleans()):
        run.create(claim("d"))
    run.advance(draw(pauses))
    run.delete("PersistentVolumeClaim", "c")
    run.advance(400)
    look_again(run)


@focus("PV-008")
def test_a_volume_in_use_is_not_recycled(run: Session, draw: Draw) -> None:
    """The claim is taken away by force while a Pod still uses it."""
    run.create(volume("v", persistentVolumeReclaimPolicy="Recycle"))
    run.create(claim("c"))
    run.create(user("a", "c"))
    run.advance(draw(pauses))
    run.delete("PersistentVolumeClaim", "c")
    run.patch("PersistentVolumeClaim", "c", UNFINALIZED)
    run.advance(draw(st.sampled_from([0, 40])))
    run.delete("Pod", "a", grace=1)
    run.advance(400)


@focus("PV-007", "PV-008")
def test_a_failed_volume_is_mended_or_taken_away(run: Session, draw: Draw) -> None:
    """What cannot be deleted is recycled instead, or an administrator takes the object away."""
    run.create(sourced("v", "srv", persistentVolumeReclaimPolicy="Delete"))
    run.create(claim("c"))
    run.advance(draw(pauses))
    run.delete("PersistentVolumeClaim", "c")
    run.advance(40)
    if draw(st.booleans()):
        run.patch("PersistentVolume", "v", {"spec": {"persistentVolumeReclaimPolicy": "Recycle"}})
        run.advance(400)
    run.delete("PersistentVolume", "v")
    run.advance(40)


# -- how they come to be --------------------------------------------------------------------------


@focus("PV-009")
def test_what_policies_default_to(run: Session, draw: Draw) -> None:
    """A volume and a class with and without a policy and a binding mode."""
    policy = draw(policies)
    given: dict[str, Any] = {} if policy is None else {"persistentVolumeReclaimPolicy": policy}
    run.create(volume("v", **given), dry_run=draw(st.booleans()))
    mode = draw(st.sampled_from([None, "Immediate", "WaitForFirstConsumer"]))
    policy = draw(st.sampled_from([None, "Retain", "Delete"]))
    run.create(storage_class("fast", provisioner(run), mode=mode, policy=policy))
    if run.can("volumes", "provisioner") and mode != "WaitForFirstConsumer":
        run.create(claim("c", storageClassName="fast"))
        run.advance(20)


@focus("PV-010")
def test_a_volume_is_made_for_a_claim(run: Session, draw: Draw) -> None:
    """A claim of a class with a provisioner, beside one that wants none."""
    policy = draw(st.sampled_from([None, "Retain", "Delete"]))
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
    turn = draw(st.sampled_from([2, 1, 0]))
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
    of_class = draw(st.sampled_from(["", "local"]))
    if of_class:
        run.create(storage_class("local", mode=draw(st.sampled_from([None, "Immediate"]))))
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
    if draw(st.sampled_from([True, True, False])):
        run.create(user("a", "c"))
    run.advance(40)


# -- access modes and protection ------------------------------------------------------------------


@focus("PV-001", "PV-008", "PV-012")
def test_what_the_api_refuses(run: Session, draw: Draw) -> None:
    """One thing is wrong: modes, size, or the root of a host that would be scrubbed."""
    for _ in range(4):
        manifest, _ = draw(invalid())
        run.create(manifest, dry_run=True)
    policy = draw(st.sampled_from(["Retain", "Delete"]))
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
    modes = [draw(st.sampled_from([RWO, RWX]))]
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
