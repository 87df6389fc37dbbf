"""A container's ladder: its restarts as they were seen, folded over its runs.

What a kubelet remembers of a container cannot be seen, but every run leaves its trace in the status:
``restartCount`` numbers it, ``state`` and ``lastState`` say when it began and ended. A ladder is an
immutable entry that each status is folded into; it knows what the next exit costs, and says so when
it does not know: the judge came late, or runs were skipped. Then the message of a container in
CrashLoopBackOff tells (BACKOFF-006), or a run of more than ten minutes (BACKOFF-003).
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from spec_model.objects import Container, ContainerStatus, Terminated
from spec_model.pod.announcements import announcement
from spec_model.pod.backoff import UNKNOWN, Entry, Memory, next_delay, next_delay_after_kill
from spec_model.profiles import BackoffConstants
from spec_model.rules import Decision
from spec_model.values import frozen

CRASH_LOOP: Final = "CrashLoopBackOff"

COUNTED: Final = frozenset(
    {
        *(CRASH_LOOP, "ContainerCreating", "PodInitializing"),
        *("PostStartHookError", "RunContainerError", ""),
    }
)
"""Why a container may wait while every attempt to start it has made a run; others fail without one."""

RESYNC: Final = 60.0
"""A kubelet looks after a waiting container at the latest every minute, and half of that later."""


@frozen
class Terms:
    """What a ladder is climbed by: the kubelet's constants, and how far times may be off.

    ``after_success`` says whether exit code 0 counts (BACKOFF-004); ``racy``, whether what is done
    to the engine may cross what it does by itself, as on a real clock; ``looks_back``, whether a
    probe's kill is checked against the exit before it (BACKOFF-009).
    """

    constants: BackoffConstants
    truncation: float
    lateness: float
    after_success: bool = True
    racy: bool = False
    looks_back: bool = True


@frozen
class Run:
    """One run of a container; ``finished_at`` is None while it goes on. Seconds since 1970."""

    number: int
    started_at: float
    finished_at: float | None = None
    exit_code: int = 0


@frozen
class Restart:
    """A restart that was seen: what came before it, and what it should have cost."""

    exit: Run
    started_at: float
    delay: Decision[float | None]
    announced: float | None  # what the container's message said, where it was seen
    released_at: float | None  # when the wait was called off

    @property
    def waited(self) -> float:
        """Seconds from the exit to the start, as the API has them."""
        return self.started_at - (self.exit.finished_at or 0.0)

    @property
    def overdue(self) -> float:
        """Seconds from when it was due, or was called off, to the start."""
        due = (self.exit.finished_at or 0.0) + (self.delay.value or 0.0)
        return self.started_at - max(due, self.released_at or due)


@frozen
class Ladder:
    """What is known of a container's restarts.

    Attributes:
        run: its newest run.
        memory: what the kubelet remembers until that run's end is answered.
        origin: the rule by which nothing is remembered, where nothing is.
        spec: the container as it was asked for; its image and resources are part of the kubelet's key.
        left: images and resources that it had before; what the kubelet remembers of them is not known.
        earlier_finish: when the run before the newest ended.
        announced: what the message said that it waits for now.
        learned: the memory was taken from such a message, and so proves nothing by itself.
        released_at: when the memory was dropped; a wait that was on ends then.
        adrift: something has happened after which nothing can be said until its next run.
        ended, restart: what this very status has shown.
    """

    run: Run
    memory: Memory
    origin: str
    spec: Container
    left: tuple[object, ...] = ()
    earlier_finish: float | None = None
    announced: float | None = None
    learned: bool = False
    released_at: float | None = None
    adrift: bool = False
    ended: bool = False
    restart: Restart | None = None


def climb(
    ladder: Ladder | None,
    status: ContainerStatus,
    spec: Container,
    terms: Terms,
    *,
    late: bool = False,
    origin: str = "BACKOFF-001",
    killed: bool | None = False,
) -> Ladder | None:
    """The ladder after a status; None while the container has never run.

    ``late`` says that its earlier runs may have been missed; ``origin``, by which rule a container
    that is new to the judge starts from nothing; ``killed``, whether the kubelet ended the newest
    run because of a probe (None: it may have).
    """
    runs = runs_of(status)
    if not runs:
        return ladder
    if ladder is None:
        ladder = _first_seen(runs, spec, late, origin)
    if runs[-1].number < ladder.run.number:
        ladder = lost(ladder, runs[-1])  # counted anew: the status does not say what was before
    for run in runs:
        ladder = _see(ladder, run, terms, killed)
    if status.state == "waiting":
        return _listen(ladder, status)
    return ladder


def runs_of(status: ContainerStatus) -> list[Run]:
    """The newest run and the one before, as far as the status has them, in order."""
    number, found = status.restart_count, []
    if status.state == "waiting":
        return [] if (run := _ended(number, status.last)) is None else [run]
    if (run := _ended(number - 1, status.last)) is not None:
        found.append(run)
    if status.state == "running" and status.started_at is not None:
        found.append(Run(number, status.started_at))
    elif (run := _ended(number, status.terminated)) is not None:
        found.append(run)
    return found


def cost(
    ladder: Ladder, terms: Terms, killed: bool | None = False
) -> tuple[Decision[float | None], Memory]:
    """What the end of the newest run costs, and what is remembered then; None where it is not known."""
    run, constants = ladder.run, terms.constants
    finish = run.started_at if run.finished_at is None else run.finished_at
    if ladder.adrift or (killed is None and terms.looks_back):
        return UNDECIDED
    called_off = ladder.released_at is not None and ladder.released_at >= finish
    if killed and terms.looks_back and not called_off:
        return _cost_of_kill(ladder, finish, terms)
    if run.exit_code == 0 and not terms.after_success:
        return Decision(None, "BACKOFF-004"), UNKNOWN
    length = finish - run.started_at
    if -terms.lateness <= length - constants.reset_after <= 0:
        return UNDECIDED  # the attempt may have been made a little before the start
    decision, memory = next_delay(ladder.memory, run.started_at, finish, constants)
    if ladder.memory is None:
        return Decision(decision.value, ladder.origin), memory
    if isinstance(ladder.memory, Entry) and decision.because != "BACKOFF-003":
        if constants.housekeeping_period is not None:
            excess = length + ladder.memory.delay - constants.reset_after
            if excess > terms.lateness:
                return Decision(constants.reset_after - length, "BACKOFF-008"), UNKNOWN
            if excess > -terms.lateness:
                return UNDECIDED
        if ladder.learned:
            return Decision(decision.value, "BACKOFF-002"), memory
    return decision, memory


UNDECIDED: Final[tuple[Decision[float | None], Memory]] = (Decision(None, "BACKOFF-002"), UNKNOWN)


def forgotten(ladder: Ladder, rule: str, at: float) -> Ladder:
    """The ladder of a container of which the kubelet remembers nothing any more, by that rule."""
    return evolve(
        ladder,
        memory=None,
        origin=rule,
        announced=None,
        learned=False,
        released_at=at,
        ended=ladder.run.finished_at is not None,
    )


def respecified(ladder: Ladder, spec: Container, at: float) -> Ladder:
    """The ladder of a container that is asked for in another way, known of since ``at``.

    With another image or other resources it starts from nothing (BACKOFF-005). Where it runs, the
    kubelet ends that run itself, and whether it counts this depends on what it remembers.
    """
    old, new = key_of(ladder.spec), key_of(spec)
    if old == new:
        return evolve(ladder, spec=spec)
    ladder = evolve(ladder, spec=spec, left=(*ladder.left, old))
    if new in ladder.left or ladder.run.finished_at is None:
        return adrift(ladder)
    return forgotten(ladder, "BACKOFF-005", at)


def quiet(ladder: Ladder) -> Ladder:
    """The same ladder without its news."""
    if not ladder.ended and ladder.restart is None:
        return ladder
    return _at(ladder, ladder.run, ended=False)


def _at(ladder: Ladder, run: Run, *, ended: bool) -> Ladder:
    """What is remembered, at that run; spelled out, for it is on the way of every exit and restart."""
    return Ladder(
        run,
        ladder.memory,
        ladder.origin,
        ladder.spec,
        ladder.left,
        ladder.earlier_finish,
        ladder.announced,
        ladder.learned,
        ladder.released_at,
        ladder.adrift,
        ended,
    )


def adrift(ladder: Ladder) -> Ladder:
    """The ladder of a container whose Pod has lost more than the kubelet's memory."""
    if ladder.adrift and ladder.memory is UNKNOWN and ladder.announced is None:
        return ladder
    return evolve(lost(ladder), adrift=True)


