"""Questions to the pure functions of an engine: for each function, arguments that it may be asked.

Every rule that a function can be blamed on is met by some of them. What one profile does not know, as
resources of a whole Pod, is asked under the other only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from spec_model.quantity import nano_of
from strategies.backoff import backoff_arguments
from strategies.config_maps import LAWFUL, UNLAWFUL, sources
from strategies.endings import delete_options, printed_pods
from strategies.init import requesting_pods
from strategies.invalid import FLAWS
from strategies.jobs import (
    asked_jobs,
    backoff_questions,
    policy_questions,
    record_questions,
    sync_questions,
)
from strategies.manifests import Manifest, claim, container, pod, volume
from strategies.once import once
from strategies.probes import folds
from strategies.probes import questions as worker_questions
from strategies.quantities import memories, not_quantities, positive_texts, texts
from strategies.replicas import deletion_questions
from strategies.resources import (
    ADJUSTMENTS,
    GUARANTEED,
    MIB,
    classed_pods,
    demands,
    node_memories,
    processes,
)
from strategies.restart import questions as restart_questions
from strategies.rollouts import (
    FLAWED,
    SOUND,
    fencepost_questions,
    new_size_questions,
    sets,
    share_questions,
)
from strategies.scaling import (
    behavior_questions,
    broken_autoscalers,
    even_questions,
    ignored,
    level_questions,
    limit_questions,
    missing,
    proposals,
    stabilization_questions,
    unready,
    utilization_questions,
    valid_autoscalers,
)
from strategies.scheduling import crowds, preferences, rankings, selections, single_selections
from strategies.statuses import condition_questions, ended, phase_questions
from strategies.volumes import best_match_arguments, find_arguments, invalid

Questions: TypeAlias = st.SearchStrategy[dict[str, Any]]

LARGEST: Final = 9 * 10**15 * 10**9
"""The largest quantity that Kubernetes rounds exactly, in billionths."""


def _about(name: str, values: st.SearchStrategy[Any]) -> Questions:
    """A question that has one argument."""
    return st.builds(lambda value: {name: value}, values)


@once
@st.composite
def _adjustments(draw: st.DrawFn, pod_level: bool) -> dict[str, Any]:
    """Arguments of ``container.oom_score_adj``: Pods of every class, and such as matter to a node."""
    sparse = [{"requests": {"memory": amount}} for amount in ("1", "1Mi", "1Gi", "8Gi")]
    alone = [pod(containers=[container("c", **asked)]) for asked in (GUARANTEED, *sparse)]
    critical = pod(priorityClassName="system-node-critical", priority=2_000_001_000)
    others = st.sampled_from([*alone, critical] if pod_level else alone)
    asked = draw(classed_pods(pod_level=pod_level) | others)
    names = [each["name"] for each in asked["spec"]["containers"]]
    memory = draw(node_memories)
    return {"pod": asked, "container": draw(st.sampled_from(names)), "node_memory_bytes": memory}


UNREADABLE: Final = "RESOURCE-002"
"""The rule by which a manifest cannot even be read: no question to a validation."""


def _flawed_pods() -> st.SearchStrategy[Manifest]:
    """Pods that the API refuses, and one that it does not."""
    flaws = [flaw.manifest for rule, each in FLAWS.items() if rule != UNREADABLE for flaw in each]
    return st.sampled_from([pod(), *(each for each in flaws if each["kind"] == "Pod")])


def _stored(kind: str) -> st.SearchStrategy[Manifest]:
    """Volumes or claims, with a flaw and without."""
    sound = volume("x") if kind == "PersistentVolume" else claim("x")
    flawed = invalid().map(lambda found: found[0]).filter(lambda made: made["kind"] == kind)
    return st.just(sound) | flawed


_SMALL_CONFIG_MAPS: Final = [each for each in (*LAWFUL, *UNLAWFUL) if len(str(each)) < 2000]

_autoscalers: Final = valid_autoscalers() | broken_autoscalers()

_utilizations: Final[Questions] = st.one_of(
    even_questions(),
    utilization_questions(),
    utilization_questions(missing),
    utilization_questions(unready),
    utilization_questions(unready, resource="memory"),
    utilization_questions(ignored),
    utilization_questions(st.just({"request_milli": None})),
    level_questions(),
)

QUESTIONS: Final[Mapping[str, Questions]] = {
    "quantity.parse": _about(
        "text", texts() | memories | not_quantities | st.sampled_from(["1K", "5Ki", "1.5Gi"])
    ),
    "quantity.round": _about(
        "text", positive_texts().filter(lambda text: nano_of(text) <= LARGEST)
    ),
    "pod.qos_class": _about("pod", classed_pods(pod_level=True)),
    "pod.effective_requests": _about("pod", requesting_pods() | classed_pods()),
    "pod.conditions": condition_questions(),
    "configmap.from_sources": sources(),
    "pod.phase": phase_questions() | phase_questions(states=ended),
    "container.should_restart": restart_questions() | restart_questions(own=False),
    "container.oom_score_adj": _adjustments(pod_level=True),
    "probe.fold": folds(("liveness", "readiness", "startup")),
    "probe.worker": worker_questions(
        *("success", "failure", "warning", "unknown", "error", "new_container"),
        kinds=("liveness", "readiness", "startup"),
    ),
    "kubectl_status": _about("pod", printed_pods()),
    "kubectl_delete.grace": delete_options(),
    "restart.backoff": backoff_arguments() | backoff_arguments(configured=True),
    "oom.victim": st.builds(
        lambda listed: {"node_memory_bytes": 8192 * MIB, "processes": listed},
        st.sampled_from([ADJUSTMENTS, (1000,), (999, 900, 500, 100), (-997, -1000)]).flatmap(
            processes
        ),
    ),
    "cpu.shares": _about("request_milli", st.integers(0, 300_000) | st.sampled_from([0, 1, 2, 10])),
    "cpu.quota": _about("limit_milli", st.integers(1, 4000) | st.sampled_from([1, 9, 10, 11])),
    "cpu.weight": st.builds(
        lambda shares, conversion: {"shares": shares, "map": conversion},
        st.sampled_from([2, 3, 204, 512, 1024, 2048, 262_144]) | st.integers(2, 262_144),
        st.sampled_from(["linear", "quadratic"]),
    ),
    "cpu.division": st.builds(
        lambda capacity, wanted: {"capacity_milli": capacity, "containers": wanted},
        st.sampled_from([1000, 4000]),
        demands(),
    ),
    "hpa.utilization_replicas": _utilizations,
    "hpa.limits": limit_questions(),
    "hpa.behavior_limits": behavior_questions(),
    "hpa.stabilize": stabilization_questions(behavior=False) | stabilization_questions(True),
    "hpa.max_of_metrics": proposals,
    "scheduler.fits": crowds(),
    "node_selector.matches": selections() | single_selections(),
    "node_affinity.preferred_score": preferences(),
    "eviction.order": rankings(),
    "replicaset.deletion_order": deletion_questions(),
    "pv.best_match": best_match_arguments(),
    "pv.find_matching_volume": find_arguments(),
    "configmap.validate": _about("configmap", st.sampled_from(_SMALL_CONFIG_MAPS)),
    "pod.validate": _about("pod", _flawed_pods()),
    "pv.validate": _about("pv", _stored("PersistentVolume")),
    "pvc.validate": _about("pvc", _stored("PersistentVolumeClaim")),
    "hpa.validate": _about("hpa", _autoscalers),
    "deployment.validate": _about(
        "deployment", st.sampled_from([*SOUND, *(made for _, made in FLAWED)])
    ),
    "deployment.fenceposts": fencepost_questions(),
    "deployment.new_rs_replicas": new_size_questions(),
    "deployment.rolling_step": sets(),
    "deployment.proportion": sets(),
    "deployment.rs_proportion": share_questions(),
    "job.backoff": backoff_questions,
    "job.backoff_record": record_questions,
    "job.pod_failure_policy": policy_questions(),
    "job.sync": sync_questions(),
    "job.validate": _about("job", asked_jobs()),
}
"""By function, what it may be asked under ``v1.36``."""

_OF_THE_SOURCE: Final[Mapping[str, Questions]] = {
    "container.should_restart": restart_questions(own=False),
    "container.oom_score_adj": _adjustments(pod_level=False),
    "pod.qos_class": _about("pod", classed_pods()),
    "probe.fold": folds(("liveness", "readiness")),
    "job.sync": sync_questions(today=False),
    "job.validate": _about("job", asked_jobs(today=False)),
    "probe.worker": worker_questions("success", "failure", "warning", "unknown", "error"),
}
"""The same under ``documented``, where that differs: its world is smaller."""


def questions(function: str, profile: str) -> Questions:
    """What a function may be asked under a profile.

    Raises:
        KeyError: no questions are known for it.
    """
    if profile == "documented" and function in _OF_THE_SOURCE:
        return _OF_THE_SOURCE[function]
    return QUESTIONS[function]
