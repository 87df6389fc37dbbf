"""REASON: engines that have the wrong word for why a container waits, or how it ended."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator.kubelet import faults
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

IMAGES: Final = f"{SIMULATOR}.kubelet.images"
STATUS: Final = f"{SIMULATOR}.kubelet.status"
RUNTIME: Final = f"{SIMULATOR}.kubelet.runtime"
HINDRANCES: Final = f"{SIMULATOR}.kubelet.hindrances"
FAULTS: Final = f"{SIMULATOR}.kubelet.faults"
POST_START: Final = f"{SIMULATOR}.kubelet.post_start"
DEFAULTS: Final = f"{SIMULATOR}.api.pod_defaults"


def renamed(**words: str) -> Any:
    """``Why`` with other words for some reasons."""
    return lambda original: lambda reason, message: original(words.get(reason, reason), message)


# REASON-001


@mutant("REASON-001", f"{STATUS}:default_reason")
def a_container_waits_for_its_condition(_: Any) -> Any:
    """The reason of a container that has not started is that of the Pod's condition."""
    return lambda _: "ContainersNotReady"


@mutant("REASON-001", f"{HINDRANCES}:Why", profile="documented")
def a_crash_is_called_a_restart(original: Any) -> Any:
    """A container in its back-off waits because of RestartBackOff."""
    return renamed(CrashLoopBackOff="RestartBackOff")(original)


@mutant("REASON-001", f"{IMAGES}:Why")
def an_image_that_cannot_be_read_is_an_error_of_the_store(original: Any) -> Any:
    """An image that cannot be inspected is told by the word of the image store."""
    return renamed(ImageInspectError="ImageStoreError")(original)


@mutant("REASON-001", f"{FAULTS}:cannot_start")
def a_start_that_fails_is_called_by_its_end(original: Any) -> Any:
    """A container that cannot be started waits because of StartError."""
    return told_as("StartError")(original)


@mutant("REASON-001", f"{FAULTS}:cannot_start", profile="documented")
def a_start_that_fails_was_never_created(original: Any) -> Any:
    """A container that cannot be started waits because of CreateContainerError."""
    return told_as("CreateContainerError")(original)


def told_as(word: str) -> Any:
    """``cannot_start`` with another word for it."""

    def make(original: Any) -> Any:
        def cannot_start(worker: Any, container: Any, run: Any) -> bool:
            failed: bool = original(worker, container, run)
            if failed:
                worker.waiting[run.container] = evolve(worker.waiting[run.container], reason=word)
            return failed

        return cannot_start

    return make


@mutant("REASON-001", f"{FAULTS}:before_start")
def the_hooks_around_a_creation_are_one(original: Any) -> Any:
    """What fails before a container is created is told as what fails before it is started."""

    def before_start(worker: Any, name: str) -> Any:
        why = original(worker, name)
        return None if why is None else evolve(why, reason="PreStartHookError")

    return before_start


@mutant("REASON-001", f"{FAULTS}:before_start", profile="documented")
def a_hook_of_the_kubelet_is_one_of_the_user(original: Any) -> Any:
    """What fails before a container is started is told as a failed postStart hook."""

    def before_start(worker: Any, name: str) -> Any:
        why = original(worker, name)
        return None if why is None else evolve(why, reason="RunContainerError")

    return before_start


# REASON-002


def blamed(worker: Any, part: str) -> None:
    """Containers that wait are told to wait for their node."""
    worker.start_time = worker.start_time or worker.clock.timestamp()
    faults.blame(worker, part, "")
    worker.show()


@mutant("REASON-002", f"{FAULTS}:lacks_network")
def a_pod_blames_the_network(original: Any) -> Any:
    """A Pod without a network waits because of NetworkPluginNotReady."""

    def lacks_network(worker: Any) -> bool:
        lacks: bool = original(worker)
        if lacks:
            blamed(worker, faults.NETWORK)
        return lacks

    return lacks_network


