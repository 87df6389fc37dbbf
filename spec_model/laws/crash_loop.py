"""BACKOFF-006: what a container says that waits for its restart."""

from __future__ import annotations

from typing import Final

from spec_model.law import Verdict, expect, law
from spec_model.laws.backoff import HOUSEKEEPING, VALUES, restart_expected, until_restarted
from spec_model.laws.ladders import UPSETS, Kills, is_back_off, ladder_of, terms_of
from spec_model.laws.phase import ABSORBING
from spec_model.laws.probe_kills import was_killed
from spec_model.objects import Pod, uid_in_events
from spec_model.pod.announcements import announcement
from spec_model.pod.backoff import Entry
from spec_model.pod.ladder import CRASH_LOOP, RESYNC, Ladder, cost
from spec_model.rules import Decision
from spec_model.world import HELD, Breach, Held, Obligation, Seen, SeenContainer, Void


@law("BACKOFF-006", *VALUES, on="container", when=("backing off", "climbing"))
def a_waiting_container_says_so(seen: SeenContainer) -> Verdict:
    """It shows CrashLoopBackOff, the delay in force, its name and its Pod's, in the right phase."""
    status, before = seen.now, seen.before
    if status.state == "waiting" and status.reason == CRASH_LOOP:
        if before is not None and before.message == status.message and before.state == "waiting":
            return None
        return _says_rightly(seen)
    ladder = ladder_of(seen)
    if ladder is None or not (ladder.restart or ladder.ended):
        return None
    heard, owed = _had_its_event(ladder, seen), _will_say(ladder, seen)
    return tuple(verdict for verdict in (heard, owed) if verdict is not None) or None


def _says_rightly(seen: SeenContainer) -> Held | Breach:
    pod: Pod = seen.pod.now
    message = seen.now.message
    delay = _delay_in_force(seen)
    said = announcement(message)
    wanted = "<d>" if delay.value is None else f"{delay.value:g} s"
    what = f"back-off {wanted} restarting failed container={seen.spec.name} pod={pod.key[2]}"
    named = said is not None and said[1] == seen.spec.name and said[2].startswith(pod.key[2])
    if said is None or not named:
        return Breach(what, message or "no message")
    if delay.value not in (None, said[0]):
        # No lawful wait is longer than the cap: then the wait is wrong, and not what is said of it.
        too_long = said[0] > terms_of(seen.pod).constants.cap
        return Breach(what, message, rule=delay.because if too_long else None)
    phase = _phase_while_waiting(seen)
    return expect(phase in (None, pod.phase), f"phase {phase}", f"phase {pod.phase}")


def _delay_in_force(seen: SeenContainer) -> Decision[float | None]:
    """The delay that the ladder knows of without the message; what a probe's kill costs it leaves."""
    ladder = ladder_of(seen)
    if ladder is None or ladder.learned or ladder.released_at is not None:
        return UNKNOWN_DELAY  # nothing to compare with, or from before the wait was called off
    if was_killed(seen.pod, seen.spec, ladder) is not False:
        return UNKNOWN_DELAY
    decision, _ = cost(ladder, terms_of(seen.pod))
    if decision.because == HOUSEKEEPING and isinstance(ladder.memory, Entry):
        # The message does not know that the wait will be cut.
        return Decision(ladder.memory.delay, decision.because)
    return decision


UNKNOWN_DELAY: Final[Decision[float | None]] = Decision(None, "BACKOFF-006")


def _phase_while_waiting(seen: SeenContainer) -> str | None:
    pod: Pod = seen.pod.now
    if pod.deletion_timestamp is not None or pod.reason or pod.phase in ABSORBING:
        return None
    statuses = [pod.statuses.get(container.name) for container in pod.spec.containers]
    run = [status is not None and status.has_run for status in statuses]
    if seen.spec.kind == "init" and not any(run):
        return "Pending"
    return "Running" if seen.spec.kind == "app" and all(run) else None


def _will_say(ladder: Ladder, seen: SeenContainer) -> Obligation | None:
    """A wait that is longer than a kubelet may leave it at ``terminated`` must be shown."""
    terms, finish = terms_of(seen.pod), ladder.run.finished_at
    if finish is None or not ladder.ended:
        return None
    delay, _ = cost(ladder, terms, was_killed(seen.pod, seen.spec, ladder))
    shown_by = 1.5 * RESYNC + terms.lateness + terms.truncation
    if delay.value is None or delay.because == HOUSEKEEPING or delay.value <= shown_by:
        return None
    if not restart_expected(seen, ladder.run.exit_code):
        return None
    restarted = until_restarted(seen.spec.name, ladder.run.number)

    def settled(later: Seen) -> Held | Void | None:
        status = later.now.statuses.get(seen.spec.name)
        shown = status is not None and status.reason == CRASH_LOOP
        return HELD if shown else restarted(later)

    return Obligation(
        what=f"container {seen.spec.name} shows CrashLoopBackOff while it waits {delay.value:g} s",
        settled=settled,
        not_after=max(finish, ladder.released_at or 0.0) + shown_by - seen.pod.world.setting.epoch,
        disturbed_by=frozenset(UPSETS),
    )


@law("BACKOFF-006", on="Event")
def a_back_off_is_a_warning(seen: Seen) -> Verdict:
    """The Event of a container that waits for its restart is a Warning of reason BackOff."""
    event = seen.manifest
    if not is_back_off(event):
        return None
    said = event.get("type"), event.get("reason")
    return expect(
        said == ("Warning", "BackOff"), "a Warning of reason BackOff", " ".join(map(str, said))
    )


def _had_its_event(ladder: Ladder, seen: SeenContainer) -> Held | Breach | None:
    """A wait that is over had its Event. A loaded cluster drops Events; a tester's engine does not."""
    restart, world = ladder.restart, seen.pod.world
    if restart is None or restart.announced is None or world.setting.clock == "real":
        return None
    if "shows-events" not in world.notes or restart.exit.finished_at is None:
        return None
    told: Kills = world.notes.get("back-offs") or {}
    since = restart.exit.finished_at - world.setting.epoch
    return expect(
        told.get((uid_in_events(seen.pod.now), seen.spec.name), -1.0) >= since,
        f"a Warning of reason BackOff for container {seen.spec.name} while it waited",
        "none",
    )
