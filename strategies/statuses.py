"""Container statuses as a kubelet could report them, and Pods that have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod, sidecar
from strategies.once import among, once
from strategies.pods import policies

ENDS: Final = st.sampled_from(
    [(0, "Completed"), (1, "Error"), (137, "OOMKilled"), (0, "Error"), (3, "Completed")]
)
"""Exit codes with the reasons that go with them, and with some that mislead."""


def _terminated(end: tuple[int, str]) -> Manifest:
    code, reason = end
    times = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:00Z"}
    return {"terminated": {"exitCode": code, "reason": reason, **times}}


def _status(name: str, state: Manifest, last: Manifest | None = None) -> Manifest:
    runs = "running" in state
    shown = {"name": name, "state": state, "ready": runs, "started": runs, "restartCount": 0}
    return shown if last is None else {**shown, "lastState": last}


def unstarted(name: str) -> Manifest:
    """The status of a container that nobody has tried to start."""
    return _status(name, {"waiting": {"reason": "ContainerCreating"}})


@once
def ended(name: str) -> st.SearchStrategy[Manifest]:
    """The status of a container that has come to an end."""
    return st.builds(lambda end: _status(name, _terminated(end)), ENDS)


@once
def statuses_of(name: str) -> st.SearchStrategy[Manifest]:
    """The status of a container: not started yet, running, ended, or waiting for its restart."""
    running = _status(name, {"running": {"startedAt": "2026-01-01T00:00:00Z"}})
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    return st.one_of(
        ended(name),
        st.builds(lambda end: _status(name, waiting, _terminated(end)), ENDS),
        st.sampled_from([running, unstarted(name)]),
    )


@once
@st.composite
def phase_questions(
    draw: st.DrawFn, states: Callable[[str], st.SearchStrategy[Manifest]] = statuses_of
) -> dict[str, Any]:
    """Arguments of the function ``pod.phase``: a Pod of one to three containers in these states."""
    names = draw(among("c", "cd", "cde"))
    init = draw(among("", "", "i"))
    asked = pod(
        containers=[container(name) for name in names],
        init=[container(name) for name in init],
        policy=draw(policies),
    )
    inits = [draw(statuses_of(name)) for name in init]
    apps = [draw(states(name)) for name in names]
    asked["status"] = {"containerStatuses": apps, "initContainerStatuses": inits}
    ran = any("waiting" not in each["state"] or "lastState" in each for each in apps)
    return {
        "pod": asked,
        "terminating": draw(among(False, False, True)),
        "initialized": ran,
    }


GATE: Final = "example.com/serves"
"""The type of a condition that nobody but a tester keeps, for readiness gates."""


@once
@st.composite
def condition_questions(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of the function ``pod.conditions``: a Pod with init containers, sidecars and gates."""
    kinds = draw(among("", "i", "is"))
    inits = [sidecar(name) if name == "s" else container(name) for name in kinds]
    names = draw(among("c", "cd"))
    gates = [{"conditionType": gate} for gate in draw(among((), (), (GATE,)))]
    asked = pod(containers=[container(name) for name in names], init=inits, readinessGates=gates)
    known = draw(among(True, True, True, False))
    asked["status"] = {
        "phase": draw(among("Running", "Pending", "Succeeded", "Failed")),
        "conditions": [
            {"type": type_, "status": draw(among("True", "False"))}
            for type_ in draw(among((), (GATE,), (GATE, "Initialized")))
        ],
    }
    if known:
        asked["status"] |= {
            "initContainerStatuses": [draw(_init_statuses(each["name"])) for each in inits],
            "containerStatuses": [draw(statuses_of(name)) for name in names],
        }
    return {"pod": asked}


@once
def _init_statuses(name: str) -> st.SearchStrategy[Manifest]:
    """As ``statuses_of``; one that has exited 0 is ready."""
    return st.builds(_ready_when_done, statuses_of(name))


def _ready_when_done(status: Manifest) -> Manifest:
    end = status["state"].get("terminated")
    return status if end is None else {**status, "ready": end["exitCode"] == 0}