def lost(ladder: Ladder, run: Run | None = None) -> Ladder:
    """The ladder of a container of which it is not known what the kubelet remembers."""
    return evolve(ladder, run=run or ladder.run, memory=UNKNOWN, announced=None, learned=False)


def earliest(delay: float, terms: Terms) -> float:
    """The least that is measured between exit and start on a correct engine (BACKOFF-002)."""
    return delay - terms.truncation


def latest(delay: float, terms: Terms) -> float:
    """The most that is measured between exit and start on a correct engine (BACKOFF-002)."""
    return delay + 0.5 * min(delay, RESYNC) + terms.lateness + terms.truncation


def key_of(spec: Container) -> object:
    """What of a container's spec the kubelet's key has (BACKOFF-005)."""
    return spec.image, spec.manifest.get("resources")


def _first_seen(runs: list[Run], spec: Container, late: bool, origin: str) -> Ladder:
    newest, first = runs[-1], runs[0]
    if newest.number == 0 or (first.number == 0 and not late):
        ended = first.finished_at is not None and not late
        return Ladder(first, None, origin, spec, ended=ended and first is newest)
    return Ladder(newest, UNKNOWN, origin, spec)


def _see(ladder: Ladder, run: Run, terms: Terms, killed: bool | None) -> Ladder:
    known = ladder.run
    if run.number < known.number:
        return ladder
    if run.number == known.number:
        if run.started_at != known.started_at:
            return lost(ladder, run)
        if known.finished_at is None and run.finished_at is not None:
            return _at(ladder, run, ended=True)
        return ladder
    if (
        run.number > known.number + 1
        or known.finished_at is None
        or run.started_at < known.finished_at
    ):
        return lost(ladder, run)
    return _restarted(ladder, run, terms, killed)


