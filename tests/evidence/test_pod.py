"""The model's decisions about Pods are those of Kubernetes 1.36.2."""

import re

import pytest

from spec_model import objects
from spec_model.pod.backoff import delays
from spec_model.pod.init import has_started
from spec_model.pod.phase import TERMINAL, pod_phase
from tests.evidence.vectors import assert_agreement, cluster_pods, lines

CRASH_LOOP = re.compile(r"back-off (?:(\d+)m)?(\d+)s restarting failed container")


@pytest.mark.parametrize(
    "function",
    [
        *("pod.phase", "container.should_restart", "restart.backoff", "kubectl_status"),
        *("pod.conditions", "probe.fold", "probe.worker"),
    ],
)
def test_the_model_agrees_with_kubernetes(function: str) -> None:
    assert_agreement(function)


def test_a_pod_is_initialized_when_the_kubelet_says_so() -> None:
    for line in lines("pod.phase"):
        pod = objects.pod(line["arguments"]["pod"])
        assert has_started(pod) == line["arguments"]["initialized"], line["id"]


def test_pods_of_a_real_cluster_are_in_the_phase_that_their_containers_mean() -> None:
    for pod in cluster_pods():
        stopped_for_good = pod.deletion_timestamp is not None or pod.reason == "DeadlineExceeded"
        lawful = {pod_phase(pod).value}
        if stopped_for_good:
            lawful.add(pod_phase(pod, terminating=True).value)
        # PHASE-010: a terminal phase may be held back until the runtime has let go.
        held_back = pod.phase not in TERMINAL and lawful <= TERMINAL
        assert pod.phase in lawful or held_back, pod.key


def test_containers_of_a_real_cluster_wait_as_long_as_their_restarts_mean() -> None:
    announced = 0
    for pod in cluster_pods():
        for name, status in pod.statuses.items():
            container, found = pod.spec.container(name), CRASH_LOOP.match(status.message)
            if container is None or found is None or "livenessProbe" in container.manifest:
                continue
            short_runs = [1.0] * (status.restart_count + 1)
            minutes, seconds = int(found[1] or 0), int(found[2])
            assert 60 * minutes + seconds == delays(short_runs).value[-1], (pod.key, name)
            announced += 1
    assert announced > 0