@mutant("REASON-002", f"{FAULTS}:hold")
def a_pod_blames_the_runtime(_: Any) -> Any:
    """A Pod that nobody looks after waits because of DockerDaemonNotReady."""
    return lambda worker: None if worker.finished else blamed(worker, faults.RUNTIME)


@mutant("REASON-002", f"{FAULTS}:node_changed")
def the_node_says_nothing(_: Any) -> Any:
    """A node without a network, or without a runtime, stays Ready."""
    return lambda *_: None


@mutant("REASON-002", f"{FAULTS}:DOWN")
def the_node_does_not_say_what_is_down(_: Any) -> Any:
    """A node without a runtime says that something is wrong."""
    return "something is wrong"


@mutant("REASON-002", f"{FAULTS}:lacks_network")
def nobody_tells_of_the_network(original: Any) -> Any:
    """No Event tells a Pod that it has no network."""

    def lacks_network(worker: Any) -> bool:
        told, worker.report = worker.report, lambda *_: None
        lacks: bool = original(worker)
        worker.report = told
        return lacks

    return lacks_network


@mutant("REASON-002", f"{FAULTS}:lacks_network")
def a_pod_starts_without_a_network(_: Any) -> Any:
    """A Pod starts though there is no network for it."""
    return lambda _: False


@mutant("REASON-002", SETTINGS)
def a_pod_without_a_network_waits_for_the_next_sync(original: Any) -> Any:
    """A Pod without a network is tried again once in 10 s."""
    return turned(original, network_retry_seconds=10.0)


@mutant("REASON-002", f"{FAULTS}:Faults.works")
def a_kubelet_does_not_need_a_runtime(original: Any) -> Any:
    """Pods start on a node whose runtime is down."""
    return lambda found, part: part == faults.RUNTIME or original(found, part)


@mutant("REASON-002", f"{FAULTS}:blame", profile="documented")
def a_pod_does_not_blame_its_node(_: Any) -> Any:
    """A Pod whose node has no runtime or no network waits without a word."""
    return lambda *_: None


@mutant("REASON-002", f"{FAULTS}:blame", profile="documented")
def only_the_daemon_is_blamed(original: Any) -> Any:
    """A Pod without a network waits without a word."""

    def blame(worker: Any, part: str, message: str) -> None:
        if part != faults.NETWORK:
            original(worker, part, message)

    return blame


# REASON-003


@mutant("REASON-003", f"{IMAGES}:Images.failure")
def every_failed_pull_is_the_same(_: Any) -> Any:
    """An unreachable registry is ErrImagePull, though the runtime has a word for it."""
    return lambda *_: "ErrImagePull"


@mutant("REASON-003", f"{IMAGES}:Images.failure", profile="documented")
def no_word_for_the_registry(_: Any) -> Any:
    """An unreachable registry is ErrImagePull."""
    return lambda *_: "ErrImagePull"


@mutant("REASON-003", f"{IMAGES}:Images.failure")
def every_runtime_has_a_word_for_the_registry(original: Any) -> Any:
    """An unreachable registry is RegistryUnavailable, whatever the runtime says."""

    def failure(images: Any, outcome: str) -> Any:
        return "RegistryUnavailable" if outcome == "unavailable" else original(images, outcome)

    return failure


# REASON-004


@mutant("REASON-004", f"{IMAGES}:needs_pull")
def never_tries_at_least(_: Any) -> Any:
    """Under Never an absent image is pulled after all."""
    return lambda policy, is_present: policy == "Always" or not is_present


@mutant("REASON-004", f"{IMAGES}:needs_pull")
def always_pulls_once(_: Any) -> Any:
    """Under Always an image is pulled only where it is absent."""
    return lambda policy, is_present: policy != "Never" and not is_present


@mutant("REASON-004", f"{IMAGES}:needs_pull", profile="documented")
def what_is_there_is_pulled_again(_: Any) -> Any:
    """Under IfNotPresent an image that is there is pulled again."""
    return lambda policy, _: policy != "Never"


