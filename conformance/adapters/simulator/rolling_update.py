"""kubectl rolling-update: a client that sizes two ReplicationControllers in turn, while time passes.

Source: ROLLOUT-001..004; ``pkg/kubectl/rolling_updater.go`` and ``cmd/rollingupdate.go`` until 1.17.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import define

from conformance.adapters.simulator import errors, meta
from conformance.adapters.simulator.meta import Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

KIND: Final = "ReplicationController"
PREFIX: Final = "kubectl.kubernetes.io/"
PARTNER: Final = f"{PREFIX}update-partner"
DESIRED: Final = f"{PREFIX}desired-replicas"
ORIGINAL: Final = f"{PREFIX}original-replicas"
NEXT: Final = f"{PREFIX}next-controller-id"
DEPLOYMENT: Final = "deployment"

PERIOD: Final = 60.0
POLL: Final = 3.0
TIMEOUT: Final = 300.0
SURGE: Final = 1


@define
class Update:
    """One command that runs: it replaces OLD by NEW."""

    engine: Engine
    namespace: str
    old: str
    new: str
    desired: int
    keeps_name: bool = False
    deadline: float = 0.0
    stopped: bool = False

    # Reading and writing.

    def read(self, name: str) -> Object:
        """A controller as it is now."""
        return self.engine.store.read(KIND, self.namespace, name)

    def size(self, name: str) -> int:
        """How many Pods a controller asks for."""
        return int(self.read(name)["spec"]["replicas"])

    def resize(self, name: str, size: int) -> None:
        """Ask for another number of Pods."""
        path = ("spec", "replicas")
        self.engine.store.update(meta.with_path(self.read(name), path, size))

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it then, unless the command was stopped; a controller that is gone ends it."""

        def run() -> None:
            if not self.stopped:
                try:
                    action()
                except errors.ApiError:
                    self.stopped = True

        self.engine.clock.after(seconds, run)

    def when_sized(self, name: str, then: Callable[[], None]) -> None:
        """Poll until the controller has the Pods that it asks for; give up after a while."""
        end = self.engine.clock.now + TIMEOUT

        def poll() -> None:
            controller = self.read(name)
            status, metadata = controller.get("status") or {}, controller["metadata"]
            seen = status.get("observedGeneration", 0) >= metadata.get("generation", 1)
            if seen and status.get("replicas", 0) == controller["spec"]["replicas"]:
                then()
            elif self.engine.clock.now < end:
                self.later(POLL, poll)
            else:
                self.stopped = True

        self.later(POLL, poll)

    # The steps, one after the other.

    def start(self) -> None:
        """Nothing has been sized yet."""
        self.deadline = self.engine.clock.now + TIMEOUT
        self.up()

    def up(self) -> None:
        """NEW grows as far as the surge allows (ROLLOUT-001)."""
        old, new = self.size(self.old), self.size(self.new)
        if new == self.desired and old == 0:
            self.clean_up()
            return
        size = self.grown(old, new)
        if size == new:
            self.later(PERIOD, lambda: self.down(old, new))
            return
        self.resize(self.new, size)
        self.when_sized(self.new, lambda: self.later(PERIOD, lambda: self.down(old, new)))

    def grown(self, old: int, new: int) -> int:
        """The size that NEW may have beside OLD."""
        room = self.desired - new if old == 0 else self.desired + SURGE - old - new
        return min(new + max(room, 0), self.desired)

    def down(self, old_before: int, new_before: int) -> None:
        """OLD shrinks as far as NEW is available."""
        old, new = self.size(self.old), self.size(self.new)
        size = self.shrunk(old, new, self.available())
        if size != old_before or new != new_before:
            self.deadline = self.engine.clock.now + TIMEOUT
        elif self.engine.clock.now > self.deadline:
            self.stopped = True
            return
        if size == old:
            self.later(0.0, self.up)
            return
        self.resize(self.old, size)
        self.when_sized(self.old, self.up)

    def available(self) -> int:
        """How many Pods of NEW are ready."""
        return int((self.read(self.new).get("status") or {}).get("readyReplicas") or 0)

    def shrunk(self, old: int, new: int, available: int) -> int:
        """The size that OLD keeps beside NEW."""
        if new == available == self.desired:
            return 0
        return max(old - max(old + new - self.desired - (new - available), 0), 0)

    def clean_up(self) -> None:
        """OLD goes, and NEW takes its name where it was made of an image (ROLLOUT-004)."""
        new = _noted(self.read(self.new), **{PARTNER: None, DESIRED: None})
        self.engine.store.update(new)
        self.when_sized(self.new, self.finish)

    def finish(self) -> None:
        """Everything is NEW."""
        self.stopped = True
        new = self.read(self.new)
        self.engine.store.delete(KIND, self.namespace, self.old)
        if self.keeps_name:
            self.rename(new)

    def rename(self, controller: Object) -> None:
        """The same controller under another name; its Pods are left alone, and found again."""
        store = self.engine.store
        for pod in store.list("Pod"):
            owner = meta.controller_of(pod)
            if owner is not None and owner["uid"] == meta.uid_of(controller):
                store.update(meta.with_path(pod, ("metadata", "ownerReferences"), None))
        store.delete(KIND, self.namespace, self.new)
        metadata = {
            key: controller["metadata"][key]
            for key in ("namespace", "labels", "annotations")
            if key in controller["metadata"]
        }
        store.create({**controller, "metadata": {**metadata, "name": self.old}})


