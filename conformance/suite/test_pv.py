"""PV: which volume a claim gets, and what becomes of both."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import claim, volume
from strategies.once import among
from strategies.volumes import (
    ROX,
    RWO,
    RWX,
    best_match_arguments,
    find_arguments,
    markets,
    policies,
    sizes,
    sourced,
    user,
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
    if draw(among(False, False, True)):
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
    run.create(claim("c", draw(among("1Gi", "999Mi", "1G"))))
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
    source = draw(among("tmp", "srv", "nfs", "csi"))
    policy = draw(policies)
    given: dict[str, Any] = {} if policy is None else {"persistentVolumeReclaimPolicy": policy}
    if draw(among(False, False, True)):
        given["claimRef"] = {"namespace": "default", "name": "c"}
    run.create(sourced("v", source, **given))
    run.advance(draw(among(0, 16)))
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
    run.create(claim(draw(among("c", "d"))))
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
    source = draw(among("tmp", "near", "srv", "nfs"))
    run.create(sourced("v", source, persistentVolumeReclaimPolicy="Delete"))
    run.create(claim("c"))
    run.advance(draw(pauses))
    run.delete("PersistentVolumeClaim", "c")
    run.advance(40)
    look_again(run)


@focus("PV-008")
def test_a_recycled_volume_is_available_again(run: Session, draw: Draw) -> None:
    """Policy Recycle, with a plugin and without one; the next claim waits already."""
    source = draw(among("tmp", "srv", "nfs", "csi"))
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
    run.advance(draw(among(0, 40)))
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
