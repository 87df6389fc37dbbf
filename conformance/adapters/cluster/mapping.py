"""A scenario's objects as objects of this run, and back: namespaces, names, labels, images, puppets.

A scenario believes that it is alone in a cluster, in the namespace ``default``. Outward, its objects
move to a namespace of its own, cluster-scoped ones get that namespace's name in front of theirs,
everything is labelled with the run, and containers become puppets. Inward, all of that is undone, so
that what is judged is what the scenario wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.cluster import dressing
from conformance.adapters.cluster.classes import Classes, claim_templates
from conformance.adapters.cluster.images import Images
from conformance.adapters.cluster.kinds import CLUSTER_SCOPED
from conformance.adapters.cluster.parts import (
    Object,
    containers,
    copied,
    exchange_hostnames,
    path_of,
    pod_specs,
    unlabel,
    without,
)

RUN_LABEL: Final = "kubelaws/run"
SESSION_LABEL: Final = "kubelaws/session"
DEFAULT: Final = "default"

TOLERATION: Final = {"key": SESSION_LABEL, "operator": "Exists"}
"""What lets Pods of the run onto its hollow nodes, where nobody else's may go."""

NAMES: Final = {"volumeName": "PersistentVolume", "storageClassName": "StorageClass"}
"""Fields that name a cluster-scoped object, and of which kind."""

SELECTIONS: Final = ("matchExpressions", "matchFields")