class Updaters:
    """The commands that run, by the controller that they were begun with."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.running: dict[tuple[str, str], Update] = {}

    def begin(
        self,
        namespace: str,
        name: str,
        object: Object | None = None,
        image: str | None = None,
        newName: str | None = None,  # noqa: N803
        rollback: bool = False,
    ) -> None:
        """What ``kubectl rolling-update NAME`` does with these options; it goes on by itself.

        Raises:
            ApiError: 400 the options do not go together, or NEW does not fit; 404 there is no OLD.
        """
        refuse_options(object, image, rollback)
        old = self.engine.store.read(KIND, namespace, name)
        if rollback:
            update = self._back(old, newName)
        else:
            made = (
                self._of_object(old, object)
                if object
                else self._resumed(old, image, newName) or self._of_image(old, image, newName)
            )
            update = self._towards(old, made, keeps_name=bool(image) and not newName)
        self._stop(namespace, name)
        self.running[namespace, name] = update
        update.start()

    def _stop(self, namespace: str, name: str) -> None:
        running = self.running.pop((namespace, name), None)
        if running is not None:
            running.stopped = True

    def _of_object(self, old: Object, given: Object) -> Object:
        """NEW as it was written (ROLLOUT-003)."""
        made: Object = meta.plain_copy(given)
        refuse_new(old, made)
        made["metadata"]["namespace"] = meta.namespace_of(old)
        if made["spec"].get("replicas") is None:
            made["spec"]["replicas"] = old["spec"]["replicas"]
        return made

    def _resumed(self, old: Object, image: str | None, name: str | None) -> Object | None:
        """NEW as the update that is in progress has it; None where there is none."""
        name = name or _note_of(old, NEXT)
        new = name and self.engine.store.get(KIND, meta.namespace_of(old), name)
        if not new:
            return None
        begun = new["spec"]["template"]["spec"]["containers"][0]["image"]
        if begun != image:
            raise errors.bad_request(f"Found existing in-progress update to image ({begun})")
        return new

    def _of_image(self, old: Object, image: str | None, name: str | None) -> Object:
        """NEW as OLD with another image, told apart by a label (ROLLOUT-004)."""
        if len(old["spec"]["template"]["spec"]["containers"]) > 1:
            raise errors.bad_request(
                "Must specify container to update when updating a multi-container pod"
            )
        made: Object = meta.plain_copy(old)
        made["spec"]["template"]["spec"]["containers"][0]["image"] = image
        hashed = _hash(made["spec"])
        name = name or f"{meta.name_of(old)}-{hashed}"
        made["metadata"] = {"name": name, "namespace": meta.namespace_of(old)}
        made["spec"]["selector"] = {**old["spec"]["selector"], DEPLOYMENT: hashed}
        labels = {**meta.labels_of(old["spec"]["template"]), DEPLOYMENT: hashed}
        made["spec"]["template"]["metadata"]["labels"] = labels
        made.pop("status", None)
        if meta.name_of(old) == name:
            raise errors.bad_request(f"{name} cannot have the same name as the existing one")
        return made

    def _towards(self, old: Object, made: Object, *, keeps_name: bool) -> Update:
        store, namespace = self.engine.store, meta.namespace_of(old)
        partner = f"{meta.name_of(old)}:{meta.uid_of(old)}"
        new = store.get(KIND, namespace, meta.name_of(made))
        if new is None:
            if made["spec"].get("replicas", 1) <= 0:
                raise errors.bad_request(f"Invalid controller spec for {meta.name_of(made)}")
            noted = {PARTNER: partner, DESIRED: str(made["spec"].get("replicas", 1))}
            empty = meta.with_path(_noted(made, **noted), ("spec", "replicas"), 0)
            new = store.create(empty)
        elif _note_of(new, PARTNER) != partner or _note_of(new, DESIRED) is None:
            raise errors.bad_request(f"Missing/unexpected annotations for {meta.name_of(new)}")
        if keeps_name:
            self._label(old, meta.name_of(new))
        self._note_original(store.read(*meta.key_of(old)))
        desired = int(_note_of(new, DESIRED) or 0)
        return Update(
            self.engine, namespace, meta.name_of(old), meta.name_of(new), desired, keeps_name
        )

    def _label(self, old: Object, following: str) -> None:
        """OLD and its Pods get a label of their own, so that NEW's selector tells them apart."""
        store = self.engine.store
        old = store.update(_noted(old, **{NEXT: following}))
        if DEPLOYMENT in old["spec"]["selector"]:
            return
        hashed = _hash(old["spec"])
        path = ("spec", "template", "metadata", "labels", DEPLOYMENT)
        old = store.update(meta.with_path(old, path, hashed))
        for pod in store.list("Pod"):
            owner = meta.controller_of(pod)
            if owner is not None and owner["uid"] == meta.uid_of(old):
                store.update(meta.with_path(pod, ("metadata", "labels", DEPLOYMENT), hashed))
        store.update(meta.with_path(old, ("spec", "selector", DEPLOYMENT), hashed))

    def _note_original(self, old: Object) -> None:
        if _note_of(old, ORIGINAL) is None:
            self.engine.store.update(_noted(old, **{ORIGINAL: str(old["spec"]["replicas"])}))

    def _back(self, old: Object, name: str | None) -> Update:
        """The roles are swapped, and OLD gets the size that it had (ROLLOUT-004)."""
        namespace, name = meta.namespace_of(old), name or _note_of(old, NEXT)
        new = None if name is None else self.engine.store.get(KIND, namespace, name)
        if new is None:
            raise errors.bad_request(f"Could not find {name} to rollback.")
        original = _note_of(old, ORIGINAL)
        if original is None:
            why = f'couldn\'t find original replica count of "{meta.name_of(old)}"'
            raise errors.bad_request(why)
        noted = {PARTNER: f"{meta.name_of(new)}:{meta.uid_of(new)}", DESIRED: original}
        self.engine.store.update(_noted(old, **noted))
        return Update(self.engine, namespace, meta.name_of(new), meta.name_of(old), int(original))


