"""REASON-003 to -005: whether an image is pulled, and what a failure is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from spec_model.events import Accepted
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.reason_events import is_told
from spec_model.laws.reasons import newly_waits
from spec_model.laws.telling import REMEMBERED, pod_about
from spec_model.objects import EMPTY, Pod, uid_in_events
from spec_model.pod import reasons
from spec_model.validation.defaults import pull_policy
from spec_model.world import HELD, Breach, Done, Seen, SeenContainer

QUOTE: Final = '"'
EVERYWHERE: Final = ("present", "uncreatable")
"""What the tester chooses for an image so that every node has it."""

Pulls: TypeAlias = Mapping[tuple[str, str], float]
"""By the UID of a Pod and an image, when it was last told that it is being pulled."""


def policy_of(container: Mapping[str, Any]) -> str:
    """The pull policy of a container of a stored Pod."""
    return container.get("imagePullPolicy") or pull_policy(container.get("image") or "")


@note("pulls-told", on="Event Pulling*")
def pulls_under_way(before: Pulls | None, seen: Seen) -> Pulls:
    """Folds in that an image is being pulled for a Pod."""
    event: Any = seen.manifest
    image = _image_in(event.get("message") or "")
    kept = {key: at for key, at in (before or {}).items() if seen.at - at < REMEMBERED}
    return {**kept, ((event.get("involvedObject") or EMPTY).get("uid", ""), image): seen.at}


def _image_in(message: str) -> str:
    parts = message.split(QUOTE)
    return parts[1] if len(parts) > 2 else ""


# -- REASON-003: what a failed pull is called ------------------------------------------------------


@law("REASON-003", on="container", when="stuck")
def an_unreachable_registry_has_the_word_of_the_runtime(seen: SeenContainer) -> Verdict:
    """RegistryUnavailable where the runtime says so, ErrImagePull elsewhere."""
    if seen.now.reason not in reasons.PULLS or not newly_waits(seen):
        return None
    outcome = seen.pod.world.notes.get("images", EMPTY).get(seen.spec.image)
    if outcome not in reasons.WORDS_OF_CRI_O:
        return None
    node = seen.pod.world.view("Node", "", seen.pod.now.spec.node_name) or EMPTY
    info = (node.get("status") or EMPTY).get("nodeInfo") or EMPTY
    runtime = info.get("containerRuntimeVersion") or ""
    due = reasons.failed_pull(outcome, runtime, seen.pod.profile).value
    if outcome != "unavailable" and seen.pod.profile.registry_unavailable_everywhere:
        return None  # the source document does not speak of signatures
    what = f"{' or '.join(due)}, for the image is {outcome} to {runtime or 'an unknown runtime'}"
    return expect(seen.now.reason in due, what, seen.now.reason)


# -- REASON-004: whether the registry is asked -----------------------------------------------------


@law("REASON-004", on="create Pod")
def a_tag_decides_on_the_pull_policy(done: Done) -> Verdict:
    """Always for latest or no tag, IfNotPresent for any other tag or a digest."""
    sent = done.arguments["object"]
    if not isinstance(done.response, Accepted):
        return None
    stored = (done.response.value or EMPTY).get("spec") or EMPTY
    shown = {
        group: {each.get("name"): each.get("imagePullPolicy") for each in stored.get(group) or ()}
        for group in ("containers", "initContainers")
    }
    wrong = [
        f"{each['image']}: {shown[group].get(each['name'])}"
        for group in shown
        for each in (sent.get("spec") or EMPTY).get(group) or ()
        if not each.get("imagePullPolicy")
        and shown[group].get(each["name"]) != pull_policy(each.get("image") or "")
    ]
    return expect(not wrong, "Always for latest or no tag, else IfNotPresent", ", ".join(wrong))


@law("REASON-004", on="container", when="stuck")
def never_means_no_pull(seen: SeenContainer) -> Verdict:
    """Under Never an absent image is ErrImageNeverPull and no failed pull; no other policy says so."""
    if seen.now.reason not in (*reasons.PULLS, reasons.BACK_OFF, reasons.NEVER_PULL):
        return None
    if not newly_waits(seen):
        return None
    policy = policy_of(seen.spec.manifest)
    if (policy == "Never") != (seen.now.reason == reasons.NEVER_PULL):
        return Breach(f"what {policy} means for an absent image", seen.now.reason)
    if policy != "Never":
        return None
    outcome = seen.pod.world.notes.get("images", EMPTY).get(seen.spec.image)
    return expect(outcome not in EVERYWHERE, "a start, for the image is there", seen.now.reason)


@law("REASON-004", on="container", when="waited")
def never_is_told(seen: SeenContainer) -> Verdict:
    """A Warning event ErrImageNeverPull."""
    return is_told(seen, reasons.NEVER_PULL, reasons.NEVER_PULL, "Warning")


@law("REASON-004", on="Event Pulling")
def only_what_may_be_pulled_is_pulled(seen: Seen) -> Verdict:
    """No pull under Never, nor under IfNotPresent of an image that is there."""
    pod = _pod_of(seen)
    image = _image_in(seen.manifest.get("message") or "")
    if pod is None or pod.generation > 1:
        return None
    policies = {
        policy_of(container.manifest)
        for container in (*pod.spec.containers, *pod.spec.init_containers)
        if container.image == image
    }
    if not policies:
        return None
    is_present = seen.world.notes.get("images", EMPTY).get(image) in EVERYWHERE
    may_ask = any(reasons.asks_registry(policy, is_present).value for policy in policies)
    there = "there" if is_present else "maybe not there"
    return expect(may_ask, f"no pull of {image}, which is {there}: {', '.join(policies)}", "a pull")


def _pod_of(seen: Seen) -> Pod | None:
    about, pod = seen.manifest.get("involvedObject") or EMPTY, pod_about(seen)
    return pod if pod is not None and uid_in_events(pod) == about.get("uid") else None


@law("REASON-004", on="container", when="ended")
def always_asks_the_registry(seen: SeenContainer) -> Verdict:
    """Each run under Always was begun by a pull; asked when the run is over, so that it was told by then."""
    before, pod, notes = seen.before, seen.pod, seen.pod.world.notes
    if before is None or before.state != "running" or seen.now.state == "running":
        return None
    if policy_of(seen.spec.manifest) != "Always" or pod.now.generation > 1:
        return None
    if "shows-events" not in notes or pod.world.setting.clock == "real" or not before.started_at:
        return None
    told = notes.get("pulls-told", EMPTY).get((uid_in_events(pod.now), seen.spec.image))
    began = before.started_at - pod.world.setting.epoch
    if began < pod.at - REMEMBERED:
        return None
    slack = pod.tolerance.truncation
    at = "never" if told is None else f"at {told:g} s"
    what = f"a pull of {seen.spec.image} before its start at {began:g} s"
    return expect(told is not None and told >= began - slack, what, at)


@note("private-images", on="set-image")
def images_for_those_with_credentials(
    before: Mapping[str, bool] | None, done: Done
) -> Mapping[str, bool]:
    """The images that the tester has made private, and whether they have never been anything else."""
    known = before or EMPTY
    if not isinstance(done.response, Accepted):
        return known
    image, is_private = done.arguments["image"], done.arguments["outcome"] == "private"
    return {**known, image: known.get(image, True) and is_private}


@law("REASON-004", on="container", when=("begun", "stuck"))
def a_private_image_is_for_those_with_credentials(seen: SeenContainer) -> Verdict:
    """Who has no imagePullSecrets does not run it, present or not; it fails to pull, or may not."""
    pod, before = seen.pod, seen.before
    private: Mapping[str, bool] = pod.world.notes.get("private-images") or EMPTY
    if not private.get(seen.spec.image) or not pod.profile.images_need_credentials:
        return None
    if pod.now.spec.manifest.get("imagePullSecrets") or pod.now.generation > 1:
        return None
    if seen.now.state == "running" and (before is None or before.state != "running"):
        what = f"no start of container {seen.spec.name}: its Pod has no credentials for the image"
        return Breach(what, "it runs")
    refused = seen.now.reason in (*reasons.PULLS, reasons.NEVER_PULL)
    return HELD if refused and newly_waits(seen) else None


# -- REASON-005: what follows a failed pull --------------------------------------------------------


@law("REASON-005", on="container", when="stuck")
def a_back_off_tells_of_the_error_before_it(seen: SeenContainer) -> Verdict:
    """ImagePullBackOff says "Back-off pulling image …: <previous error>"."""
    if seen.now.reason != reasons.BACK_OFF or not newly_waits(seen):
        return None
    start = f'Back-off pulling image "{seen.spec.image}"'
    message = seen.now.message
    good = message.startswith(f"{start}: ") and len(message) > len(start) + 2
    return expect(good, f"{start}: and the error before it", message or "no message")


@law("REASON-005", on="container", when="waited")
def a_failed_pull_is_told(seen: SeenContainer) -> Verdict:
    """Warning Failed, then Normal BackOff; Warning InspectFailed for a name that cannot be parsed."""
    before = seen.before
    if before is None or before.state != "waiting":
        return None
    if before.reason in reasons.PULLS:
        return is_told(seen, before.reason, "Failed", "Warning")
    if before.reason == reasons.BACK_OFF:
        return is_told(seen, before.reason, "BackOff", "Normal")
    if before.reason == reasons.INVALID_NAME:
        return is_told(seen, before.reason, "InspectFailed", "Warning")
    return None


@law("REASON-005", on="container", when="stuck")
def an_invalid_name_says_so(seen: SeenContainer) -> Verdict:
    """A name that cannot be parsed is InvalidImageName and nothing else; another image never is."""
    if seen.now.reason not in (*reasons.PULLS, reasons.INVALID_NAME) or not newly_waits(seen):
        return None
    outcome = seen.pod.world.notes.get("images", EMPTY).get(seen.spec.image)
    is_invalid = seen.now.reason == reasons.INVALID_NAME
    if outcome is None:
        return HELD if is_invalid else None
    expected = "InvalidImageName" if outcome == "invalid" else "the word for a failed pull"
    return expect(is_invalid == (outcome == "invalid"), expected, seen.now.reason)
