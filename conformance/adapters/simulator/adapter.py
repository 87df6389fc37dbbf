"""The embedded engine as an Adapter: stimuli in, responses and observations out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from conformance.adapter import FunctionNotServedError, Implementation
from conformance.adapters.simulator import client, functions, watching
from conformance.adapters.simulator.clock import EPOCH
from conformance.adapters.simulator.controllers.workloads import undo
from conformance.adapters.simulator.engine import Beginning, Engine
from conformance.adapters.simulator.errors import ApiError, bad_request, not_found
from conformance.adapters.simulator.kubelet import Kubelet, images
from conformance.adapters.simulator.kubelet.probe_results import KINDS, Answer, is_answer
from conformance.adapters.simulator.meta import uid_of
from conformance.adapters.simulator.settings import SETTINGS
from spec_model.events import Accepted, Observation, Response, Stimulus

VERSION: Final = "0.1.0"

SERVED_CAPABILITIES: Final = frozenset(
    {
        "api", "status-write", "watch-stream", "nodes", "scheduler", "kubelet", "container-exit",
        "memory", "node-memory", "cpu-load", "inspect", "file-write", "host-paths", "networking",
        "images", "sandbox-loss", "kubelet-restart", "kubelet-config", "node-fault", "hooks", "stop-signals",
        "static-pods", "workloads", "autoscaler", "metrics", "volumes", "provisioner", "reclaimer",
        "pod-gc", "probes", "eviction", "scheduler-fault", "statefulsets", "controller-flags",
        "runtime-fault", "kubectl-rollout", "kubectl-rolling-update", "jobs", "daemonsets",
    }
)  # fmt: skip
"""What the engine really does, by the vocabulary of ``spec_model.events.CAPABILITIES``."""

Arguments: TypeAlias = Mapping[str, Any]


class SimulatorAdapter:
    """A whole cluster in this process, on a virtual clock; the same seed gives the same run.

    Args:
        profile: ``v1.36`` or ``documented``.
        nodes: how many Nodes there are after a reset.
        seed: of every choice the engine is free to make.
        jitter: whether kubelets are as late as they may be, instead of exact.
    """

    def __init__(
        self, profile: str = "v1.36", nodes: int = 2, seed: int = 0, jitter: bool = False
    ) -> None:
        if profile not in SETTINGS:
            raise ValueError(f"unknown profile {profile!r}; the profiles are {', '.join(SETTINGS)}")
        self.settings = SETTINGS[profile]
        self._nodes, self._seed, self._jitter = nodes, seed, jitter
        self.engine = self._new_engine()
        self._beginning = self.engine.beginning()

    def describe(self) -> Implementation:
        """Who this is: everything but what only later parts of the engine will do."""
        return Implementation(
            name="kubelaws-simulator",
            version=VERSION,
            clock="virtual",
            capabilities=SERVED_CAPABILITIES - self.settings.unserved,
            functions=functions.SERVED,
            profile=self.settings.profile,
            epoch=EPOCH,
        )

    def reset(self) -> None:
        """A fresh cluster: its Nodes and nothing else, at second 0."""
        last, self.engine = self.engine, self._new_engine(self._beginning)
        last.close()

    def _new_engine(self, like: Beginning | None = None) -> Engine:
        return Engine(
            self.settings, nodes=self._nodes, seed=self._seed, jitter=self._jitter, like=like
        )

    def apply(self, stimulus: Stimulus, /) -> Response:
        """Do it, and let the engine come to rest; a refusal is an answer, never an exception."""
        try:
            value = _VERBS[stimulus.verb](self.engine, stimulus.arguments)
        except ApiError as error:
            return error.rejected()
        self.engine.settle()
        return Accepted(value)

    def observe(self) -> Sequence[Observation]:
        """What the watch showed since the last call, Events included."""
        return self.engine.store.drain()

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """The answer of a pure function.

        Raises:
            FunctionNotServedError: it is not one of this engine's.
            ValueError: the function's own refusal.
        """
        if function not in functions.SERVED:
            raise FunctionNotServedError(function)
        return functions.evaluate(function, arguments, self.settings)

    def close(self) -> None:
        """Nothing to give back."""


# What containers do.


def _kubelet_of(engine: Engine, given: Arguments) -> Kubelet:
    """The kubelet that runs a Pod.

    Raises:
        ApiError: 404 no such Pod, 409 it is on no node, or its node is gone.
    """
    pod = engine.store.read("Pod", given["namespace"], given["pod"])
    kubelet = engine.kubelets.get(pod["spec"].get("nodeName") or "")
    if kubelet is None:
        raise ApiError(409, "Conflict", f"pod {given['pod']} is not on a node that runs it")
    return kubelet


def _exit(engine: Engine, given: Arguments) -> None:
    kubelet = _kubelet_of(engine, given)
    kubelet.exit(given["namespace"], given["pod"], given["container"], given["exitCode"])


def _allocate(engine: Engine, given: Arguments) -> None:
    kubelet = _kubelet_of(engine, given)
    kubelet.allocate(given["namespace"], given["pod"], given["container"], given["bytes"])


def _burn(engine: Engine, given: Arguments) -> None:
    kubelet = _kubelet_of(engine, given)
    kubelet.burn(given["namespace"], given["pod"], given["container"], given["milli"])


def _in_container(method: str) -> Callable[[Engine, Arguments], Any]:
    """A verb of the kubelet about one of its containers, with the same arguments."""
    return lambda engine, given: getattr(_kubelet_of(engine, given), method)(**given)


def _lose_sandbox(engine: Engine, given: Arguments) -> None:
    _kubelet_of(engine, given).lose_sandbox(given["namespace"], given["pod"])


def _set_probe(engine: Engine, given: Arguments) -> None:
    """What the target of a probe answers from now on, through all runs of its container."""
    pod = engine.store.read("Pod", given["namespace"], given["pod"])
    name, kind = given["container"], given["probe"]
    listed = (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"])
    container: Arguments = next((each for each in listed if each["name"] == name), {})
    probe = container.get(KINDS.get(kind, ""))
    if not probe:
        raise ApiError(404, "NotFound", f"container {name!r} has no {kind} probe")
    answer = Answer(given["answer"], given.get("redirects", 0))
    if not is_answer(probe, answer):
        raise bad_request(f"{answer.value!r} is no answer to this {kind} probe")
    engine.answers[uid_of(pod), name, kind] = answer
    kubelet = engine.kubelets.get(pod["spec"].get("nodeName") or "")
    if kubelet is not None:
        kubelet.target_changed(given["namespace"], given["pod"])


# The world around them.


def _node(engine: Engine, given: Arguments) -> Kubelet:
    kubelet = engine.kubelets.get(given["node"])
    if kubelet is None:
        raise not_found("Node", given["node"])
    return kubelet


def _set_image(engine: Engine, given: Arguments) -> None:
    if given["outcome"] not in images.OUTCOMES:
        raise bad_request(f"unknown outcome {given['outcome']!r} of an image pull")
    engine.images[given["image"]] = given["outcome"]


def _set_usage(engine: Engine, given: Arguments) -> None:
    usage = given["usage"]
    if usage is not None:
        usage = client.canonical_amounts(usage, engine.settings)
    engine.usage[given["namespace"], given["pod"]] = usage


def _set_metrics(engine: Engine, given: Arguments) -> None:
    engine.metrics_available = bool(given["available"])


FLAGS: Final = ("terminated-pod-gc-threshold", "terminated-pod-gc-seconds")
"""What of the controller manager can be configured."""


def _configure_controllers(engine: Engine, given: Arguments) -> None:
    flags = given["flags"]
    if not isinstance(flags, Mapping):
        raise bad_request("flags: a map from names to values is wanted")
    for name, value in flags.items():
        if name not in FLAGS:
            raise bad_request(f"flags: unknown {name!r}; there are {', '.join(FLAGS)}")
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise bad_request(f"flags: {name} must be a number, not {value!r}")
    engine.flags.update(flags)
    engine.agenda.look_around()


def _advance(engine: Engine, given: Arguments) -> None:
    if given["seconds"] < 0:
        raise bad_request("time does not go backwards")
    engine.advance(given["seconds"])


_VERBS: Final[Mapping[str, Callable[[Engine, Arguments], Any]]] = {
    "create": lambda engine, given: client.create(engine.store, **given),
    "replace": lambda engine, given: client.replace(engine.store, given["object"]),
    "patch": lambda engine, given: client.patch(engine.store, **given),
    "delete": lambda engine, given: client.delete(engine.store, **given),
    "bind": lambda engine, given: client.bind(engine.store, **given),
    "write-status": lambda engine, given: client.write_status(engine.store, **given),
    "exit": _exit,
    "allocate": _allocate,
    "burn": _burn,
    "set-stop": lambda engine, given: engine.manners.set_stop(given),
    "set-hook": lambda engine, given: engine.manners.set_hook(given),
    "rollout-undo": lambda engine, given: undo.rollout_undo(engine.store, **given),
    "rolling-update": lambda engine, given: engine.updaters.begin(**given),
    "list": lambda engine, given: watching.list_objects(engine.store, **given),
    "watch": lambda engine, given: watching.watch(engine.store, **given),
    "inspect": _in_container("inspect"),
    "write-file": _in_container("write_file"),
    "listen": _in_container("listen"),
    "connect": _in_container("connect"),
    "set-image": _set_image,
    "set-usage": _set_usage,
    "set-metrics": _set_metrics,
    "set-probe": _set_probe,
    "lose-sandbox": _lose_sandbox,
    "restart-kubelet": lambda engine, given: _node(engine, given).restart(),
    "configure-kubelet": lambda engine, given: _node(engine, given).configure(
        given["configuration"]
    ),
    "configure-controllers": _configure_controllers,
    "set-runtime": lambda engine, given: _node(engine, given).faults.set(
        given["part"], bool(given["works"])
    ),
    "stop-node": lambda engine, given: _node(engine, given).stop(),
    "write-manifest": lambda engine, given: _node(engine, given).statics.write(
        given["file"], given["manifest"]
    ),
    "remove-manifest": lambda engine, given: _node(engine, given).statics.remove(given["file"]),
    "stop-scheduler": lambda engine, _: engine.scheduler.stop(),
    "start-scheduler": lambda engine, _: engine.scheduler.start(),
    "start-node": lambda engine, given: _node(engine, given).start(),
    "advance": _advance,
}
