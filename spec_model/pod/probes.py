"""Probes: what an answer comes to, what results in a row come to, and when they must have come.

Source: section 8 of the document; ``pkg/probe/*``, ``pkg/kubelet/prober``. Seconds where it is time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import evolve, frozen

from spec_model.objects import EMPTY, Container, Probe
from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

SUCCESS: Final = "success"
FAILURE: Final = "failure"
UNKNOWN: Final = "unknown"
TIMEOUT: Final = "timeout"

INITIAL: Final[Mapping[str, str]] = {"liveness": SUCCESS, "readiness": FAILURE, "startup": UNKNOWN}
"""PROBE-001: what holds before the first result."""

MOST_REDIRECTS: Final = 9
"""Measured; the client stops after ten requests, of which the first is none."""

BY_HANDLER: Final[Mapping[str, str]] = {
    "exec": "PROBE-007",
    "httpGet": "PROBE-008",
    "tcpSocket": "PROBE-009",
    "grpc": "PROBE-009",
}
"""The rule that says what an answer to this handler means."""

USUAL: Final[Mapping[str, int | str]] = {
    "exec": 0,
    "httpGet": 200,
    "tcpSocket": "open",
    "grpc": "SERVING",
}
"""What a target answers while the tester has said nothing (the capability ``probes``)."""

PASSES: Final[Mapping[str, Callable[[int | str], bool]]] = {
    "exec": lambda answer: answer == 0,
    "httpGet": lambda answer: (
        answer == "elsewhere" if isinstance(answer, str) else 200 <= answer < 400
    ),
    "tcpSocket": lambda answer: answer == "open",
    "grpc": lambda answer: answer == "SERVING",
}


def result(probe: Probe, answer: int | str, redirects: int = 0) -> Decision[str]:
    """Success, failure, timeout (a failure, too) or unknown: what this answer comes to.

    ``answer`` is an exit code, an HTTP status, or a word; ``redirects`` to its own host came before.
    """
    if answer in (TIMEOUT, "error"):
        return Decision(TIMEOUT if answer == TIMEOUT else UNKNOWN, "PROBE-010")
    rule = BY_HANDLER[probe.handler]
    good = PASSES[probe.handler](answer) and redirects <= MOST_REDIRECTS
    return Decision(SUCCESS if good else FAILURE, rule)


def usual_result(probe: Probe, container: Container) -> Decision[str]:
    """What the answer that nobody has chosen comes to.

    The command ``false`` fails, and a port by a name that the container does not have is no port.
    """
    handler = probe.manifest.get(probe.handler) or EMPTY
    if probe.handler == "exec":
        return result(probe, 1 if handler.get("command") == ["false"] else USUAL["exec"])
    names = {port.get("name") for port in container.manifest.get("ports") or ()}
    if isinstance(handler.get("port"), str) and handler["port"] not in names:
        return result(probe, "error")
    return result(probe, USUAL[probe.handler])


# -- results in a row ------------------------------------------------------------------------------


@frozen
class Counting:
    """By what results are counted; all but the first two are the rules themselves, to be turned off."""

    failures: int
    successes: int
    counts_survive: bool = True  # PROBE-016
    discards_unknown: bool = True  # PROBE-010
    holds: bool = True  # PROBE-011, PROBE-014


@frozen
class Tally:
    """What is published of a probe, and the last results in a row."""

    published: str
    last: str = ""
    run: int = 0
    on_hold: bool = False


def counted(tally: Tally, kind: str, outcome: str, counting: Counting) -> Tally:
    """The tally after one more result (PROBE-003)."""
    if (tally.on_hold and counting.holds) or (outcome == UNKNOWN and counting.discards_unknown):
        return tally
    outcome = SUCCESS if outcome == SUCCESS else FAILURE
    run = tally.run + 1 if outcome == tally.last else 1
    if run < (counting.failures if outcome == FAILURE else counting.successes):
        return Tally(tally.published, outcome, run, tally.on_hold)
    final = kind == "startup" or (kind == "liveness" and outcome == FAILURE)
    return Tally(outcome, outcome, 0 if final else run, final)


def renewed(tally: Tally, kind: str, counting: Counting) -> Tally:
    """The tally in a new container (PROBE-016)."""
    fresh = Tally(INITIAL[kind])
    return evolve(fresh, last=tally.last, run=tally.run) if counting.counts_survive else fresh


STEPS: Final[Mapping[str, str]] = {"success": SUCCESS, "warning": SUCCESS, "error": UNKNOWN}
"""What a handler says; that it does not know, without an error, is a failure."""


RESULTS: Final = frozenset({"success", "failure", "warning", "unknown"})
"""What counts as a result; an error does not, and neither does a new container."""


def tallies(kind: str, steps: Iterable[str], counting: Counting) -> list[Tally]:
    """The tally after each step; ``new_container`` is one, every other an answer of the handler."""
    tally, found = Tally(INITIAL[kind]), []
    for step in steps:
        if step == "new_container":
            tally = renewed(tally, kind, counting)
        else:
            tally = counted(tally, kind, STEPS.get(step, FAILURE), counting)
        found.append(tally)
    return found


def worker(
    kind: str, failures: int, successes: int, steps: Iterable[str], profile: Profile = V1_36
) -> Decision[list[Tally]]:
    """What a probe worker publishes after each step, by the rule without which it would be another.

    Source: ``pkg/kubelet/prober.(*worker).doProbe``.
    """
    steps = list(steps)
    counting = Counting(failures, successes, profile.probe_counts_survive)
    found = tallies(kind, steps, counting)
    if not any(step in RESULTS for step in steps):
        return Decision(found, "PROBE-001")
    for without, rule in (
        ({"counts_survive": not counting.counts_survive}, "PROBE-016"),
        ({"discards_unknown": False}, "PROBE-010"),
        ({"holds": False}, "PROBE-014" if kind == "startup" else "PROBE-011"),
    ):
        if rule in RULES_OF[profile.name] and found != tallies(
            kind, steps, evolve(counting, **without)
        ):
            return Decision(found, rule)
    return Decision(found, "PROBE-003")


RULES_OF: Final[Mapping[str, frozenset[str]]] = {
    "v1.36": frozenset({"PROBE-010", "PROBE-011", "PROBE-014", "PROBE-016"}),
    "documented": frozenset({"PROBE-010", "PROBE-011"}),
}
"""By profile, the rules of counting that it has beside PROBE-001 and PROBE-003."""


def fold(arguments: Mapping[str, Any], profile: Profile) -> Decision[list[str]]:
    """``probe.fold``: the published value after each answer of the handler."""
    decision = _asked(arguments, arguments["results"], profile)
    return Decision([tally.published for tally in decision.value], decision.because)


def work(arguments: Mapping[str, Any], profile: Profile) -> Decision[list[dict[str, Any]]]:
    """``probe.worker``: the published value after each step, and whether the worker is on hold."""
    decision = _asked(arguments, arguments["steps"], profile)
    shown = [{"published": each.published, "on_hold": each.on_hold} for each in decision.value]
    return Decision(shown, decision.because)


def _asked(
    arguments: Mapping[str, Any], steps: Iterable[str], profile: Profile
) -> Decision[list[Tally]]:
    thresholds = arguments["failureThreshold"], arguments["successThreshold"]
    return worker(arguments["probe_type"], *thresholds, steps, profile)


FUNCTIONS: Final = {"probe.fold": fold, "probe.worker": work}


# -- when ------------------------------------------------------------------------------------------


def threshold(probe: Probe, outcome: str, profile: Profile = V1_36) -> int:
    """How many results like this one in a row it takes; documented, one liveness timeout is enough."""
    if outcome == SUCCESS:
        return probe.successes
    if outcome == TIMEOUT and probe.kind == "liveness" and profile.probe_timeout_is_fatal:
        return 1
    return probe.failures


def earliest(probe: Probe, since: float, outcome: str, profile: Profile = V1_36) -> float:
    """The first moment at which a target that answers so since then can have it published."""
    return since + (threshold(probe, outcome, profile) - 1) * probe.period


def latest(probe: Probe, since: float, outcome: str, profile: Profile = V1_36) -> float:
    """The last moment at which it must have been published; 2 s are the kubelet's own."""
    return since + threshold(probe, outcome, profile) * probe.period + probe.timeout + 2.0
