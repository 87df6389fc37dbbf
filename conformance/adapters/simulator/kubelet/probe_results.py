"""What probes come to: an answer to a result, results in a row to a published value.

Decides PROBE-001, 003, 007 to 010 and 016 (upstream pkg/probe/*, prober.go, worker.go).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, frozen

from conformance.adapters.simulator.settings import Settings

SUCCESS: Final = "success"
FAILURE: Final = "failure"
UNKNOWN: Final = "unknown"
TIMEOUT: Final = "timeout"
ERROR: Final = "error"
ELSEWHERE: Final = "elsewhere"
"""An HTTP server answers with a redirect to another host."""

KINDS: Final[Mapping[str, str]] = {
    "liveness": "livenessProbe",
    "readiness": "readinessProbe",
    "startup": "startupProbe",
}
HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")
INITIAL: Final = {"liveness": SUCCESS, "readiness": FAILURE, "startup": UNKNOWN}  # PROBE-001
MOST_REDIRECTS: Final = 9  # PROBE-008

Probe = Mapping[str, Any]


@frozen
class Answer:
    """What the target of a probe does when it is asked: an exit code, an HTTP status, or a word."""

    value: int | str
    redirects: int = 0  # to the same host, before the answer comes


GOOD: Final[Mapping[str, Answer]] = {
    "exec": Answer(0),
    "httpGet": Answer(200),
    "tcpSocket": Answer("open"),
    "grpc": Answer("SERVING"),
}
"""What containers answer until the tester says otherwise."""

WORDS: Final[Mapping[str, frozenset[str]]] = {
    "exec": frozenset({TIMEOUT, ERROR}),
    "httpGet": frozenset({TIMEOUT, ERROR, ELSEWHERE, "refused"}),
    "tcpSocket": frozenset({TIMEOUT, ERROR, "open", "refused"}),
    "grpc": frozenset({TIMEOUT, ERROR, "SERVING", "NOT_SERVING", "refused"}),
}


def handler_of(probe: Probe) -> str:
    """The one way in which a probe asks."""
    return next(handler for handler in HANDLERS if probe.get(handler) is not None)


def is_answer(probe: Probe, answer: Answer) -> bool:
    """Can the target of this probe answer so?"""
    handler = handler_of(probe)
    if isinstance(answer.value, str):
        return answer.value in WORDS[handler]
    return (handler == "exec" and 0 <= answer.value <= 255) or (
        handler == "httpGet" and 100 <= answer.value <= 599
    )


def usual_answer(container: Mapping[str, Any], probe: Probe) -> Answer:
    """The answer nobody has chosen: the command ``false`` fails, a port that has no name is none."""
    handler = handler_of(probe)
    if handler == "exec":
        return Answer(1) if probe["exec"]["command"] == ["false"] else GOOD["exec"]
    port = probe[handler].get("port")
    if isinstance(port, str) and port not in names_of_ports(container):
        return Answer(ERROR)
    return GOOD[handler]


def names_of_ports(container: Mapping[str, Any]) -> set[str]:
    """A port is looked up by name among those of its own container (PROBE-015)."""
    return {port.get("name", "") for port in container.get("ports") or ()}


def result_of(probe: Probe, answer: Answer) -> str:
    """Success, failure, timeout (which is a failure), or unknown."""
    if answer.value == TIMEOUT:
        return TIMEOUT
    if answer.value == ERROR:
        return UNKNOWN
    passes = {
        "exec": exec_passes,
        "httpGet": http_passes,
        "tcpSocket": tcp_passes,
        "grpc": grpc_passes,
    }
    return SUCCESS if passes[handler_of(probe)](answer) else FAILURE


def exec_passes(answer: Answer) -> bool:
    """Exit code 0 and no other (PROBE-007)."""
    return answer.value == 0


def http_passes(answer: Answer) -> bool:
    """200 to 399, at most nine redirects; one to another host is not followed, and good (PROBE-008)."""
    if answer.redirects > MOST_REDIRECTS:
        return False
    if isinstance(answer.value, str):
        return answer.value == ELSEWHERE
    return 200 <= answer.value < 400


def tcp_passes(answer: Answer) -> bool:
    """The connection opens (PROBE-009)."""
    return answer.value == "open"


def grpc_passes(answer: Answer) -> bool:
    """The service is SERVING (PROBE-009)."""
    return answer.value == "SERVING"


@define
class Tally:
    """The results of one probe: how many equal ones in a row, and what is published of them."""

    kind: str
    failure_threshold: int
    success_threshold: int
    published: str
    last: str = ""
    run: int = 0
    on_hold: bool = False

    def is_settled(self, result: str) -> bool:
        """Would one more of this result change nothing?"""
        if result == UNKNOWN or self.on_hold:
            return True
        return self.published == result == self.last and self.run >= self.threshold(result)

    def threshold(self, result: str) -> int:
        """How many equal results in a row it takes (PROBE-003)."""
        return self.failure_threshold if result == FAILURE else self.success_threshold


def new_tally(kind: str, probe: Probe) -> Tally:
    """Nothing has been asked yet (PROBE-001)."""
    thresholds = probe.get("failureThreshold") or 3, probe.get("successThreshold") or 1
    return Tally(kind, *thresholds, published=INITIAL[kind])


def take(tally: Tally, result: str, settings: Settings) -> None:
    """One more result (PROBE-003); an unknown one is thrown away (PROBE-010)."""
    if tally.on_hold or result == UNKNOWN:
        return
    fatal = result == TIMEOUT and settings.probe_timeout_is_fatal and tally.kind == "liveness"
    counted = FAILURE if result == TIMEOUT else result
    tally.run = tally.run + 1 if counted == tally.last else 1
    tally.last = counted
    if tally.run >= tally.threshold(counted) or fatal:
        tally.published = counted
        if ends_probing(tally.kind, counted):
            tally.on_hold, tally.run = True, 0


def ends_probing(kind: str, result: str) -> bool:
    """After a failure that kills, and after any result of a startup probe (PROBE-011, PROBE-014)."""
    return kind == "startup" or (kind == "liveness" and result == FAILURE)


def renew(tally: Tally, settings: Settings) -> None:
    """There is a new container; what was counted stays (PROBE-016)."""
    tally.published, tally.on_hold = INITIAL[tally.kind], False
    if not settings.probe_counts_survive_restart:
        tally.last, tally.run = "", 0


# What the engine answers for as pure functions.

HANDLED: Final = {"success": SUCCESS, "warning": SUCCESS, "error": UNKNOWN}
"""What a handler says, as the prober takes it; anything else is a failure."""


def fold(arguments: Mapping[str, Any], settings: Settings) -> list[str]:
    """The published value after each answer of the handler (evaluate)."""
    tally, published = asked_tally(arguments), []
    for said in arguments["results"]:
        take(tally, HANDLED.get(said, FAILURE), settings)
        published.append(tally.published)
    return published


def worker(arguments: Mapping[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """The same with errors and new containers; whether the worker is on hold, too (evaluate)."""
    tally, shown = asked_tally(arguments), []
    for step in arguments["steps"]:
        if step == "new_container":
            renew(tally, settings)
        else:
            take(tally, HANDLED.get(step, FAILURE), settings)
        shown.append({"published": tally.published, "on_hold": tally.on_hold})
    return shown


def asked_tally(arguments: Mapping[str, Any]) -> Tally:
    """A fresh tally by the schema of the vectors."""
    thresholds = ("failureThreshold", "successThreshold")
    return new_tally(arguments["probe_type"], {each: arguments[each] for each in thresholds})
