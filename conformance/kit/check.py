"""``kubelaws adapter check``: step by step, what of an engine works, what is missing, what to do next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from conformance.adapter import Adapter, AdapterError, FunctionNotServedError, Implementation
from conformance.describe import compact
from conformance.focus import built_rules
from conformance.functions import is_functions_only
from conformance.kit.looking import MissingError, served
from conformance.kit.probes import PROBES
from conformance.kit.questions import questions
from conformance.kit.validated import Validated
from conformance.session import AbsentError, Session
from spec_model.events import CAPABILITIES, Rejected
from spec_model.rules import Rule, did_you_mean, registry
from spec_model.schemas import descriptions, misfits
from strategies.manifests import pod

Outcome: TypeAlias = Literal["ok", "failed", "untried"]


@frozen
class Step:
    """One thing that was tried: what, what came of it, and what to do about it."""

    name: str
    outcome: Outcome
    seen: str
    advice: str = ""


@frozen
class Checked:
    """An engine that is being checked."""

    adapter: Adapter
    implementation: Implementation
    profile: str

    def session(self) -> Session:
        """A fresh cluster."""
        return Session(self.adapter, self.implementation, self.profile)


def steps(adapter: Adapter, implementation: Implementation, profile: str) -> Iterator[Step]:
    """Every step, as it is taken; the handshake is behind us.

    Where not even a reset succeeds, the others would say the same again and are left out. Of a library
    that serves functions alone nothing else is tried.
    """
    validated = Validated(adapter)
    checked = Checked(validated, implementation, profile)
    yield Step("handshake", "ok", _introduced(implementation))
    if is_functions_only(implementation):
        yield from _functions(checked)
        return
    for name, (attempt, advice) in BASICS.items():
        step = _tried(name, partial(attempt, checked), advice)
        yield step
        if name == "reset" and step.seen.startswith(FAILED):
            return
    for capability in sorted(implementation.capabilities - {"api"}):
        yield _capability(checked, capability)
    yield from _functions(checked)
    if not validated.misfits:
        yield Step("schemas", "ok", f"{validated.messages} messages fit the protocol's schema")


def _introduced(implementation: Implementation) -> str:
    claims = ", ".join(sorted(implementation.capabilities))
    who = f"{implementation.name} {implementation.version}, {implementation.language}"
    return f"{who}, {implementation.clock} clock, claims {claims}"


FAILED: Final = "the engine failed: "


def _tried(name: str, attempt: Callable[[], str], advice: str) -> Step:
    try:
        return Step(name, "ok", attempt())
    except (MissingError, AbsentError) as missing:
        return Step(name, "failed", str(missing), advice)
    except AdapterError as error:
        return Step(name, "failed", f"{FAILED}{error}", f"mend that first; then {advice}")


# -- what every engine has to do -------------------------------------------------------------------


def _empty(checked: Checked) -> str:
    run = checked.session()
    kinds = Counter(known.manifest["kind"] for known in run.world.objects.values())
    if strange := sorted(set(kinds) - {"Namespace", "Node", "StorageClass"}):
        raise MissingError(f"after reset there is a {', '.join(strange)}")
    return f"a fresh cluster has {kinds['Node']} Node(s) and nothing else"


def _isolated(checked: Checked) -> str:
    run = checked.session()
    served(run, "create", object=pod(policy="Never"))
    run.advance(7)
    first = _uid(run)
    run = checked.session()
    if run.view("Pod", "a") is not None:
        raise MissingError("Pod a of the session before is still there after reset")
    served(run, "create", object=pod(policy="Never"))
    late = [event.at for event in run.events if event.at > 5]
    if checked.implementation.clock == "virtual" and late:
        raise MissingError(f"after reset the time is {late[0]:g}, not 0")
    return f"nothing of Pod a ({first}) is left after reset, and time begins at 0"


def _uid(run: Session) -> str:
    view = run.view("Pod", "a")
    if view is None or not view.uid:
        raise MissingError("Pod a was accepted, and not shown with a metadata.uid")
    uid: str = view.uid
    return uid


def _api(checked: Checked) -> str:
    run = checked.session()
    stored = served(run, "create", object=pod(policy="Never"))
    if not isinstance(stored, dict) or not (stored.get("metadata") or {}).get("uid"):
        raise MissingError(f"create was answered with {stored!r}, not with the stored object")
    _uid(run)
    _refused(run, "a second Pod of the same name", 409, "create", object=pod(policy="Never"))
    where = {"kind": "Pod", "namespace": "default"}
    _refused(run, "the deletion of a Pod that is not there", 404, "delete", **where, name="nobody")
    run.do("create", object={"kind": "Nonsense", "metadata": {"name": "a"}})
    served(run, "delete", **where, name="a", gracePeriodSeconds=0)
    run.advance(1)
    if run.view("Pod", "a") is not None:
        raise MissingError("Pod a was deleted without grace, and no DELETED was shown")
    return "a Pod was created, shown, and deleted; what cannot be done was refused"


def _refused(run: Session, what: str, code: int, verb: str, **arguments: Any) -> None:
    response = run.do(verb, **arguments)
    if not isinstance(response, Rejected):
        raise MissingError(f"{what} was accepted, not refused with {code}")
    if response.code not in (code, 501):
        raise MissingError(f"{what} was refused with {response.code}, not with {code}")


def _clock(checked: Checked) -> str:
    run = checked.session()
    pause = 90 if checked.implementation.clock == "virtual" else 5
    run.advance(pause)
    served(run, "create", object=pod(policy="Never"))
    run.advance(1)
    times = [event.at for event in run.events]
    if times != sorted(times):
        raise MissingError("what is shown does not come in the order of its times")
    if checked.implementation.clock == "virtual" and max(times) > run.now:
        raise MissingError(f"something is shown at {max(times):g} s, when it is {run.now:g} s")
    stamp = run.need("Pod", "a").manifest["metadata"].get("creationTimestamp")
    wanted = checked.implementation.epoch + run.now - 1
    if abs(_seconds(stamp) - wanted) > 5:
        raise MissingError(
            f"a Pod created at second {pause} says creationTimestamp {stamp!r}, "
            f"which is not that of the epoch and {pause} s"
        )
    return f"{pause} s passed, and times are those of the epoch and what has passed"


def _seconds(stamp: Any) -> float:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except (TypeError, ValueError):
        return -math.inf


BASICS: Final[dict[str, tuple[Callable[[Checked], str], str]]] = {
    "reset": (_empty, "make reset drop every object but the Nodes"),
    "api": (
        _api,
        "answer create with the stored object, show it as ADDED, and refuse what cannot be done",
    ),
    "isolation": (_isolated, "make reset forget objects and timers, and set the time back to 0"),
    "clock": (
        _clock,
        "fire timers in order at their own seconds, and write times as epoch + seconds",
    ),
}
"""By name: what is tried, and what to do where it fails."""


# -- what it claims --------------------------------------------------------------------------------


def _capability(checked: Checked, capability: str) -> Step:
    probe = PROBES.get(capability)
    if probe is None:
        return Step(capability, "untried", f"{CAPABILITIES[capability]}: kubelaws run looks at it")
    advice = f"serve {capability} ({CAPABILITIES[capability]}), or do not claim it"
    return _tried(capability, lambda: probe(checked.session()), advice)


def _functions(checked: Checked) -> Iterator[Step]:
    claimed = sorted(checked.implementation.functions)
    if known := [function for function in claimed if function in descriptions()]:
        advice = "serve the function through evaluate, or do not claim it"
        yield _tried("functions", partial(_served_all, checked, known), advice)
    if others := [function for function in claimed if function not in descriptions()]:
        hint = did_you_mean(others[0], descriptions()) if len(others) == 1 else ""
        yield Step("other functions", "untried", f"no rule speaks of {', '.join(others)}{hint}")


def _served_all(checked: Checked, functions: list[str]) -> str:
    """Asks each a question or two that have an answer; whether it is right is for the suite to say."""
    asked = 0
    for function in functions:
        for arguments in questions(function, checked.profile):
            _answered(checked.adapter, function, arguments)
            asked += 1
    return f"{len(functions)} functions are served; asked {asked} questions"


def _answered(adapter: Adapter, function: str, arguments: Mapping[str, Any]) -> None:
    about = f"{function} of {compact(arguments, 150)}"
    try:
        result = adapter.evaluate(function, arguments)
    except FunctionNotServedError as error:
        raise MissingError(f"{function} is claimed and not served") from error
    except AdapterError:
        raise
    except ValueError as refusal:
        raise MissingError(f"{about} was refused: {refusal}") from refusal
    except Exception as error:  # an adapter of this interpreter may break down in its own way
        raise MissingError(f"{about} failed with {type(error).__name__}: {error}") from error
    if wrong := next(misfits(function, "result", result), None):
        raise MissingError(f"{about} was answered with {compact(result, 150)}: {wrong}")


# -- what comes next -------------------------------------------------------------------------------


def areas(implementation: Implementation, profile: str) -> Counter[str]:
    """How many built rules of each area can be seen with what an engine claims."""
    return Counter(rule.area for rule in _built(profile) if not _lacking(rule, implementation))


def worth_serving(implementation: Implementation, profile: str) -> tuple[str, int] | None:
    """The capability that would by itself let most rules be seen that cannot be yet, and how many."""
    alone = Counter(
        next(iter(lacking))
        for rule in _built(profile)
        if len(lacking := _lacking(rule, implementation)) == 1
    )
    return max(alone.items(), key=lambda found: found[1]) if alone else None


def _built(profile: str) -> list[Rule]:
    built = built_rules()
    return [r for r in registry().values() if r.id in built and profile in r.profiles]


def _lacking(rule: Rule, implementation: Implementation) -> set[str]:
    return set(rule.capabilities) - implementation.capabilities