def _restarted(ladder: Ladder, run: Run, terms: Terms, killed: bool | None) -> Ladder:
    decision, memory = cost(ladder, terms, killed)
    restart = Restart(ladder.run, run.started_at, decision, ladder.announced, ladder.released_at)
    overtaken = _may_precede(run, ladder.released_at, -terms.truncation)
    if overtaken or (terms.racy and _may_precede(run, ladder.released_at, terms.lateness)):
        memory = UNKNOWN  # it may have been started by what was remembered before
    elif decision.because == "BACKOFF-008" and _was_cut(ladder, restart, terms):
        memory = Entry(terms.constants.base)
    return Ladder(
        run=run,
        memory=memory,
        origin=ladder.origin if memory is None else "BACKOFF-001",
        spec=ladder.spec,
        left=ladder.left,
        earlier_finish=ladder.run.finished_at,
        adrift=overtaken,
        ended=run.finished_at is not None,
        restart=restart,
    )


def _may_precede(run: Run, released_at: float | None, margin: float) -> bool:
    """Whether a run may have begun before the memory was dropped, give or take."""
    return released_at is not None and run.started_at < released_at + margin


def _was_cut(ladder: Ladder, restart: Restart, terms: Terms) -> bool:
    memory = ladder.memory
    return isinstance(memory, Entry) and restart.waited < earliest(memory.delay, terms)


def _cost_of_kill(
    ladder: Ladder, finish: float, terms: Terms
) -> tuple[Decision[float | None], Memory]:
    memory, before = ladder.memory, ladder.earlier_finish
    if memory is not None and not isinstance(memory, Entry):
        return UNDECIDED
    if before is not None and terms.constants.housekeeping_period is not None:
        excess = finish - ladder.run.started_at - terms.constants.reset_after
        if abs(excess) <= terms.lateness:
            return UNDECIDED
        if excess > 0:
            memory = None  # housekeeping has dropped it (BACKOFF-008)
    if memory is not None and before is None and ladder.run.number > 1:
        return UNDECIDED  # the judge came late, and has not seen the exit before
    if memory is not None and before is not None:
        age = finish - before
        if abs(age - memory.delay) <= 2 * terms.truncation:
            return UNDECIDED
    delay, after = next_delay_after_kill(
        memory, before, ladder.run.started_at, finish, terms.constants
    )
    return Decision(delay.value, "BACKOFF-009"), after


def _listen(ladder: Ladder, status: ContainerStatus) -> Ladder:
    """What a container that waits says of itself."""
    if status.reason not in COUNTED:
        return adrift(ladder)
    said = announcement(status.message) if status.reason == CRASH_LOOP else None
    if said is None or ladder.adrift:
        return ladder
    if ladder.memory is UNKNOWN:
        return evolve(ladder, memory=Entry(said[0]), announced=said[0], learned=True)
    return evolve(ladder, announced=said[0])


def _ended(number: int, run: Terminated | None) -> Run | None:
    if run is None or run.finished_at is None:
        return None
    started = run.started_at
    if started is None or started <= 0:
        started = run.finished_at  # it failed to start
    return Run(number, started, run.finished_at, run.exit_code)
