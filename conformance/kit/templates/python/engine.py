"""my-engine: Pods that run and end, on a virtual clock. A place to start from.

What it does not know it refuses with 501, so it is judged by what it does and by nothing else.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from conformance.adapter import FunctionNotServedError, Implementation
from spec_model.events import Accepted, Cause, Observation, Rejected, Response, Stimulus

EPOCH = datetime(2024, 1, 1, tzinfo=UTC).timestamp()  # the time of day at second 0
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KNOWN = {
    "metadata": {"name", "namespace", "labels", "annotations"},
    "spec": {"containers", "restartPolicy", "terminationGracePeriodSeconds"},
    "spec.containers": {"name", "image"},
}
DEFAULTS = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30}
Data = dict[str, Any]


class Refusal(Exception):  # noqa: N818
    """The API says no."""

    def __init__(self, code: int, reason: str, message: str, fields: Iterable[str] = ()) -> None:
        self.rejected = Rejected(code, reason, message, tuple(map(Cause, fields)))


class Pod:
    """What is known of one Pod; each container has ``state``, ``last`` and its newest run."""

    def __init__(self, metadata: Data, spec: Data) -> None:
        self.metadata, self.spec = metadata, spec
        self.started: Data = {}
        self.containers: list[Data] = [
            {"name": each["name"], "id": "", "state": {}, "last": {}, "restarts": 0}
            for each in spec["containers"]
        ]


class Engine:
    def describe(self) -> Implementation:
        # Claim a capability when you serve it, and no earlier. kubelaws adapter check knows them all.
        capabilities = frozenset({"api", "kubelet", "container-exit"})
        return Implementation("my-engine", "0.1", capabilities=capabilities, epoch=EPOCH)

    def reset(self) -> None:
        self.now, self.count = 0.0, itertools.count(1)
        self.pods: dict[tuple[str, str], Pod] = {}
        self.seen: list[Observation] = []
        self.timers: list[tuple[float, int, Callable[[], None]]] = []

    def observe(self) -> list[Observation]:
        seen, self.seen = self.seen, []
        return seen

    def apply(self, stimulus: Stimulus, /) -> Response:
        action = getattr(self, f"do_{stimulus.verb}", None)
        if action is None:
            return Rejected(501, "NotImplemented", f"{stimulus.verb} is not implemented")
        try:
            return Accepted(action(**stimulus.arguments))
        except Refusal as refusal:
            return refusal.rejected

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        raise FunctionNotServedError(function)

    def close(self) -> None: ...

    # -- time: timers fire in order, each at its own second ----------------------------------------

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self.timers, (self.now + seconds, next(self.count), action))

    def do_advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self.timers and self.timers[0][0] <= end:
            self.now, _, action = heapq.heappop(self.timers)
            action()
        self.now = end

    def time(self, after: float = 0) -> str:
        return datetime.fromtimestamp(int(EPOCH + self.now + after), UTC).isoformat()[:19] + "Z"

    # -- the API ---------------------------------------------------------------------------------

    def do_create(self, object: Data, dryRun: bool = False) -> Data:  # noqa: N803
        check(object)
        namespace = object["metadata"].get("namespace") or "default"
        key = namespace, object["metadata"]["name"]
        if key in self.pods:
            raise Refusal(409, "AlreadyExists", f"pod {key[1]} is there")
        more = {"uid": f"uid-{next(self.count)}", "creationTimestamp": self.time(), "generation": 1}
        metadata = {**object["metadata"], "namespace": namespace, **more}
        pod = Pod(metadata, {**DEFAULTS, **object["spec"], "nodeName": "node1"})
        stored = self.shown(pod)
        if dryRun:
            return stored
        self.pods[key] = pod
        self.show("ADDED", pod)
        pod.started = {"startTime": self.time()}
        for container in pod.containers:
            self.start(pod, container)
        return stored

    def do_delete(
        self,
        kind: str,
        namespace: str,
        name: str,
        gracePeriodSeconds: int | None = None,  # noqa: N803
    ) -> Data:
        pod = self.find(kind, namespace, name)
        grace = gracePeriodSeconds
        if grace is None:
            grace = pod.spec["terminationGracePeriodSeconds"]
        if grace < 0:
            grace = 1
        if self.phase(pod) in ("Succeeded", "Failed"):
            grace = 0
        pod.metadata["deletionTimestamp"] = self.time(grace)
        pod.metadata["deletionGracePeriodSeconds"] = grace
        pod.metadata["generation"] += 1
        if grace > 0:
            self.show("MODIFIED", pod)
            for container in pod.containers:
                if "running" in container["state"]:
                    self.ended(container, 143)
            self.show("MODIFIED", pod)
        del self.pods[namespace, name]
        self.show("DELETED", pod)
        return self.shown(pod)

    def find(self, kind: str, namespace: str, name: str) -> Pod:
        if kind != "Pod" or (namespace, name) not in self.pods:
            raise Refusal(404, "NotFound", f"there is no {kind} {name}")
        return self.pods[namespace, name]

    # -- the kubelet -------------------------------------------------------------------------------

    def start(self, pod: Pod, container: Data) -> None:
        container["id"] = f"my-engine://{next(self.count)}"
        container["state"] = {"running": {"startedAt": self.time()}}
        self.show("MODIFIED", pod)

    def do_exit(self, namespace: str, pod: str, container: str, exitCode: int) -> None:  # noqa: N803
        found = self.find("Pod", namespace, pod)
        which = next((each for each in found.containers if each["name"] == container), None)
        if which is None or "running" not in which["state"]:
            raise Refusal(409, "Conflict", f"container {container} does not run")
        self.ended(which, exitCode)
        if self.restarts(found, exitCode):
            self.restart(found, which)
        self.show("MODIFIED", found)

    def ended(self, container: Data, exit_code: int) -> None:
        reason = "Completed" if exit_code == 0 else "Error"
        times = {**container["state"]["running"], "finishedAt": self.time()}
        run = {"exitCode": exit_code, "reason": reason, **times, "containerID": container["id"]}
        container["state"] = {"terminated": run}

    def restarts(self, pod: Pod, exit_code: int) -> bool:
        return False  # by the policy and the exit code: RESTART-002

    def restart(self, pod: Pod, container: Data) -> None:
        container["last"] = container["state"]
        container["restarts"] += 1
        self.start(pod, container)

    # -- what the watch shows ----------------------------------------------------------------------

    def phase(self, pod: Pod) -> str:
        if not all(each["id"] for each in pod.containers):
            return "Pending"
        if not all("terminated" in each["state"] for each in pod.containers):
            return "Running"
        failed = any(each["state"]["terminated"]["exitCode"] for each in pod.containers)
        return "Failed" if failed else "Succeeded"

    def shown(self, pod: Pod) -> Data:
        statuses = [
            {
                "name": each["name"],
                "state": each["state"],
                "lastState": each["last"],
                "ready": "running" in each["state"],
                "restartCount": each["restarts"],
                "containerID": each["id"],
            }
            for each in pod.containers
            if each["id"]
        ]
        status = {"phase": self.phase(pod), "qosClass": "BestEffort", **pod.started}
        metadata = {**pod.metadata, "resourceVersion": str(next(self.count))}
        shown = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod.spec}
        return deepcopy({**shown, "status": {**status, "containerStatuses": statuses}})

    def show(self, type: str, pod: Pod) -> None:
        self.seen.append(Observation(self.now, type, self.shown(pod)))


def only(data: Mapping[str, Any], where: str) -> None:
    if unknown := sorted(set(data) - KNOWN[where]):
        raise Refusal(501, "NotImplemented", f"{where}.{unknown[0]} is not implemented")


def check(manifest: Data) -> None:
    if manifest.get("kind") != "Pod":
        raise Refusal(501, "NotImplemented", "only Pods are kept here")
    metadata, spec = manifest.get("metadata") or {}, manifest.get("spec") or {}
    containers = spec.get("containers") or []
    for data, where in ((metadata, "metadata"), (spec, "spec")):
        only(data, where)
    for container in containers:
        only(container, "spec.containers")
    policy = spec.get("restartPolicy") or "Always"
    name = metadata.get("name") or ""
    faults = {
        "metadata.name": not NAME.fullmatch(name) or len(name) > 253,
        "metadata.namespace": not LABEL.fullmatch(metadata.get("namespace") or "default"),
        "spec.containers": not containers,
        "spec.restartPolicy": policy not in ("Always", "OnFailure", "Never"),
    }
    names = [container.get("name") or "" for container in containers]
    for index, container in enumerate(containers):
        twice = names[index] in names[:index]
        image = container.get("image") or ""
        faults[f"spec.containers[{index}].name"] = twice or not LABEL.fullmatch(names[index])
        faults[f"spec.containers[{index}].image"] = not image or image != image.strip()
    if fields := [field for field, wrong in faults.items() if wrong]:
        raise Refusal(422, "Invalid", f"{', '.join(fields)}: invalid", fields)
    if policy != "Never":  # The next thing to do: serve the other policies, and take this away.
        raise Refusal(501, "NotImplemented", "no restarts yet")