def refuse_options(given: Object | None, image: str | None, rollback: bool) -> None:
    """The options of the command that do not go together (ROLLOUT-004).

    Raises:
        ApiError: 400.
    """
    if rollback and (given or image):
        raise errors.bad_request("Don't specify --filename or --image on rollback")
    if not rollback and bool(given) == bool(image):
        raise errors.bad_request("Must specify either --filename or --image for new controller")


def refuse_new(old: Object, new: Object) -> None:
    """NEW must be told apart from OLD, by its name and by its selector (ROLLOUT-003).

    Raises:
        ApiError: 400.
    """
    if new.get("kind") != KIND:
        raise errors.bad_request(f"{new.get('kind')} is no {KIND}")
    name, namespace = meta.name_of(new), meta.namespace_of(new) or meta.namespace_of(old)
    if name == meta.name_of(old):
        raise errors.bad_request(f"{name} cannot have the same name as the existing one")
    if namespace != meta.namespace_of(old):
        raise errors.bad_request(f"the namespace {namespace} is not that of {meta.name_of(old)}")
    if not differs_in_a_shared_key(old, new):
        why = "must specify a matching key with non-equal value in Selector"
        raise errors.bad_request(f"{name} {why} for {meta.name_of(old)}")


def differs_in_a_shared_key(old: Object, new: Object) -> bool:
    """Whether a key of both selectors has two values."""
    theirs: Any = (new.get("spec") or {}).get("selector") or {}
    return any(
        key in theirs and theirs[key] != value for key, value in old["spec"]["selector"].items()
    )


def _noted(controller: Object, **annotations: str | None) -> Object:
    before = controller["metadata"].get("annotations") or {}
    noted = {k: v for k, v in {**before, **annotations}.items() if v is not None}
    return {**controller, "metadata": {**controller["metadata"], "annotations": noted}}


def _note_of(controller: Object, name: str) -> str | None:
    text: str | None = (controller["metadata"].get("annotations") or {}).get(name)
    return text


def _hash(spec: Any) -> str:
    return hashlib.md5(json.dumps(spec, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