@mutant("REASON-004", f"{DEFAULTS}:default_image_pull_policy")
def the_default_is_if_not_present(_: Any) -> Any:
    """The default policy is IfNotPresent, for the tag latest too."""
    return lambda _: "IfNotPresent"


@mutant("REASON-004", f"{IMAGES}:Images._use_present")
def never_is_silent(original: Any) -> Any:
    """No Event tells that an image may not be pulled."""
    return lambda images, wish, _: original(images, wish, lambda *_: None)


@mutant("REASON-004", f"{IMAGES}:Images.may_use")
def what_is_there_is_for_everybody(_: Any) -> Any:
    """An image that one Pod has pulled with its secrets is used by those without any."""
    return lambda *_: True


# REASON-005


@mutant("REASON-005", f"{IMAGES}:Images._get")
def a_back_off_forgets_the_error(original: Any) -> Any:
    """ImagePullBackOff does not say which error came before it."""

    def get(*given: Any) -> Any:
        why = original(*given)
        if why is None or why.reason != "ImagePullBackOff":
            return why
        return evolve(why, message=why.message.partition(": ")[0])

    return get


@mutant("REASON-005", f"{IMAGES}:Images._pull")
def a_failed_pull_is_normal(original: Any) -> Any:
    """The Event of a failed pull is of the type Normal."""
    return lambda images, wish, now, report: original(
        images, wish, now, lambda reason, message, _: report(reason, message, "Normal")
    )


@mutant("REASON-005", f"{IMAGES}:Images._cannot_tell", profile="documented")
def a_name_that_cannot_be_parsed_is_pulled(original: Any) -> Any:
    """An invalid image name is told as a failed pull."""
    return lambda *given: evolve(original(*given), reason="ErrImagePull")


@mutant("REASON-005", f"{IMAGES}:Images._cannot_tell")
def an_invalid_name_is_silent(original: Any) -> Any:
    """No Event tells of a name that cannot be parsed."""
    return lambda images, wish, _: original(images, wish, lambda *_: None)


# REASON-006


@mutant("REASON-006", f"{STATUS}:default_reason")
def everything_is_being_created(_: Any) -> Any:
    """App containers wait because of ContainerCreating while init containers run."""
    return lambda _: "ContainerCreating"


@mutant("REASON-006", f"{STATUS}:default_reason", profile="documented")
def everything_is_being_initialized(_: Any) -> Any:
    """Containers of a Pod without init containers wait because of PodInitializing."""
    return lambda _: "PodInitializing"


# REASON-007


@mutant("REASON-007", f"{RUNTIME}:exit_reason")
def every_end_is_a_completion(_: Any) -> Any:
    """A container that fails is Completed as well."""
    return lambda _: "Completed"


@mutant("REASON-007", f"{RUNTIME}:exit_reason", profile="documented")
def a_success_has_no_reason(original: Any) -> Any:
    """A container that exits 0 shows Error like all the others."""
    return lambda code: original(code or 1)


@mutant("REASON-007", f"{POST_START}:fail")
def a_failed_hook_is_overlooked(_: Any) -> Any:
    """A container runs on though its postStart hook failed."""
    return lambda *_: None


@mutant("REASON-007", f"{POST_START}:fail")
def a_failed_hook_is_not_told(original: Any) -> Any:
    """No Event tells that a postStart hook has failed."""

    def fail(worker: Any, run: Any) -> None:
        told, worker.report = worker.report, lambda *_: None
        original(worker, run)
        worker.report = told

    return fail


@mutant("REASON-007", f"{HINDRANCES}:Why", profile="documented")
def every_crash_is_that_of_a_hook(original: Any) -> Any:
    """A container without a hook waits for its restart because of PostStartHookError."""
    return renamed(CrashLoopBackOff="PostStartHookError")(original)
