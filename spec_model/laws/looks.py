"""What a tester saw inside a container (``inspect``, ``listen``, ``connect``), and in which run of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spec_model.events import Accepted, Manifest
from spec_model.law import once
from spec_model.objects import Container, ContainerStatus, Pod
from spec_model.profiles import Profile
from spec_model.values import frozen
from spec_model.world import Done


@frozen
class Look:
    """A container that was looked into, the run that was last seen of it, its node, what it showed."""

    done: Done
    pod: Pod
    container: Container
    status: ContainerStatus | None
    node: Manifest | None
    shown: Mapping[str, Any]

    @property
    def profile(self) -> Profile:
        """The constants and switches that hold."""
        return self.done.profile

    @property
    def container_id(self) -> str:
        """The run that was last seen; empty where none was."""
        return "" if self.status is None else self.status.container_id

    @property
    def started_at(self) -> float | None:
        """When that run began, in seconds since 1970."""
        return None if self.status is None else self.status.started_at

    @property
    def mounts_volumes(self) -> bool:
        """Whether it can have seen anything of a volume."""
        return bool(self.container.manifest.get("volumeMounts"))

    @property
    def is_running(self) -> bool:
        """Whether it is known which run it was."""
        return self.status is not None and self.status.state == "running"


@once
def look(done: Done) -> Look | None:
    """A container and what it showed; None where nothing was shown, or it is not known of whom."""
    given, response = done.arguments, done.response
    pod: Pod | None = done.world.view("Pod", given["namespace"], given["pod"])
    if pod is None or not isinstance(response, Accepted):
        return None
    name, shown = given["container"], response.value
    container = pod.spec.container(name)
    if container is None or not isinstance(shown, (dict, Mapping)):
        return None
    node = done.world.view("Node", "", pod.spec.node_name)
    return Look(done, pod, container, pod.statuses.get(name), node, shown)