class Mapper:
    """The two ways between one scenario and its place in the cluster.

    Args:
        home: the namespace that stands for ``default``.
        run: the value of the run's label.
        images: which real image stands for which.
        is_foreign: whether a cluster-scoped object (kind, name) is somebody else's, so that a
            scenario that names it means that one.
        has_default_class: whether somebody's class is given to claims that name none.
        pull: imagePullPolicy where a scenario leaves it open.
        hollow: whether nodes are ours too, so that Pods must be kept on those of this scenario.
    """

    def __init__(
        self,
        home: str,
        run: str,
        images: Images,
        is_foreign: Callable[[str, str], bool],
        *,
        has_default_class: Callable[[], bool] = lambda: False,
        pull: str = "IfNotPresent",
        hollow: bool = False,
    ) -> None:
        self.home, self.run, self.images, self.hollow = home, run, images, hollow
        self._is_foreign, self._pull = is_foreign, pull
        self._classes = Classes(home, has_default_class)
        self._started_with: dict[str, str] = {}
        self._policies: dict[str, dict[str, str]] = {}
        self._of_templates: dict[tuple[str, str], str] = {}

    # -- names ----------------------------------------------------------------------------------

    def namespace(self, name: str) -> str:
        """The namespace that stands for one of the scenario's."""
        return self.home if name == DEFAULT else f"{self.home}-{name}"

    def outer_name(self, kind: str, name: str) -> str:
        """The real name of an object; what has a namespace keeps its own."""
        if kind not in CLUSTER_SCOPED or not name or self._is_foreign(kind, name):
            return name
        return name if kind == "Node" and not self.hollow else f"{self.home}-{name}"

    def inner_name(self, kind: str, name: str) -> str:
        """The scenario's name of an object."""
        return name.removeprefix(f"{self.home}-") if kind in CLUSTER_SCOPED else name

    def text(self, text: str) -> str:
        """A message of the API server with the scenario's names."""
        return text.replace(f"{self.home}-", "").replace(self.home, DEFAULT)

    # -- pull policies --------------------------------------------------------------------------

    @property
    def fills_in(self) -> bool:
        """Whether containers get images, and so pull policies, of the run."""
        return not self.hollow

    def left_open(self, pod: Mapping[str, Any]) -> list[str]:
        """The containers of a Pod whose pull policy the scenario leaves open."""
        spec = pod.get("spec")
        found = containers(spec) if isinstance(spec, dict) else ()
        return [str(each.get("name")) for each in found if not each.get("imagePullPolicy")]

    def learn_policies(self, name: str, stored: Object, left_open: list[str]) -> None:
        """Keeps the policies that the API gave, to show them instead of those that were filled in."""
        self._policies[name] = {
            each["name"]: str(each["imagePullPolicy"])
            for each in containers(stored.get("spec") or {})
            if each["name"] in left_open and each.get("imagePullPolicy")
        }

    def templates_left_open(self, manifest: Mapping[str, Any], kind: str) -> list[str]:
        """The containers of an object's Pod template whose pull policy the scenario leaves open."""
        specs = [
            spec for spec, template in pod_specs(copied(manifest), kind) if template is not None
        ]
        return [name for spec in specs for name in self.left_open({"spec": spec})]

    def learn_template(self, stored: Object, kind: str, left_open: list[str]) -> None:
        """Keeps the policies that the API gave to a template, for it and the Pods made of it."""
        for spec, _ in pod_specs(stored, kind):
            for container in containers(spec):
                if container["name"] in left_open and container.get("imagePullPolicy"):
                    key = container["name"], container["image"]
                    self._of_templates[key] = container["imagePullPolicy"]

    def _exchange_policies(self, spec: Object, *, outward: bool) -> None:
        """Where the API would have given another policy than the run fills in."""
        for container in containers(spec):
            key = str(container.get("name")), str(container.get("image"))
            if (given := self._of_templates.get(key)) is not None:
                there, here = (given, self._pull) if outward else (self._pull, given)
                if container.get("imagePullPolicy") == there:
                    container["imagePullPolicy"] = here

    def _of_the_run(self, pod: Object) -> None:
        """A Pod that was shown goes back with the policies that it has."""
        shown = self._policies.get(str((pod.get("metadata") or {}).get("name"))) or {}
        for container in containers(pod.get("spec") or {}):
            policy = container.get("imagePullPolicy")
            if policy is not None and policy == shown.get(str(container.get("name"))):
                container["imagePullPolicy"] = self._pull

    def _as_by_default(self, pod: Object) -> None:
        shown = self._policies.get(pod["metadata"]["name"]) or {}
        for container in containers(pod.get("spec") or {}):
            if container.get("name") in shown:
                container["imagePullPolicy"] = shown[container["name"]]

    # -- outward --------------------------------------------------------------------------------

    def outward(
        self,
        manifest: Mapping[str, Any],
        kind: str = "",
        told: Mapping[str, Mapping[str, str]] | None = None,
        *,
        dry: bool = False,
    ) -> Object:
        """A whole object or a patch of one, as it goes to the API server.

        ``told`` are orders to a Pod's containers that were given before it; with ``dry`` nothing will
        run, so that images and pull policies go as they are.

        Raises:
            NoImageLeftError: it asks for more images than there are.
        """
        kind = kind or str(manifest.get("kind") or "")
        result: Object = copied(manifest)
        metadata = result.get("metadata")
        if isinstance(metadata, dict):
            if isinstance(metadata.get("name"), str):
                metadata["name"] = self.outer_name(kind, metadata["name"])
            if "apiVersion" in manifest or "labels" in metadata:
                self._label(metadata)
        if kind == "Pod" and not dry:
            self._of_the_run(result)
        for spec, of_template in pod_specs(result, kind):
            if of_template is not None and not dry:
                self._exchange_policies(spec, outward=True)
            if not self.hollow:
                self._dress(spec, told or {}, is_whole="apiVersion" in manifest, dry=dry)
            else:
                self._keep_on_own_nodes(spec)
            if of_template is not None:
                self._label(of_template.setdefault("metadata", {}))
        self._walk(result, self.namespace, self.outer_name)
        self._classes.own(result, kind, is_whole="apiVersion" in manifest)
        for claim in claim_templates(result):
            self._label(claim.setdefault("metadata", {}))
        if kind == "PersistentVolume":
            path_of(result, lambda given: given if given == "/" else f"{given}.{self.home}")
        if kind == "Node":
            self._own_node(result)
        return result

    def _label(self, metadata: Any) -> None:
        if isinstance(metadata, dict) and isinstance(metadata.get("labels", {}), dict):
            metadata["labels"] = {**metadata.get("labels", {}), RUN_LABEL: self.run}

    def _dress(
        self, spec: Object, told: Mapping[str, Mapping[str, str]], *, is_whole: bool, dry: bool
    ) -> None:
        """Makes the containers of a Pod's spec puppets with images that there are."""
        for container in containers(spec):
            image = container.get("image")
            if isinstance(image, str) and image and not dry:
                container["image"] = self.images.real(image)
                if container["image"] != image:
                    container.setdefault("imagePullPolicy", self._pull)
            dressing.dress(container, told.get(str(container.get("name")), {}))
        if is_whole or "volumes" in spec:
            dressing.furnish(spec)

    def _keep_on_own_nodes(self, spec: Object) -> None:
        """Hollow nodes take the Pods of their own scenario only, and those no other nodes."""
        if "containers" in spec:
            selector = spec.get("nodeSelector") or {}
            if isinstance(selector, dict):
                spec["nodeSelector"] = {**selector, SESSION_LABEL: self.home}
        tolerations = spec.get("tolerations") or []
        speaks = "containers" in spec or "tolerations" in spec
        if speaks and isinstance(tolerations, list):
            spec["tolerations"] = [*tolerations, TOLERATION]

    def _own_node(self, node: Object) -> None:
        """Others' Pods stay away from it, whatever a patch makes of its taints."""
        is_whole = "apiVersion" in node
        taint = {"key": SESSION_LABEL, "value": self.home, "effect": "NoSchedule"}
        spec = node.setdefault("spec", {}) if is_whole else node.get("spec")
        if isinstance(spec, dict) and (is_whole or "taints" in spec):
            spec["taints"] = [*(spec.get("taints") or []), taint]
        metadata = node.get("metadata")
        if not isinstance(metadata, dict) or not (is_whole or metadata.get("labels")):
            return
        labels = metadata.setdefault("labels", {})
        labels[SESSION_LABEL] = self.home
        hostname = "kubernetes.io/hostname"
        if hostname in labels:
            labels[hostname] = self.outer_name("Node", labels[hostname])

    # -- inward ---------------------------------------------------------------------------------

    def inward(self, manifest: Mapping[str, Any]) -> Object:
        """An observed object, as the scenario knows it."""
        kind = str(manifest.get("kind") or "")
        result: Object = copied(manifest)
        metadata = result.get("metadata") or {}
        metadata["name"] = self.inner_name(kind, metadata.get("name", ""))
        unlabel(metadata, RUN_LABEL)
        if isinstance(result.get("status"), dict):
            self._undress_statuses(result)
        if kind == "Event" and isinstance(result.get("message"), str):
            result["message"] = self.text(self.images.text(result["message"]))
        for spec, of_template in pod_specs(result, kind):
            self._undress(spec)
            if of_template is not None or metadata.get("ownerReferences"):
                self._exchange_policies(spec, outward=False)
            if of_template is not None:
                unlabel(of_template.get("metadata") or {}, RUN_LABEL)
        if kind == "Pod" and "name" in metadata:
            self._as_by_default(result)
        self._walk(result, self._inner_namespace, self.inner_name)
        self._classes.disown(result, kind)
        for claim in claim_templates(result):
            unlabel(claim.get("metadata") or {}, RUN_LABEL)
        if kind == "PersistentVolume":
            path_of(result, lambda given: given.removesuffix(f".{self.home}"))
        if kind == "Node":
            self._disown_node(result)
        return result

    def _inner_namespace(self, name: str) -> str:
        return DEFAULT if name == self.home else name.removeprefix(f"{self.home}-")

    def _undress(self, spec: Object) -> None:
        for container in containers(spec):
            if isinstance(container.get("image"), str):
                container["image"] = self.images.name(container["image"])
            dressing.undress(container)
        dressing.strip(spec, "volumes")
        selector = spec.get("nodeSelector")
        if isinstance(selector, dict) and SESSION_LABEL in selector:
            del selector[SESSION_LABEL]
            if not selector:
                del spec["nodeSelector"]
        if self.hollow:
            without(spec, "tolerations", SESSION_LABEL)

    def _undress_statuses(self, pod: Object) -> None:
        """Statuses name the image as the runtime does; the one it was started with is meant."""
        images = {
            each["name"]: self.images.name(each.get("image", ""))
            for each in containers(pod.get("spec") or {})
            if "name" in each
        }
        for group in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            for status in pod["status"].get(group) or ():
                wanted = images.get(status.get("name", ""), status.get("image", ""))
                identity = status.get("containerID") or ""
                if identity:
                    wanted = self._started_with.setdefault(identity, wanted)
                status["image"] = wanted
                dressing.strip(status, "volumeMounts")
                waiting = (status.get("state") or {}).get("waiting") or {}
                if "message" in waiting:
                    waiting["message"] = self.text(self.images.text(waiting["message"]))

    def _disown_node(self, node: Object) -> None:
        labels = node["metadata"].get("labels") or {}
        labels.pop(SESSION_LABEL, None)
        if isinstance(node.get("spec"), dict):
            without(node["spec"], "taints", SESSION_LABEL)
            if not node["spec"]:
                del node["spec"]
        hostname = "kubernetes.io/hostname"
        if hostname in labels:
            labels[hostname] = self.inner_name("Node", labels[hostname])

    # -- everywhere in an object ------------------------------------------------------------------

    def _walk(
        self, value: Any, namespace: Callable[[str], str], name: Callable[[str, str], str]
    ) -> None:
        """Exchanges, in place, whatever names a namespace or a cluster-scoped object."""
        if isinstance(value, dict):
            for key, part in value.items():
                if (
                    key == "namespace"
                    and isinstance(part, str)
                    and part.isascii()
                    and " " not in part
                ):
                    value[key] = namespace(part) if part else part
                elif key in NAMES and isinstance(part, str):
                    value[key] = name(NAMES[key], part)
                elif key == "nodeName" and isinstance(part, str) and self.hollow:
                    value[key] = name("Node", part)
                elif key in SELECTIONS and self.hollow and isinstance(part, list):
                    exchange_hostnames(part, name)
                else:
                    self._walk(part, namespace, name)
        elif isinstance(value, list):
            for part in value:
                self._walk(part, namespace, name)
