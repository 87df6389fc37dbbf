"""What a tester asks for, done to a real cluster: one function a verb, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.cluster import nodes, steering, streams
from conformance.adapters.cluster.client import Answer, Query
from conformance.adapters.cluster.cluster import DEFAULT_CLASS
from conformance.adapters.cluster.kinds import KINDS, path
from conformance.adapters.cluster.place import Given, Place
from spec_model.events import Accepted, Cause, Rejected, Response

DRY: Final[Query] = (("dryRun", "All"),)


def create(place: Place, given: Given) -> Response:
    """POSTs an object; a dry run stores nothing."""
    manifest, dry = given["object"], bool(given.get("dryRun"))
    refusal = None if dry else _unsafe(place, manifest)
    if refusal is not None:
        return refusal
    if not dry and manifest.get("kind") != "PersistentVolumeClaim":
        place.cluster.wait_for_room()
    kind, namespace = _kind_of(manifest), _namespace_of(place, manifest)
    where = path(kind, namespace, api=_api_of(manifest, kind))
    if kind == "Eviction":
        where = path("Pod", namespace, manifest["metadata"]["name"], subresource="eviction")
    told = {} if dry else place.manners.of_new(*_inner(manifest))
    if kind == "Pod" and not dry:
        _learn_default_policies(place, manifest, where)
    elif not dry:
        _learn_policies_of_template(place, manifest, kind, where)
    body = place.mapper.outward(manifest, kind, told, dry=dry)
    query = [*(DRY if dry else ())]
    if given.get("fieldValidation"):
        query.append(("fieldValidation", given["fieldValidation"]))
    return _answer(place, place.cluster.api.post(where, body, query))


def _learn_default_policies(place: Place, manifest: Mapping[str, Any], where: str) -> None:
    """What pull policies the API gives where the run fills in its own, asked without storing anything."""
    names, stored = place.mapper.left_open(manifest), dict[str, Any]()
    if names and place.mapper.fills_in:
        body = place.mapper.outward(manifest, "Pod", dry=True)
        answer = place.cluster.api.post(where, body, DRY)
        stored = answer.body if answer.ok else {}
    place.mapper.learn_policies(_inner(manifest)[1], stored, names)


def _learn_policies_of_template(
    place: Place, manifest: Mapping[str, Any], kind: str, where: str
) -> None:
    names = place.mapper.templates_left_open(manifest, kind) if place.mapper.fills_in else []
    if names:
        body = place.mapper.outward(manifest, kind, dry=True)
        answer = place.cluster.api.post(where, body, DRY)
        if answer.ok:
            place.mapper.learn_template(answer.body, kind, names)


def replace(place: Place, given: Given) -> Response:
    """PUTs a whole object."""
    manifest = given["object"]
    refusal = _unsafe(place, manifest)
    if refusal is not None:
        return refusal
    kind = _kind_of(manifest)
    name = place.mapper.outer_name(kind, manifest["metadata"]["name"])
    where = path(kind, _namespace_of(place, manifest), name, api=_api_of(manifest, kind))
    body = place.mapper.outward(manifest, kind, place.manners.of(*_inner(manifest)))
    return _answer(place, place.cluster.api.put(where, body))


def patch(place: Place, given: Given) -> Response:
    """A JSON merge patch."""
    kind = given["kind"]
    refusal = _unsafe(place, {"kind": kind, **given["patch"]})
    if refusal is not None:
        return refusal
    where = _where(place, kind, given["namespace"], given["name"], given.get("subresource") or "")
    told = place.manners.of(given["namespace"], given["name"])
    body = place.mapper.outward(given["patch"], kind, told)
    return _answer(place, place.cluster.api.patch(where, body))


def delete(place: Place, given: Given) -> Response:
    """Asks for an object's end."""
    grace = given.get("gracePeriodSeconds")
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if given["kind"] in ("Deployment", "ReplicaSet", "Job", "DaemonSet", "StatefulSet"):
        options["propagationPolicy"] = "Background"
    if grace is not None:
        options["gracePeriodSeconds"] = int(grace)
    refusal = _foreign(place, given["kind"], given["name"])
    if refusal is not None:
        return refusal
    where = _where(place, given["kind"], given["namespace"], given["name"])
    return _answer(place, place.cluster.api.delete(where, options))


def bind(place: Place, given: Given) -> Response:
    """Puts a Pod on a node, as a scheduler does."""
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": given["pod"]},
        "target": {
            "apiVersion": "v1",
            "kind": "Node",
            "name": place.mapper.outer_name("Node", given["node"]),
        },
    }
    where = _where(place, "Pod", given["namespace"], given["pod"], "binding")
    answer = _answer(place, place.cluster.api.post(where, binding))
    return Accepted() if isinstance(answer, Accepted) else answer


