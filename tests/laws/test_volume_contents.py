"""The laws of what is on a volume, on traces made by hand (PV-006 and PV-008)."""

from __future__ import annotations

from typing import Any

from spec_model.events import Act, Observation
from strategies.manifests import container, mount
from tests.laws.nodes import inside
from tests.laws.traces import claim, done, judged, pod, running, seen, status, volume

NFS = {"hostPath": None, "nfs": {"server": "s", "path": "/v"}}


def has(name: str, at: float, policy: str = "Retain") -> tuple[Observation, ...]:
    """A claim, the volume that it is bound to, and a Pod that mounts it."""
    asked = claim("Bound", name=name, on="v")
    bound = volume("Bound", of=asked, policy=policy, **NFS)
    made = container("c", volumeMounts=[mount("v", "/v")])
    uses = [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]
    spec = {"containers": [made], "volumes": uses}
    own = [status("c", running(at), containerID=f"cri://{name}")]
    user = pod("Running", own, name=name, uid=f"pod-{name}", spec=spec, created=at)
    return seen(at, bound), seen(at, asked, "ADDED"), seen(at, user, "ADDED")


def writes(of: str, at: float) -> Act:
    where = {"namespace": "default", "pod": of, "container": "c"}
    return done(at, "write-file", **where, path="/v/f", content="1")


def sees(of: str, at: float, **files: str) -> Act:
    return inside({"files": {f"/v/{path}": held for path, held in files.items()}}, of, at=at)


def is_now(phase: str, at: float, policy: str) -> Observation:
    return seen(at, volume(phase, policy=policy, **NFS))


def broken(trace: Any) -> set[str]:
    return {rule for rule in trace.broken if rule in ("PV-006", "PV-008")}


def test_the_next_claim_finds_what_was_retained() -> None:
    first = *has("a", 0), writes("a", 1), is_now("Released", 5, "Retain"), *has("b", 10)
    found = judged(*first, sees("b", 12, f="1"))
    assert "PV-006" in found.exercised
    assert not broken(found)
    assert broken(judged(*first, sees("b", 12))) == {"PV-006"}


def test_the_next_claim_finds_nothing_on_what_was_recycled() -> None:
    before = *has("a", 0, "Recycle"), writes("a", 1)
    gone = is_now("Released", 5, "Recycle"), is_now("Available", 6, "Recycle")
    first = *before, *gone, *has("b", 10, "Recycle")
    assert not broken(judged(*first, sees("b", 12)))
    assert broken(judged(*first, sees("b", 12, f="1"))) == {"PV-008"}
    assert not broken(judged(*first, writes("b", 11), sees("b", 12, f="1")))


def test_while_it_is_reclaimed_nothing_is_known() -> None:
    first = *has("a", 0, "Recycle"), writes("a", 1), is_now("Released", 5, "Recycle")
    assert not broken(judged(*first, *has("b", 10), sees("b", 12)))


def test_of_a_volume_that_came_back_unseen_nothing_is_known() -> None:
    first = *has("a", 0, "Recycle"), writes("a", 1), is_now("Available", 6, "Recycle")
    assert not broken(judged(*first, *has("b", 10, "Recycle"), sees("b", 12, f="1")))


def test_within_one_claim_nothing_is_said() -> None:
    assert not broken(judged(*has("a", 0), writes("a", 1), sees("a", 2)))
