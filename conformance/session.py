"""One sequence of operations, driven against an adapter and judged as it goes.

The way of a stimulus: ``apply`` hands it to the adapter, what the engine's watch shows then goes
through ``judge.step``, and what the judge says is kept with the trace that led to it.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

from conformance import recorded
from conformance.adapter import (
    Adapter,
    AdapterError,
    FunctionNotServedError,
    Implementation,
    NotClaimedError,
)
from conformance.describe import compact
from conformance.observed import well_formed
from conformance.precedents import Precedents
from spec_model import judge
from spec_model.bench import subject_of
from spec_model.events import (
    Accepted,
    Act,
    Evaluated,
    Event,
    Manifest,
    Observation,
    Rejected,
    Response,
    Stimulus,
    key_of,
    stimulus,
)
from spec_model.profiles import profile
from spec_model.rules import registry
from spec_model.schemas import descriptions
from spec_model.world import Finding, Key, Setting, World

REST: Final = 0.001
"""Seconds by which the clock goes past a deadline, so that what is due then is overdue."""

LOOK: Final = 1.0
"""Seconds of a real clock between two looks at what has come."""

OFTEN: Final = 3
"""So often what is owed again each time it has come is waited for at the end of a session."""

Debts: TypeAlias = defaultdict[tuple[Key, str], set[float]]
"""Of which object, for which rule; and every time that was set for it, in seconds."""


@frozen
class Shown:
    """A finding and the index, in the trace, of the event that showed it."""

    finding: Finding
    step: int


class JudgeError(AdapterError):
    """What an engine showed makes no sense to the judge: it is malformed, or the judge has a bug."""


class AbsentError(Exception):
    """A scenario has come to an object that is not there, and ends: what led there was judged."""


class Session:
    """A fresh cluster, what is done to it, and what the judge says. Not used again after ``settle``."""

    def __init__(
        self,
        adapter: Adapter,
        implementation: Implementation,
        profile_name: str,
        *,
        lateness: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        precedents: Precedents | None = None,
    ) -> None:
        self.adapter = adapter
        self.implementation = implementation
        self.events: list[Event] = []
        self.shown: list[Shown] = []
        self._exercised: list[str] = []  # to count event by event costs more
        self.edges: Counter[tuple[str, str, str]] = Counter()
        self._unsupported = unsupported(implementation.capabilities)
        self._virtual = implementation.clock == "virtual"
        self._sleep = sleep
        self._now = 0.0
        epoch = implementation.epoch
        if self.can("api"):
            try:
                adapter.reset()
                if not self._virtual:
                    epoch = adapter.describe().epoch  # the moment of this reset
            except Exception as error:
                raise blamed("reset", error) from error
        self._started = time.monotonic()
        self.world = World(Setting(profile(profile_name), implementation.clock, epoch, lateness))
        self._precedents = Precedents() if precedents is None else precedents
        self._precedent = self._precedents.begin(self.world)
        if self.can("api"):
            self._watch()

    # -- what a scenario says -------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the session began, on the adapter's clock."""
        return self._now if self._virtual else time.monotonic() - self._started

    @property
    def exercised(self) -> Counter[str]:
        """How often each rule was judged."""
        return Counter(self._exercised)

    @property
    def profile(self) -> str:
        """The name of the profile it is judged under."""
        return self.world.setting.profile.name

    def can(self, *capabilities: str) -> bool:
        """Whether the adapter claims all of these."""
        return self.implementation.capabilities.issuperset(capabilities)

    def apply(self, action: Stimulus) -> Response:
        """Does one thing, watches what comes of it, and judges that.

        Raises:
            NotClaimedError: the engine does not claim to serve this.
            AdapterError: the engine broke down, or answered what is no answer.
        """
        if action.capability not in self.implementation.capabilities:
            raise NotClaimedError(f"{action.verb} needs the capability {action.capability!r}")
        if not self._virtual:
            self._watch()  # what was seen before this was not brought about by it
        begun = self.now
        try:
            response = self.adapter.apply(action)
            if not isinstance(response, (Accepted, Rejected)):
                raise AdapterError(f"answered {response!r}, not Accepted or Rejected")
        except Exception as error:
            raise blamed(action.verb, error) from error
        if action.verb == "advance":
            self._pass(action.arguments["seconds"])
        self._judge(Act(begun, action, response))
        self._watch()
        return response

    def do(self, verb: str, /, **arguments: Any) -> Response:
        """``apply`` of a stimulus made from a verb and its arguments."""
        return self.apply(stimulus(verb, **arguments))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Response:
        """Creates an object."""
        return self.do("create", object=manifest, **({"dryRun": True} if dry_run else {}))

    def delete(self, kind: str, name: str, grace: float | None = None) -> Response:
        """Deletes an object of the namespace ``default``, or a cluster-scoped one."""
        namespace = "" if kind in CLUSTER_SCOPED else "default"
        options = {} if grace is None else {"gracePeriodSeconds": grace}
        return self.do("delete", kind=kind, namespace=namespace, name=name, **options)

    def patch(self, kind: str, name: str, patch: Mapping[str, Any]) -> Response:
        """A JSON merge patch of an object of the namespace ``default``, or a cluster-scoped one."""
        namespace = "" if kind in CLUSTER_SCOPED else "default"
        return self.do("patch", kind=kind, namespace=namespace, name=name, patch=patch)

    def exit(self, pod: str, container: str, code: int) -> Response:
        """Lets a container exit."""
        return self.do("exit", namespace="default", pod=pod, container=container, exitCode=code)

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.do("advance", seconds=seconds)

    def wait_until(self, holds: Callable[[], bool], pieces: Sequence[float]) -> bool:
        """Lets time pass, piece by piece, until something holds; whether it does in the end.

        A real clock is not let run to the end of a piece in which it came to hold.
        """
        for seconds in pieces:
            if self._virtual and not holds():
                self.advance(seconds)
            elif not self._virtual:
                end = self.now + seconds
                while not holds() and self.now < end:
                    self.advance(LOOK)
        return holds()

    def view(self, kind: str, name: str) -> Any:
        """The last view of an object: ``objects.Pod`` for a Pod, else its manifest; None if absent."""
        return self.world.view(kind, "" if kind in CLUSTER_SCOPED else "default", name)

    def need(self, kind: str, name: str) -> Any:
        """The last view of an object without which the scenario cannot go on.

        Raises:
            AbsentError: the engine has refused it, or lost it.
        """
        if not self._virtual:  # what was just created may not have been seen yet
            self.wait_until(lambda: self.view(kind, name) is not None, [10 * LOOK])
        found = self.view(kind, name)
        if found is None:
            raise AbsentError(f"there is no {kind} {name}")
        return found

    def evaluate(self, function: str, arguments: Mapping[str, Any]) -> None:
        """Asks the engine for one of its pure functions and judges the answer, where it serves it.

        Raises:
            AdapterError: the engine claims the function and does not serve it, or broke down.
        """
        if function not in self.implementation.functions:
            return
        result, error = None, None
        try:
            result = self.adapter.evaluate(function, arguments)
        except FunctionNotServedError as refusal:
            why = AdapterError(f"claims {function} and does not serve it")
            raise blamed(f"evaluate {function}", why) from refusal
        except ValueError as refusal:
            error = str(refusal)
        except Exception as failure:
            raise blamed(f"evaluate {function}", failure, arguments) from failure
        event = Evaluated(self.now, function, arguments, result, error)
        self._judge(event, judged_by_function(function))
        self._compare(event)

    def settle(self, limit: float = 3600.0) -> None:
        """Waits until everything owed is decided, at the most ``limit`` seconds, and closes the books.

        What is owed again each time it has come is not waited for until then: an image that is not
        there would be pulled for ever.
        """
        end = self.now + limit
        if self._virtual:
            waited: Counter[tuple[Key, str]] = Counter()
            while owed := [
                each
                for each in judge.debts(self.world)
                if each[0] < end and waited[each[1]] < OFTEN
            ]:
                due = min(at for at, _ in owed)
                waited.update(debt for at, debt in owed if at == due)
                self.advance(max(due - self.now, 0.0) + REST)
        else:
            told = Debts(set)
            while self._owes(end, told):
                self._pass(LOOK)
                self._watch()
        self._note(judge.settle(self.world, self.now))

    # -- how it is done -------------------------------------------------------------------------

    def _owes(self, end: float, told: Debts) -> bool:
        """Whether it is worth to look again soon; ``told`` keeps when each debt was to be paid."""
        debts = judge.debts(self.world)
        for due, debt in debts:
            told[debt].add(due)
        return any(self.now <= due < end and len(told[debt]) <= OFTEN for due, debt in debts)

    def _pass(self, seconds: float) -> None:
        if self._virtual:
            self._now += seconds
        else:
            self._sleep(seconds)

    def _watch(self) -> None:
        try:
            observations = list(map(well_formed, self.adapter.observe()))
        except Exception as error:
            raise blamed("observe", error) from error
        for observation in observations:
            self._judge(observation)

    def _judge(self, event: Event, seen_all_the_same: frozenset[str] = frozenset()) -> None:
        self.events.append(event)
        if self._virtual:
            self._precedent = self._precedents.after(self._precedent, event, judged)
            self._note(self._precedent.world, seen_all_the_same)
        else:  # nothing comes at the same time twice
            self._note(judged(self.world, event), seen_all_the_same)

    def _note(self, world: World, seen_all_the_same: frozenset[str] = frozenset()) -> None:
        self.world = world
        unseen = self._unsupported - seen_all_the_same if seen_all_the_same else self._unsupported
        if seen := world.exercised:
            self._exercised += [rule for rule in seen if rule not in unseen] if unseen else seen
        if world.edges:
            self.edges.update(world.edges)
        for finding in world.findings:
            if finding.rule not in unseen:
                self.shown.append(Shown(finding, len(self.events) - 1))

    def _compare(self, event: Evaluated) -> None:
        """What the model does not decide is compared with what was recorded, where that is known."""
        rules, finding = recorded.compared(event, self.profile)
        self._exercised += rules
        if finding is not None:
            self.shown.append(Shown(finding, len(self.events) - 1))


