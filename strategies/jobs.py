"""Jobs, good and bad, and questions to the functions of their controller."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, job, pod
from strategies.once import among, once

Questions = st.SearchStrategy[dict[str, Any]]

SOUND: Final[tuple[Manifest, ...]] = (
    {},
    {"completions": 3},
    {"parallelism": 2},
    {"completions": 3, "parallelism": 2},
    {"completions": 0},
    {"parallelism": 0},
    {"backoffLimit": 0},
    {"backoffLimit": 2, "activeDeadlineSeconds": 30},
)
"""Specs that the API takes, but for the template."""

BROKEN: Final[tuple[Manifest, ...]] = (
    {"completions": -1},
    {"parallelism": -1},
    {"backoffLimit": -1},
    {"activeDeadlineSeconds": -1},
    {"completions": 2, "parallelism": -2},
)
"""Specs with a number that is none."""


@once
def templates() -> st.SearchStrategy[Manifest]:
    """Pods of both policies that a Job may have."""
    return among("Never", "OnFailure").map(lambda policy: pod(policy=policy))


def on_codes(action: str, *values: int, operator: str = "In") -> Manifest:
    """A rule of a podFailurePolicy about exit codes."""
    return {"action": action, "onExitCodes": {"operator": operator, "values": list(values)}}


def failure_policies() -> list[Manifest]:
    """podFailurePolicies of every action, as fields of a Job's spec."""
    disrupted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    listed = (
        [on_codes("FailJob", 42)],
        [on_codes("Ignore", 42)],
        [on_codes("Count", 1, 42)],
        [disrupted, on_codes("FailJob", 1, operator="NotIn")],
    )
    return [{"podFailurePolicy": {"rules": rules}} for rules in listed]


# -- Questions ---------------------------------------------------------------------------------------

_MOMENTS: Final = st.sampled_from([0, 1, 5, 9, 10, 11, 19, 20, 40, 79, 320, 599, 600])

backoff_questions: Final[Questions] = st.builds(
    lambda failures, waited, cap: {
        "failures": failures,
        "seconds_since_last_failure": waited,
        "default_backoff_seconds": 10,
        "max_backoff_seconds": cap,
    },
    st.integers(0, 9),
    _MOMENTS,
    st.sampled_from([600, 360]),
)

_ends: Final = st.lists(st.integers(0, 20), max_size=3)

record_questions: Final[Questions] = st.builds(
    lambda previous, good, bad: {
        "previous": previous,
        "succeeded_finish_s": good,
        "failed_finish_s": bad,
    },
    st.none()
    | st.builds(
        lambda count, last: {"failures": count, "last_failure_s": last},
        st.integers(1, 4),
        st.integers(-25, -1),
    ),
    _ends,
    _ends,
)


def _time(seconds: int) -> str:
    return f"2024-05-01T10:{seconds // 60:02}:{seconds % 60:02}Z"


@once
@st.composite
def _pods(draw: st.DrawFn, indexed: bool) -> Manifest:
    """A Pod of a Job: it works, has succeeded or failed, or is being deleted."""
    name = f"p{draw(st.integers(0, 99))}"
    metadata: Manifest = {"name": name, "creationTimestamp": _time(0)}
    phase = draw(among("Running", "Running", "Pending", "Succeeded", "Failed"))
    state: Manifest = {}
    if phase in ("Succeeded", "Failed"):
        code = 0 if phase == "Succeeded" else draw(among(1, 42))
        end = _time(draw(st.integers(1, 60)))
        state = {"state": {"terminated": {"exitCode": code, "finishedAt": end}}}
    elif draw(st.integers(0, 3)) == 0:
        metadata["deletionTimestamp"] = _time(draw(st.integers(1, 60)))
    if indexed:
        index = str(draw(st.integers(0, 3)))
        metadata["annotations"] = {"batch.kubernetes.io/job-completion-index": index}
    restarts = draw(among(0, 0, 1, 3))
    status = {
        "phase": phase,
        "containerStatuses": [{"name": "c", "restartCount": restarts, **state}],
    }
    return {"metadata": metadata, "status": status}


@once
@st.composite
def sync_questions(draw: st.DrawFn, today: bool = True) -> dict[str, Any]:
    """A Job with some Pods, at a moment; ``today`` with what came after the source document."""
    spec = dict(draw(st.sampled_from(SOUND)))
    indexed = today and "completions" in spec and draw(st.integers(0, 3)) == 0
    if indexed:
        spec["completionMode"] = "Indexed"
    if draw(st.integers(0, 3)) == 0:
        spec["activeDeadlineSeconds"] = draw(among(30, 600))
    template = draw(templates())
    if today and template["spec"]["restartPolicy"] == "Never":
        spec |= draw(st.sampled_from([{}, {}, {}, *failure_policies()]))
    if today and draw(st.integers(0, 5)) == 0:
        spec["suspend"] = True
    pods = draw(
        st.lists(_pods(indexed), max_size=4, unique_by=lambda made: made["metadata"]["name"])
    )
    status: Manifest = {"startTime": _time(0)}
    counts = {"failed": draw(st.integers(0, 3)), "succeeded": draw(st.integers(0, 1))}
    status |= {name: count for name, count in counts.items() if count and not indexed}
    made = job("j", template, **spec)["spec"]
    now = _time(draw(among(61, 75, 120, 900)))
    return {"job": {"spec": made, "status": status}, "pods": pods, "now": now}


def policy_questions() -> Questions:
    """A failed Pod and what a policy makes of it."""

    def asked(policy: Manifest, code: int, condition: str | None) -> dict[str, Any]:
        ended = {"name": "c", "state": {"terminated": {"exitCode": code}}}
        status: Manifest = {"phase": "Failed", "containerStatuses": [ended]}
        if condition is not None:
            status["conditions"] = [{"type": condition, "status": "True"}]
        failed = {"metadata": {"name": "p"}, "status": status}
        return {"podFailurePolicy": policy["podFailurePolicy"], "pod": failed}

    return st.builds(
        asked,
        st.sampled_from(failure_policies()),
        among(0, 1, 42),
        among(None, "DisruptionTarget"),
    )


@once
def asked_jobs(today: bool = True) -> st.SearchStrategy[Manifest]:
    """Jobs that the API takes or refuses."""
    listed = [job("j", **spec) for spec in (*SOUND, *BROKEN)]
    listed += [job("j", pod(policy=policy)) for policy in (None, "Always", "OnFailure", "x")]
    if today:
        listed += [job("j", pod(policy="OnFailure"), **spec) for spec in failure_policies()]
        listed.append(job("j", completionMode="Indexed", parallelism=2))
    return st.sampled_from(listed)
