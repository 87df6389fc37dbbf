"""Which runs of a container its kubelet has ended because of a probe, as far as Events tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from spec_model.law import note
from spec_model.laws.telling import REMEMBERED, container_of, happened, run_shown
from spec_model.objects import Container, is_static, uid_in_events
from spec_model.pod.ladder import Ladder, Run
from spec_model.world import Seen

PROBE_FAILED: Final = re.compile("failed (liveness|startup) probe")


@frozen
class ProbeKill:
    """A kubelet's word that it kills a container: when (seconds since 1970), why, and which run."""

    wall: float
    at: float
    kind: str  # liveness | startup
    run: int | None  # restartCount of the run that was shown then


def was_killed(seen: Seen, spec: Container, ladder: Ladder | None) -> bool | None:
    """Whether the kubelet ended the container's newest run because of a probe; None: it may have."""
    return False if ladder is None else was_run_killed(seen, spec, ladder.run)


def was_run_killed(seen: Seen, spec: Container, run: Run) -> bool | None:
    """Whether the kubelet ended that run of the container because of a probe; None: it may have."""
    if not ("liveness" in spec.probes or "startup" in spec.probes):
        return False
    if "shows-events" not in seen.world.notes or is_static(seen.manifest):
        return None  # of a static Pod its mirror may not show which of its runs it was
    kills: Mapping[tuple[str, str], ProbeKill] = seen.world.notes.get("probe-kills") or {}
    killed = kills.get((uid_in_events(seen.now), spec.name))
    if seen.world.setting.clock == "virtual":  # and no Event is dropped
        return killed is not None and killed.run == run.number
    return True if killed is not None and killed.wall >= run.started_at else None


@note("probe-kills", on="Event Killing*")
def killed_by_a_probe(
    before: Mapping[tuple[str, str], ProbeKill] | None, seen: Seen
) -> Mapping[tuple[str, str], ProbeKill]:
    """The last time that a kubelet killed a container because of a probe."""
    known = before or {}
    event = seen.manifest
    found = PROBE_FAILED.search(event.get("message", ""))
    at = None if found is None else happened(seen)
    if found is None or at is None:
        return known
    uid, name = container_of(event)
    kill = ProbeKill(at + seen.world.setting.epoch, seen.at, found[1], run_shown(seen, name))
    kept = {key: each for key, each in known.items() if kill.wall - each.wall < REMEMBERED}
    return {**kept, (uid, name): kill}
