"""A whole engine in sixty lines: Pods of one container that run, exit and restart. It forgets to wait."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from conformance.adapter import Implementation
from spec_model.events import Accepted, Observation, Rejected, Response, Stimulus


class TinyEngine:
    def describe(self) -> Implementation:
        return Implementation("tiny", "1", capabilities={"api", "kubelet", "container-exit"})

    def reset(self) -> None:
        self.now, self.version, self.pods = 0.0, itertools.count(1), dict[str, dict[str, Any]]()
        self.seen: list[Observation] = []

    def observe(self) -> list[Observation]:
        seen, self.seen = self.seen, []
        return seen

    def apply(self, stimulus: Stimulus) -> Response:
        if stimulus.verb not in ("create", "exit", "advance"):
            return Rejected(405, "MethodNotAllowed")
        response: Response = getattr(self, stimulus.verb)(**stimulus.arguments)
        return response

    def advance(self, seconds: float) -> Response:
        self.now += seconds
        return Accepted()

    def create(self, object: dict[str, Any], dryRun: bool = False) -> Response:  # noqa: N803
        if object["kind"] != "Pod":
            return Rejected(404, "NotFound", "only Pods are kept here")
        if len(object["spec"]["containers"]) != 1 or "initContainers" in object["spec"]:
            return Rejected(422, "Invalid", "one container each, no more")
        name, moment = (
            object["metadata"]["name"],
            {"creationTimestamp": self.time(), "generation": 1},
        )
        pod = {**object, "metadata": {**object["metadata"], "uid": f"uid-{name}", **moment}}
        pod["spec"] = {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            **object["spec"],
        }
        pod["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
        self.write("ADDED", pod)
        self.write("MODIFIED", self.run(pod, {}, 0))
        return Accepted(pod)

    def exit(self, namespace: str, pod: str, container: str, exitCode: int) -> Response:  # noqa: N803
        if pod not in self.pods:
            return Rejected(404, "NotFound")
        old = self.pods[pod]
        status = old["status"]["containerStatuses"][0]
        if "running" not in status["state"]:
            return Rejected(409, "Conflict", f"container {container} does not run")
        times = {**status["state"]["running"], "finishedAt": self.time()}
        reason = "Error" if exitCode else "Completed"
        ended = {"terminated": {"exitCode": exitCode, "reason": reason, **times}}
        policy = old["spec"]["restartPolicy"]
        if policy == "Always" or (policy == "OnFailure" and exitCode):
            self.write("MODIFIED", self.run(old, ended, status["restartCount"] + 1))
        else:
            stopped = {**status, "state": ended, "ready": False}
            new = {"phase": "Failed" if exitCode else "Succeeded", "containerStatuses": [stopped]}
            self.write("MODIFIED", {**old, "status": {**old["status"], **new}})
        return Accepted()

    def run(self, pod: dict[str, Any], last: dict[str, Any], restarts: int) -> dict[str, Any]:
        state = {"running": {"startedAt": self.time()}}
        status = {"name": pod["spec"]["containers"][0]["name"], "state": state, "lastState": last}
        more = {
            "restartCount": restarts,
            "ready": True,
            "containerID": f"tiny://{next(self.version)}",
        }
        new = {"phase": "Running", "containerStatuses": [{**status, **more}]}
        return {**pod, "status": {**pod["status"], **new}}

    def write(self, type: str, pod: dict[str, Any]) -> None:
        pod = {**pod, "metadata": {**pod["metadata"], "resourceVersion": str(next(self.version))}}
        self.pods[pod["metadata"]["name"]] = pod
        self.seen.append(Observation(self.now, type, pod))

    def time(self) -> str:
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def evaluate(self, function: str, arguments: dict[str, Any]) -> Any:
        raise LookupError(function)

    def close(self) -> None: ...
