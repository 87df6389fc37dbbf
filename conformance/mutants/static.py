"""STATIC: kubelets that mistake the files of their node, and the mirrors of what runs from them."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.kubelet import static_manifests
from conformance.adapters.simulator.kubelet.static_pods import StaticPods, StaticWorker
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

MANIFESTS: Final = f"{SIMULATOR}.kubelet.static_manifests"
PODS: Final = f"{SIMULATOR}.kubelet.static_pods:StaticPods"
REPLICAS: Final = f"{SIMULATOR}.controllers.workloads.replicas:ReplicaController"
WORKER: Final = f"{SIMULATOR}.kubelet.static_pods:StaticWorker"


@mutant("STATIC-001", f"{MANIFESTS}:full_name")
def nodes_share_names(_: Any) -> Any:
    """A mirror Pod has the name that stands in the file."""
    return lambda name, _: name


@mutant("STATIC-001", f"{MANIFESTS}:mirror_of")
def nobody_knows_where_it_comes_from(original: Any) -> Any:
    """A mirror Pod lacks the annotation config.seen."""

    def mirror_of(pod: Any, node: Any) -> Any:
        path = ("metadata", "annotations", static_manifests.SEEN)
        return meta.with_path(original(pod, node), path, None)

    return mirror_of


@mutant("STATIC-001", f"{MANIFESTS}:mirror_of")
def it_leaves_a_node_in_trouble(original: Any) -> Any:
    """A mirror Pod does not tolerate NoExecute."""
    return lambda pod, node: meta.with_path(original(pod, node), ("spec", "tolerations"), None)


@mutant("STATIC-002", f"{PODS}._changed")
def the_directory_is_read_once(_: Any) -> Any:
    """Files are read when the kubelet starts, and never after."""
    return lambda _: None


@mutant("STATIC-002", f"{PODS}._changed")
def a_scan_takes_its_time(_: Any) -> Any:
    """The directory is read two minutes after a change."""
    return lambda statics: statics.kubelet.clock.after(120.0, statics.read)


@mutant("STATIC-002", f"{MANIFESTS}:is_read")
def every_file_is_read(original: Any) -> Any:
    """Dotfiles and files in subdirectories are read too."""
    return lambda file: original(file.rpartition("/")[2].lstrip("."))


@mutant("STATIC-003", f"{PODS}._mirror")
def the_mirror_is_the_pod(original: Any) -> Any:
    """Who deletes the mirror Pod stops its containers, which start anew with the next one."""

    def mirror(statics: StaticPods, worker: StaticWorker) -> None:
        if worker.mirror() is None or meta.is_deleting(worker.mirror() or {}):
            worker.kill_all()
        original(statics, worker)

    return mirror


@mutant("STATIC-003", f"{PODS}._mirror")
def a_deleted_mirror_stays_away(original: Any) -> Any:
    """A mirror Pod is made once, and not again when somebody deletes it."""

    def mirror(statics: StaticPods, worker: StaticWorker) -> None:
        if "status" not in worker.pod:
            original(statics, worker)

    return mirror


@mutant("STATIC-003", f"{MANIFESTS}:mirror_of", f"{SIMULATOR}.api.pods:initial_status")
def a_mirror_is_born_running(original: Any) -> Any:
    """The new mirror Pod is Running from its first moment."""

    def faulty(pod: Any, *node: Any) -> Any:
        made = original(pod, *node)
        if node:
            return made
        return {**made, "phase": "Running"} if static_manifests.is_mirror(pod) else made

    return faulty


@mutant("STATIC-004", f"{WORKER}.retire")
def a_file_that_goes_kills(original: Any) -> Any:
    """A static Pod whose file goes is killed without grace."""

    def retire(worker: StaticWorker) -> None:
        worker.kill_all()
        original(worker)

    return retire


@mutant("STATIC-004", f"{WORKER}.retire")
def what_runs_runs_on(_: Any) -> Any:
    """A static Pod runs on when its file has gone."""
    return lambda _: None


@mutant("STATIC-004", f"{PODS}.reconcile")
def the_new_one_does_not_wait(original: Any) -> Any:
    """A changed file starts its Pod beside the old one, which is still being stopped."""

    def reconcile(statics: StaticPods) -> None:
        names = [meta.name_of(pod) for pod in statics.wanted.values()]
        for worker in list(statics.workers.values()):
            if worker.uid not in statics.wanted and worker.key[1] in names:
                worker.retire()
                del statics.workers[worker.uid]
        original(statics)

    return reconcile


@mutant("STATIC-005", SETTINGS)
def nobody_probes_static_pods(original: Any) -> Any:
    """The probes of static Pods are not executed."""
    return turned(original, static_pods_probed=False)


@mutant("STATIC-005", SETTINGS, profile="documented")
def static_pods_are_probed(original: Any) -> Any:
    """The probes of static Pods are executed."""
    return turned(original, static_pods_probed=True)


@mutant("STATIC-006", SETTINGS)
def static_pods_always_restart(original: Any) -> Any:
    """A static Pod is restarted whatever its restartPolicy says."""
    return turned(original, static_pods_always_restart=True)


@mutant("STATIC-006", SETTINGS, profile="documented")
def static_pods_obey_their_policy(original: Any) -> Any:
    """A static Pod is restarted as its restartPolicy says."""
    return turned(original, static_pods_always_restart=False)


@mutant("STATIC-007", f"{MANIFESTS}:references")
def the_api_is_asked(_: Any) -> Any:
    """A static Pod may refer to objects of the API."""
    return lambda _: iter(())


@mutant("STATIC-008", f"{MANIFESTS}:mirror_of")
def it_is_up_for_adoption(original: Any) -> Any:
    """A mirror Pod has no owner."""
    return lambda pod, node: meta.with_path(
        original(pod, node), ("metadata", "ownerReferences"), None
    )


@mutant("STATIC-008", f"{REPLICAS}._claimed_pods")
def controllers_take_what_they_can(original: Any) -> Any:
    """A controller that lacks Pods adopts those that a node owns."""

    def claimed(controller: Any, workload: Any) -> Any:
        pods = original(controller, workload)
        for pod in controller.store.list("Pod"):
            lacks = len(pods) < workload["spec"].get("replicas", 1)
            if lacks and pod not in pods and static_manifests.is_mirror(pod):
                unowned = meta.with_path(pod, ("metadata", "ownerReferences"), None)
                pods.append(controller.adopt(workload, unowned))
        return pods

    return claimed
