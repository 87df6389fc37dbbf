"""Runs the jobs of a plan side by side, the longest first, each in a session of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from attrs import define, field, frozen

from conformance.adapter import AdapterError, NotClaimedError, SideBySide
from conformance.examine import Examination, Target, seed_of
from conformance.realtime.confirm import Confirmed, confirm
from conformance.realtime.forecast import drawing_again
from conformance.realtime.lateness import judged_again, lateness
from conformance.realtime.plan import Job, Plan
from conformance.session import AbsentError, Session, replay
from conformance.shrink import Step

POLL: Final = 0.25
MORE: Final = 2
"""Examples of a scenario that may be run beyond the plan."""
SHORTENING: Final = 240.0
"""Seconds for which shorter ways to show one violation are tried on the engine."""


class Stopped(BaseException):
    """The run is being ended; a scenario that sleeps wakes up with this."""


@frozen
class Move:
    """A scenario has gone on: it is ``waiting``, ``running``, ``confirming``, ``done`` or ``left out``."""

    task: str
    state: str
    foreseen: float
    seconds: float = 0.0
    lag: float = 0.0


@define
class Outcome:
    """What has come of a task.

    Attributes:
        rules: those that it was run for.
        open: how many of its jobs have not ended.
        seconds: what they took together.
        left_out: why a job was not run after all.
        more: how many jobs were added to those of the plan.
        told: the rules of which tests have reported already; empty for one that asked of all.
    """

    examination: Examination = field(factory=Examination)
    confirmed: list[Confirmed] = field(factory=list)
    rules: tuple[str, ...] = ()
    open: int = 0
    seconds: float = 0.0
    left_out: str = ""
    told: set[str] = field(factory=set)
    more: int = 0


class Schedule:
    """The running of a plan; ``outcome`` waits for one task.

    Args:
        told: is called, by whoever waits, for every move since the last.
    """

    def __init__(
        self,
        target: Target,
        adapter: SideBySide,
        plan: Plan,
        *,
        whole: float,
        told: Callable[[Move], None] = lambda _: None,
    ) -> None:
        self.target, self.plan = target, plan
        self._adapter, self._whole, self._told = adapter, whole, told
        self._jobs = list(reversed(plan.jobs))
        self._busy = 0
        self._spares = {name: list(spares) for name, spares in plan.spares.items()}
        self._outcomes: dict[str, Outcome] = {}
        self._moves: list[Move] = []
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._threads: list[threading.Thread] = []
        self.longest = 0.0
        for job in plan.jobs:
            outcome = self._outcomes.setdefault(job.task.name, Outcome(rules=job.task.rules))
            outcome.open += 1

    def start(self) -> None:
        """Begins."""
        count = min(self._adapter.parallel, len(self._jobs))
        self._threads = [
            threading.Thread(target=self._work, name=f"scenarios {index}", daemon=True)
            for index in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def outcome(self, task: str) -> Outcome | None:
        """What came of a task, once it is over; None where the plan has no job of it."""
        found = self._outcomes.get(task)
        while found is not None and found.open and not self._stop.is_set():
            with self._changed:
                self._changed.wait(timeout=POLL)
            self.tell()
        self.tell()
        return found

    def outcomes(self) -> list[tuple[str, Outcome]]:
        """What has come of every task so far, by name."""
        return [*self._outcomes.items()]

    def tell(self) -> None:
        """Passes on what has happened, in the thread of whoever calls."""
        with self._changed:
            moves, self._moves = self._moves, []
        for move in moves:
            self._told(move)

    def stop(self, patience: float = 15.0) -> None:
        """Ends it, once: nothing new begins, what sleeps wakes up."""
        if self._stop.is_set():
            return
        self._stop.set()
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(timeout=max(end - time.monotonic(), 0.0))

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    # -- in the threads -----------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stop.is_set():
            job = self._next()
            if job is None:
                return
            began = time.monotonic()
            try:
                self._run(job)
            except Stopped:
                return
            finally:
                with self._changed:
                    outcome = self._outcomes[job.task.name]
                    outcome.open -= 1
                    self._busy -= 1
                    outcome.seconds += time.monotonic() - began
                    self.longest = max(self.longest, time.monotonic() - began)
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        """The next job; what disturbs others comes when they are over, one after another."""
        with self._changed:
            while not self._stop.is_set():
                free = [job for job in self._jobs if not self._disturbs(job)]
                job = (
                    free[-1] if free else self._jobs[-1] if self._jobs and not self._busy else None
                )
                if job is not None:
                    self._jobs.remove(job)
                    self._busy += 1
                    return job
                if not self._busy:
                    return None
                self._changed.wait(timeout=POLL)
        return None

    def _disturbs(self, job: Job) -> bool:
        return bool(job.forecast.verbs & self._adapter.exclusive)

    def _run(self, job: Job) -> None:
        outcome = self._outcomes[job.task.name]
        left = self._adapter.time_limit - self.seconds
        if left < job.seconds:
            outcome.left_out = f"it takes {job.seconds:.0f} s, and the run's time limit is near"
            self._move(job, "left out")
            return
        self._move(job, "running")
        began = time.monotonic()
        session = self._session(job, outcome.examination.failures)
        if session is not None:
            found = Examination()
            found.collect(session)
            with self._changed:
                outcome.examination.collect(session)
            if found.violations:
                self._move(job, "confirming")
                outcome.confirmed += self._tried_again(job, found)
        self._try_another(job, outcome)
        self._move(job, "done", time.monotonic() - began)

    def _try_another(self, job: Job, outcome: Outcome) -> None:
        """One more example, where a rule that the simulator met was not met here, as chance will have it."""
        missed = job.forecast.exercised & set(outcome.rules) - outcome.examination.exercised.keys()
        with self._changed:
            left = self._spares.get(job.task.name, [])
            while left and outcome.more < MORE:
                spare = left.pop(0)
                if spare.exercised & missed:
                    outcome.more += 1
                    outcome.open += 1
                    self._jobs.append(Job(job.task, spare))
                    return

    def _tried_again(self, job: Job, found: Examination) -> Iterable[Confirmed]:
        """The violations, each with what more is known of it; as they are, if the run ends meanwhile."""
        try:
            return self._confirm(job, found)
        except Stopped:
            return [Confirmed(violation, again=None) for violation in found.violations.values()]

    def _confirm(self, job: Job, found: Examination) -> Iterable[Confirmed]:
        """Does the same once more, then looks for a shorter way."""
        second = self._session(job, [])
        shown = set() if second is None else {each.finding.rule for each in second.shown}
        end = time.monotonic() + SHORTENING
        return [
            confirm(
                self.target,
                violation,
                seen_again=violation.finding.rule in shown,
                replayed=partial(self._breaks, job, violation.finding.rule, end),
            )
            for violation in found.violations.values()
        ]

    def _breaks(self, job: Job, rule: str, end: float, steps: Sequence[Step]) -> bool:
        """Whether these steps alone break a rule on the engine; not, once the time for that is over."""
        if time.monotonic() > end:
            return False
        session = self._session(job, [], steps)
        return session is not None and any(each.finding.rule == rule for each in session.shown)

    def _session(
        self, job: Job, failures: list[AdapterError], steps: Sequence[Step] | None = None
    ) -> Session | None:
        """One run of the example, or of these steps instead; None where it could not even begin."""
        target, session = self.target, None
        adapter = self._adapter.another()
        try:
            session = Session(
                adapter,
                target.implementation,
                target.profile,
                lateness=lateness(self._adapter.lag),
                sleep=self._sleep,
            )
            self._drive(session, job, steps)
        except AdapterError as error:
            failures.append(error)
        except Stopped:
            raise
        except Exception as error:  # a scenario that met what it did not reckon with
            failures.append(AdapterError(f"{job.task.name}: {type(error).__name__}: {error}"))
        finally:
            self._close(adapter, failures)
        return None if session is None else judged_again(session, lateness(self._adapter.lag))

    def _drive(self, session: Session, job: Job, steps: Sequence[Step] | None) -> None:
        if steps is not None:
            replay(session, steps, self._whole)
            return
        again = drawing_again(job.forecast.choices, seed_of(self.target, job.task.name))
        with again as draw, suppress(NotClaimedError, AbsentError):  # as far as the engine does
            job.task.scenario(session, draw)
        session.settle(limit=self._whole)

    def _close(self, adapter: object, failures: list[AdapterError]) -> None:
        try:
            adapter.close()  # type: ignore[attr-defined]
        except AdapterError as error:
            failures.append(error)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped

    def _move(self, job: Job, state: str, seconds: float = 0.0) -> None:
        move = Move(job.task.name, state, job.seconds, seconds, self._adapter.lag)
        with self._changed:
            self._moves.append(move)
            self._changed.notify_all()
