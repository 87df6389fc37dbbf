"""A cluster to poke at, for the tests of the node: Pods in a line, verbs in a word."""

from __future__ import annotations

from typing import Any

from conformance.adapters.simulator.engine import Engine
from conformance.adapters.simulator.settings import SETTINGS

Object = dict[str, Any]


def container(name: str = "c", image: str = "app:1", **fields: Any) -> Object:
    return {"name": name, "image": image, **fields}


def sidecar(name: str = "s", **fields: Any) -> Object:
    return container(name, restartPolicy="Always", **fields)


def resources(**sizes: Any) -> Object:
    """``resources(cpu=("100m", "200m"))``: requests and limits; a bare value is a request."""
    pairs = {
        name: size if isinstance(size, tuple) else (size, None) for name, size in sizes.items()
    }
    return {
        "requests": {name: request for name, (request, _) in pairs.items() if request},
        "limits": {name: limit for name, (_, limit) in pairs.items() if limit},
    }


def pod(
    name: str = "p", *containers: Object, inits: tuple[Object, ...] = (), **spec: Any
) -> Object:
    made: Object = {"containers": list(containers) or [container()], **spec}
    if inits:
        made["initContainers"] = list(inits)
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": made}


class Cluster:
    """The engine, with the verbs of a tester; everything ever watched is in ``seen``."""

    def __init__(self, profile: str = "v1.36", **options: Any) -> None:
        self.engine = Engine(SETTINGS[profile], **options)
        self.store = self.engine.store
        self.seen: list[Object] = []
        self.times: list[float] = []
        self._drain()

    def create(self, manifest: Object) -> Object:
        made = self.store.create(manifest)
        self._rest()
        return made

    def exit(self, container: str = "c", code: int = 1, pod: str = "p") -> None:
        self.kubelet(pod).exit("default", pod, container, code)
        self._rest()

    def allocate(self, size: int, container: str = "c", pod: str = "p") -> None:
        self.kubelet(pod).allocate("default", pod, container, size)
        self._rest()

    def inspect(self, container: str = "c", pod: str = "p") -> Object:
        return self.kubelet(pod).inspect("default", pod, container)

    def delete(self, pod: str = "p", grace: float | None = None) -> None:
        self.store.delete("Pod", "default", pod, grace=grace)
        self._rest()

    def change(self, kind: str, name: str, edit: Any) -> Object:
        """A PUT of the object as ``edit`` leaves its copy."""
        import copy

        mine = copy.deepcopy(self.store.read(kind, "default", name))
        edit(mine)
        made = self.store.update(mine)
        self._rest()
        return made

    def set_image(self, image: str, outcome: str) -> None:
        self.engine.images[image] = outcome

    def lose_sandbox(self, pod: str = "p") -> None:
        self.kubelet(pod).lose_sandbox("default", pod)
        self._rest()

    def advance(self, seconds: float) -> None:
        self.engine.advance(seconds)
        self._drain()

    def settle(self) -> None:
        self._rest()

    def _rest(self) -> None:
        self.engine.settle()
        self._drain()

    def _drain(self) -> None:
        for observation in self.store.drain():
            self.seen.append({"type": observation.type, **observation.object})
            self.times.append(observation.at)

    # Looking.

    def kubelet(self, pod: str = "p") -> Any:
        return self.engine.kubelets[self.pod(pod)["spec"]["nodeName"]]

    def pod(self, name: str = "p") -> Any:
        return self.store.get("Pod", "default", name)

    def phase(self, name: str = "p") -> str:
        return self.pod(name)["status"]["phase"]

    def status(self, container: str = "c", pod: str = "p") -> Any:
        status = self.pod(pod)["status"]
        listed = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
        return next(each for each in listed if each["name"] == container)

    def state(self, container: str = "c", pod: str = "p") -> str:
        """``running``, or the reason of what it is instead."""
        ((kind, details),) = self.status(container, pod)["state"].items()
        return "running" if kind == "running" else details["reason"]

    def restarts(self, container: str = "c", pod: str = "p") -> int:
        return self.status(container, pod)["restartCount"]

    def condition(self, type_: str, pod: str = "p") -> Any:
        listed = self.pod(pod)["status"]["conditions"]
        return next((each for each in listed if each["type"] == type_), None)

    def history(self, name: str = "p") -> list[Object]:
        """Every version of a Pod that the watch showed."""
        return [
            each for each in self.seen if each["kind"] == "Pod" and each["metadata"]["name"] == name
        ]

    def phases(self, name: str = "p") -> list[str]:
        """The phases that the watch showed, each run of equal ones once."""
        shown = [each["status"]["phase"] for each in self.history(name)]
        return [one for at, one in enumerate(shown) if at == 0 or shown[at - 1] != one]

    def events(self, name: str = "p") -> list[str]:
        """The reasons of the Events about a Pod, in order."""
        return [
            each["reason"]
            for each in self.seen
            if each["kind"] == "Event" and each["involvedObject"]["name"] == name
        ]

    def seconds_until(self, happened: Any, limit: float = 1000) -> float:
        """How long it takes, in steps of a second."""
        start = self.engine.clock.now
        while not happened():
            assert self.engine.clock.now - start < limit, "it does not happen"
            self.advance(1)
        return self.engine.clock.now - start

    def wait_for_restart(self, container: str = "c", pod: str = "p") -> float:
        before = self.restarts(container, pod)
        return self.seconds_until(lambda: self.restarts(container, pod) > before)
