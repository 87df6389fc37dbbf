"""RESTART-008: a container gets another image, and is started anew with it."""

from __future__ import annotations

from collections.abc import Mapping

from spec_model.law import Verdict, expect, law
from spec_model.laws.ladders import known_ladder
from spec_model.laws.node_loss import is_served
from spec_model.laws.phase import ABSORBING, kubelet_owned
from spec_model.laws.restart import (
    UNSETTLING,
    Settled,
    changed_images,
)
from spec_model.objects import Container, ContainerStatus, is_static
from spec_model.pod.ladder import COUNTED, key_of
from spec_model.world import (
    HELD,
    VOID,
    Breach,
    Held,
    Obligation,
    Outcome,
    Seen,
    Void,
)


@law("RESTART-008", on="Pod", when="rebuilt")
def another_image_restarts_the_container(seen: Seen) -> Verdict:
    """A running container whose image is changed is killed and started with it, whatever the policy."""
    before, pod = seen.before, seen.now
    if before is None or before.spec is pod.spec or pod.deletion_timestamp is not None:
        return None
    if pod.phase in ABSORBING or not kubelet_owned(seen) or not is_served(seen):
        return None
    if is_static(seen.manifest):
        return None  # its kubelet goes by the file, not by what is written on the mirror
    found: list[Outcome] = []
    for name in changed_images(seen):
        if _restarts_the_pod(pod.spec.container(name), seen):
            continue
        status, now = before.statuses.get(name), pod.statuses.get(name)
        if status is None or status.state != "running" or now is None:
            continue
        if now.restart_count > status.restart_count:
            found.append(HELD)
        elif pod.spec.active_deadline_seconds is not None:
            continue  # its deadline may come first
        elif now.state == "running" and _can_start_at_once(pod.spec.container(name), seen):
            found.append(_new_image_owed(seen, name, status))
    return tuple(found) or None


def _restarts_the_pod(container: Container | None, seen: Seen) -> bool:
    """Documented, a sidecar's image stops all containers, and a policy may leave it at that (INIT-008)."""
    is_init = container is not None and container.kind != "app"
    may_end = seen.now.spec.restart_policy != "Always"
    return is_init and may_end and seen.profile.init_image_restarts_pod


def _can_start_at_once(container: Container | None, seen: Seen) -> bool:
    """Whether its image may be had, as far as the tester has said, and nothing delays its start."""
    if container is None or "postStart" in (container.manifest.get("lifecycle") or ()):
        return False
    ladder = known_ladder(seen, container.name)
    if ladder is None or key_of(container) in ladder.left:
        return False  # it had this image before, and may still be backing off with it
    outcomes: Mapping[str, str] = seen.world.notes.get("images") or {}
    return outcomes.get(container.image, "present") in ("present", "pullable")


def _new_image_owed(seen: Seen, name: str, status: ContainerStatus) -> Obligation:
    grace = seen.now.spec.manifest.get("terminationGracePeriodSeconds") or 0
    image = seen.now.spec.container(name).image
    return Obligation(
        what=f"container {name} is restarted with the image {image}",
        settled=_has_new_image(name, status, image, seen.wall),
        not_after=seen.at + grace + 2 * seen.tolerance.lateness,
        disturbed_by=UNSETTLING - {"patch", "replace"},
    )


def _has_new_image(name: str, old: ContainerStatus, image: str, changed_at: float) -> Settled:
    def settled(seen: Seen) -> Held | Breach | Void | None:
        now, spec = seen.now.statuses.get(name), seen.now.spec.container(name)
        if now is None or spec is None or spec.image != image or seen.type == "DELETED":
            return VOID
        if now.restart_count > old.restart_count and now.state != "waiting":
            what = f"container {name} runs the image {image}"
            return expect(not _is_still(old, now, seen), what, f"it was started with {now.image}")
        if now.state == "waiting" and now.reason not in COUNTED:
            return VOID  # it was stopped, and the new image cannot be had
        if seen.now.deletion_timestamp is not None or seen.now.reason:
            return VOID
        if seen.now.phase in ABSORBING and seen.world.setting.clock == "real":
            return VOID  # its image may not be there, and then its policy lets the Pod end
        ended = now.terminated
        if (
            ended is not None
            and ended.finished_at is not None
            and ended.finished_at < changed_at - 1
        ):
            return VOID  # it had ended by itself before
        return None

    return settled


def _is_still(old: ContainerStatus, now: ContainerStatus, seen: Seen) -> bool:
    """Whether a container runs its old image; a real runtime may name one image by any of its tags."""
    is_named_so = seen.world.setting.clock == "virtual" or old.image_id == now.image_id == ""
    return is_named_so and bool(now.image) and now.image == old.image