def write_status(place: Place, given: Given) -> Response:
    """A merge patch of a Pod's status."""
    where = _where(place, "Pod", given["namespace"], given["pod"], "status")
    return _answer(place, place.cluster.api.patch(where, {"status": given["status"]}))


def set_image(place: Place, given: Given) -> Response:
    """What pulls of an image come to: only before containers were made with it."""
    if place.images.set(given["image"], given["outcome"]):
        return Accepted()
    why = f"what pulls of {given['image']} come to cannot be changed any more"
    return Rejected(501, "NotImplemented", why)


def set_usage(place: Place, given: Given) -> Response:
    """What the metrics API says of a Pod."""
    namespace = place.mapper.namespace(given["namespace"])
    place.cluster.usage.choose(namespace, given["pod"], given["usage"])
    return Accepted()


def set_metrics(place: Place, given: Given) -> Response:
    """Whether the metrics API answers for this scenario's namespace."""
    place.cluster.usage.set_available(place.mapper.home, bool(given["available"]))
    return Accepted()


def advance(_: Place, __: Given) -> Response:
    """Time passes by itself."""
    return Accepted()


VERBS: Final[Mapping[str, Callable[[Place, Given], Response]]] = {
    "create": create,
    "replace": replace,
    "patch": patch,
    "delete": delete,
    "bind": bind,
    "write-status": write_status,
    "set-image": set_image,
    "set-usage": set_usage,
    "set-metrics": set_metrics,
    **streams.VERBS,
    **steering.VERBS,
    **nodes.VERBS,
    "advance": advance,
}


# -- how -------------------------------------------------------------------------------------------


def _kind_of(manifest: Mapping[str, Any]) -> str:
    """Where an object is sent; one that does not say what it is goes to the Pods, and is refused there."""
    kind = manifest.get("kind")
    return kind if isinstance(kind, str) and kind in KINDS else "Pod"


def _api_of(manifest: Mapping[str, Any], kind: str) -> str:
    version = manifest.get("apiVersion")
    return version if isinstance(version, str) and version else KINDS[kind].api


def _namespace_of(place: Place, manifest: Mapping[str, Any]) -> str:
    metadata = manifest.get("metadata")
    given = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if not isinstance(given, str) or not given or " " in given:
        return place.mapper.home
    inner = place.mapper.namespace(given)
    if inner != place.mapper.home:
        place.cluster.territory.extend(inner)
    return inner


def _inner(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Namespace and name as the scenario gives them."""
    metadata = manifest.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    return str(given.get("namespace") or "default"), str(given.get("name"))


def _where(place: Place, kind: str, namespace: str, name: str, subresource: str = "") -> str:
    inner = place.mapper.namespace(namespace) if namespace else ""
    return path(kind, inner, place.mapper.outer_name(kind, name), subresource=subresource)


def _answer(place: Place, answer: Answer) -> Response:
    if answer.ok:
        kind = answer.body.get("kind")
        return Accepted(place.mapper.inward(answer.body) if kind in KINDS else None)
    details = answer.body.get("details") or {}
    causes = tuple(
        Cause(each.get("field", ""), each.get("reason", "")) for each in details.get("causes") or ()
    )
    reason = str(answer.body.get("reason") or "Unknown")
    return Rejected(answer.code, reason, place.mapper.text(answer.message), causes)


def _foreign(place: Place, kind: str, name: str) -> Rejected | None:
    if place.cluster.is_foreign(kind, name):
        return Rejected(403, "Forbidden", f"{kind} {name} is not of this run")
    return None


def _unsafe(place: Place, manifest: Mapping[str, Any]) -> Rejected | None:
    """Why an object is not sent: it would touch what is not of this run."""
    kind, metadata, spec = (manifest.get(part) or {} for part in ("kind", "metadata", "spec"))
    name = metadata.get("name") if isinstance(metadata, Mapping) else ""
    if isinstance(name, str) and kind in ("PersistentVolume", "StorageClass", "Node"):
        refusal = _foreign(place, str(kind), name)
        if refusal is not None:
            return refusal
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if kind == "StorageClass" and (annotations or {}).get(DEFAULT_CLASS) == "true":
        return Rejected(403, "Forbidden", "a default class would be given to everybody's claims")
    if kind == "Node" and place.cluster.options.kubelet != "hollow":
        return Rejected(403, "Forbidden", "a Node that nobody runs would draw everybody's Pods")
    if kind != "PersistentVolume" or not isinstance(spec, Mapping):
        return None
    recycles = spec.get("persistentVolumeReclaimPolicy") == "Recycle"
    if recycles and not place.cluster.options.reclaim:
        return Rejected(
            403, "Forbidden", "volumes are recycled by Pods outside of this run (?reclaim=)"
        )
    host_path = spec.get("hostPath")
    if isinstance(host_path, Mapping) and host_path.get("path") == "/":
        return Rejected(403, "Forbidden", "the root of a host is not of this run")
    return None