@cache
def unsupported(capabilities: frozenset[str]) -> frozenset[str]:
    """The rules that an engine with these capabilities cannot be held to."""
    return frozenset(
        rule.id for rule in registry().values() if not capabilities.issuperset(rule.capabilities)
    )


@cache
def judged_by_function(function: str) -> frozenset[str]:
    """The rules that an answer of a function shows, whatever else the engine lacks to show them."""
    known = descriptions().get(function)
    return frozenset() if known is None else frozenset(known.all_rules)


def blamed(call: str, error: Exception, asked: Mapping[str, Any] | None = None) -> AdapterError:
    """What an engine threw in a call is its failure to serve, said in one line, and no bug of the suite."""
    if isinstance(error, AdapterError):  # with the engine's last words
        return AdapterError(_line(f"{call}: {error}", 1200))
    of = "" if asked is None else f" of {compact(asked, 150)}"
    return AdapterError(_line(f"{call}{of}: {type(error).__name__}: {error}"))


def _line(text: str, width: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def judged(world: World, event: Event) -> World:
    """``judge.step``.

    Raises:
        JudgeError: the judge cannot make sense of the event; the line says of which and where.
    """
    try:
        return judge.step(world, event)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        raise JudgeError(_line(f"{_named(event)} cannot be judged: {what}")) from error


def _named(event: Event) -> str:
    if isinstance(event, Observation):
        return subject_of(key_of(event.object))
    return event.stimulus.verb if isinstance(event, Act) else f"evaluate {event.function}"


CLUSTER_SCOPED: Final = frozenset({"Node", "PersistentVolume", "StorageClass", "Namespace"})


def steps_of(events: Iterable[Event]) -> list[Stimulus | Evaluated]:
    """What a tester did in a trace, without what was seen: enough to do it again."""
    return [
        event.stimulus if isinstance(event, Act) else event
        for event in events
        if isinstance(event, (Act, Evaluated))
    ]


def replay(
    session: Session, steps: Iterable[Stimulus | Evaluated], limit: float = 3600.0
) -> Session:
    """Does the same again in a fresh session, and settles it, which may take ``limit`` seconds."""
    for action in steps:
        if isinstance(action, Evaluated):
            session.evaluate(action.function, action.arguments)
        else:
            session.apply(action)
    session.settle(limit)
    return session


def accepted(response: Response) -> bool:
    """Whether the engine did what was asked."""
    return isinstance(response, Accepted)
