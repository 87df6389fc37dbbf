"""What the judge knows: an immutable world, and what one event adds to it.

A world holds, for every object that exists, the view of its last observation, the notes that the
areas keep on it, and what is still owed by it. Deleted objects are dropped, so that memory is
bounded by what exists and not by how long the trace is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from attrs import field

from spec_model.events import Manifest
from spec_model.objects import Container, ContainerStatus
from spec_model.profiles import V1_36, Profile
from spec_model.values import frozen

Key: TypeAlias = tuple[str, str, str]
"""Kind, namespace and name of an object."""


@frozen
class Tolerance:
    """How far API times may be off on a correct engine, in seconds.

    Attributes:
        truncation: API times are cut to whole seconds, so a difference of two is off by less than this.
        lateness: what an idle engine takes to notice and act (watch, sync loops, start of a container).
    """

    truncation: float = 1.0
    lateness: float = 5.0


TOLERANCE: Final[Mapping[str, Tolerance]] = {
    "virtual": Tolerance(lateness=5.0),
    "real": Tolerance(lateness=30.0),
}


@frozen
class Setting:
    """Under which conditions a trace is judged; it does not change while the trace goes on."""

    profile: Profile = V1_36
    clock: Literal["virtual", "real"] = "virtual"
    epoch: float = 0.0  # seconds since 1970 at ``at = 0``
    lateness: float | None = None  # seconds, where a run has measured its own

    @property
    def tolerance(self) -> Tolerance:
        """How far times may be off: as the run has measured it, else as the clock lets expect."""
        if self.lateness is None:
            return TOLERANCE[self.clock]
        return Tolerance(lateness=self.lateness)


@frozen
class Held:
    """A rule's condition was met and what it demands was so."""

    rule: str | None = None  # None: the law's own


@frozen
class Breach:
    """A rule's condition was met and what it demands was not so."""

    expected: str
    seen: str
    because: str = ""
    rule: str | None = None


@frozen
class Void:
    """An obligation that something lawful has made pointless."""


HELD: Final = Held()
VOID: Final = Void()


def undecided(_: Any) -> None:
    """Nothing that is seen of the object decides; what is owed is looked at when its time is over."""


@frozen(eq=False)
class Obligation:
    """Something that must be observed of an object inside a time window.

    Attributes:
        what: what is owed, as ``container c restarts not before 10 s``; said when it never came.
        settled: looks at every later observation of the object and says ``Held``, ``Breach`` or
            ``VOID`` when it is decided, None while it is still open; left out where ``overdue`` decides.
        not_after: seconds on the trace's clock; open later than this, it is a breach.
        disturbed_by: verbs of stimuli after which nothing is owed any more.
        on: the object that owes it, where that is another than the one observed; nothing is owed
            where it does not exist.
        overdue: what to say when it never came, where that depends on what else was seen; None is
            the plain breach.
    """

    what: str
    settled: Callable[[Seen], Held | Breach | Void | None] = undecided
    not_after: float = math.inf
    disturbed_by: frozenset[str] = frozenset()
    because: str = ""
    rule: str | None = None
    on: Key | None = None
    overdue: Callable[[World], Held | Breach | Void | None] | None = None

    def never(self, world: World) -> Held | Breach | Void:
        """The verdict when its time is over."""
        said = None if self.overdue is None else self.overdue(world)
        return said or Breach(self.what, f"not seen by {self.not_after:g} s", self.because)


Outcome: TypeAlias = Held | Breach | Obligation


@frozen(eq=False)
class Known:
    """What is known of one existing object."""

    view: Any  # objects.Pod for Pods, the manifest for every other kind
    manifest: Manifest
    uid: str
    since: float  # when it was first seen
    notes: Mapping[str, Any]
    obligations: tuple[tuple[str, Obligation], ...] = ()  # with the rule that each belongs to


@frozen
class Finding:
    """A rule was broken, and what shows it."""

    rule: str
    subject: str
    expected: str
    seen: str
    because: str
    at: float


@frozen(eq=False)
class World:
    """The judge's memory after an event; ``findings``, ``exercised`` and ``edges`` are that event's."""

    setting: Setting = Setting()
    at: float = 0.0
    objects: Mapping[Key, Known] = field(factory=dict)
    notes: Mapping[str, Any] = field(factory=dict)  # what is not about one object, by name
    next_deadline: float = math.inf
    findings: tuple[Finding, ...] = ()
    exercised: tuple[str, ...] = ()
    edges: tuple[tuple[str, str, str], ...] = ()

    @property
    def profile(self) -> Profile:
        """The constants and switches that hold."""
        return self.setting.profile

    def view(self, kind: str, namespace: str, name: str) -> Any:
        """The last view of an object, or None where there is none."""
        known = self.objects.get((kind, namespace, name))
        return None if known is None else known.view

    def of_kind(self, kind: str) -> list[Known]:
        """All existing objects of a kind, in the order in which they were first seen."""
        return [known for key, known in self.objects.items() if key[0] == kind]

    def uids_of(self, kind: str) -> frozenset[str]:
        """The UIDs of all existing objects of a kind."""
        return frozenset(known.uid for known in self.of_kind(kind))


@frozen(eq=False)
class Seen:
    """One observation as a law looks at it.

    Attributes:
        world: the world before this observation.
        type: ``ADDED``, ``MODIFIED`` or ``DELETED``, as this object's history makes it.
        before: the view before, None where the object is new to the judge.
        now: the view that was observed.
        notes: what the areas know of the object, this observation included.
        fresh: the object came into being now, as opposed to a judge that came late.
    """

    world: World
    at: float
    type: str
    before: Any
    now: Any
    manifest: Manifest
    notes: Mapping[str, Any]
    fresh: bool

    @property
    def profile(self) -> Profile:
        """The constants and switches that hold."""
        return self.world.setting.profile

    @property
    def tolerance(self) -> Tolerance:
        """How far times may be off."""
        return self.world.setting.tolerance

    @property
    def wall(self) -> float:
        """Seconds since 1970 at which it was observed."""
        return self.world.setting.epoch + self.at


@frozen(eq=False)
class Stale:
    """One observation that is no newer than what was seen of its object before."""

    known: Known
    type: str
    manifest: Manifest


@frozen(eq=False)
class SeenContainer:
    """One container's status inside an observation of its Pod."""

    pod: Seen
    spec: Container
    before: ContainerStatus | None
    now: ContainerStatus


@frozen(eq=False)
class Done:
    """One stimulus with its response as a law looks at it; ``world`` is the world before it.

    ``answers`` are those of functions that several laws ask of it (``law.once``).
    """

    world: World
    at: float
    verb: str
    arguments: Mapping[str, Any]
    response: Any  # Accepted | Rejected
    answers: dict[Callable[..., Any], Any] = field(factory=dict, repr=False)

    @property
    def profile(self) -> Profile:
        """The constants and switches that hold."""
        return self.world.setting.profile
