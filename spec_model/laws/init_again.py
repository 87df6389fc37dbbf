"""INIT-008 and -009: another init image does not start a Pod anew, another sandbox does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.events import Rejected
from spec_model.law import Verdict, expect, law, note
from spec_model.laws.init import is_over, run_of, start_of, started_now
from spec_model.laws.ladders import UPSETS, Upset, upsets_of
from spec_model.laws.node_loss import is_served
from spec_model.objects import EMPTY, Container, Pod
from spec_model.pod.init import has_failed, runs_again_after_sandbox_loss
from spec_model.pod.ladder import COUNTED
from spec_model.pod.termination import GRACE
from spec_model.world import HELD, VOID, Breach, Done, Held, Obligation, Seen, SeenContainer, Void

Runs: TypeAlias = Mapping[str, tuple[int, float | None]]
"""By container, what tells its run from others."""

CONFIG_ERROR: Final = "CreateContainerConfigError"
"""Seconds that a container may take to end, where its Pod says nothing else."""


# -- another image ---------------------------------------------------------------------------------


@law("INIT-008", on="patch Pod")
@law("INIT-008", on="replace Pod")
def only_the_image_may_change(done: Done) -> Verdict:
    """Of an init container of a live Pod only the image may be changed."""
    before, asked = _asked_for(done)
    if before is None or asked is None or before == asked:
        return None
    only_images = _but_images(before) == _but_images(asked)
    if isinstance(done.response, Rejected):
        if done.response.code != 422:
            return None
        if not only_images:
            return HELD
        refused = _asks_for_nothing_else(done, asked)
        return Breach("another init image is accepted", done.response.message) if refused else None
    if only_images:
        return HELD
    stored = ((done.response.value or EMPTY).get("spec") or EMPTY).get("initContainers")
    if stored is None or _but_images(stored) == _but_images(before):
        return None
    return Breach("another image and nothing else", "another change was accepted")


def _asks_for_nothing_else(done: Done, asked: Any) -> bool:
    images = [container.get("image") or "" for container in asked]
    alone = done.arguments.get("patch") == {"spec": {"initContainers": asked}}
    return alone and all(image and image == image.strip() for image in images)


def _asked_for(done: Done) -> tuple[Any, Any]:
    """The init containers of the Pod before, and those that were asked for; None where unknown."""
    given = done.arguments
    if given.get("subresource"):
        return None, None
    if done.verb == "replace":
        metadata, wanted = given["object"]["metadata"], given["object"]
    else:
        metadata, wanted = given, given["patch"]
    pod: Pod | None = done.world.view(
        "Pod", metadata.get("namespace") or "", metadata.get("name") or ""
    )
    asked = (wanted.get("spec") or EMPTY).get("initContainers")
    return (None, None) if pod is None else (pod.spec.manifest.get("initContainers"), asked)


def _but_images(containers: Any) -> Any:
    return [{key: value for key, value in each.items() if key != "image"} for each in containers]


@note("init-image-changed", on="Pod", when="rebuilt")
def changed_init_images(before: float | None, seen: Seen) -> float | None:
    """When an init image of the Pod was last seen to change."""
    return seen.at if _another_image(seen) else before


@law("INIT-008", on="Pod with init containers")
def another_init_image_does_not_start_the_pod_anew(seen: Seen) -> Verdict:
    """Finished init containers are not run again; in the source document the Pod starts anew."""
    if not _another_image(seen) or is_over(seen):
        return None
    runs = _finished_runs(seen.now)
    if runs is None:
        return None
    if seen.profile.init_image_restarts_pod:
        # Under Never nothing starts twice, and after success nothing is left to start.
        again = runs_again_after_sandbox_loss(seen.before).value
        return _owes_a_new_start(runs, seen) if again else None
    return Obligation(
        what="finished init containers are not run again",
        settled=_settled_when_quiet(runs, seen.at + 2 * seen.tolerance.lateness),
        disturbed_by=frozenset(UPSETS),
    )


def _another_image(seen: Seen) -> bool:
    if seen.before is None or seen.before.spec is seen.now.spec:
        return False
    return _images(seen.before) != _images(seen.now)


def _images(pod: Pod) -> list[str]:
    return [container.image for container in pod.spec.init_containers if container.kind == "init"]


def _finished_runs(pod: Pod) -> Runs | None:
    """The last runs of the regular init containers; None where one has not succeeded."""
    runs: dict[str, tuple[int, float | None]] = {}
    for container in pod.spec.init_containers:
        status = pod.statuses.get(container.name)
        if container.kind != "init":
            continue
        if status is None or status.terminated is None or has_failed(status.terminated):
            return None
        runs[container.name] = run_of(status)
    return runs


def _again(runs: Runs, pod: Pod) -> list[str]:
    return [
        name
        for name, before in runs.items()
        if (status := pod.statuses.get(name)) is not None
        and start_of(status) is not None
        and run_of(status) != before
    ]


def _settled_when_quiet(runs: Runs, until: float) -> Any:
    def settled(later: Seen) -> Held | Breach | Void | None:
        if is_over(later):
            return VOID
        if again := _again(runs, later.now):
            return Breach(
                "finished init containers are not run again", f"{', '.join(again)} ran again"
            )
        return HELD if later.at >= until else None

    return settled


def _owes_a_new_start(runs: Runs, seen: Seen) -> Obligation | None:
    if not _can_initialize(seen):
        return None

    def settled(later: Seen) -> Held | Void | None:
        if _again(runs, later.now):
            return HELD
        over = is_over(later) or _another_image(later) or not _can_initialize(later)
        return VOID if over else None

    return Obligation(
        what="the Pod starts anew: its init containers run again",
        settled=settled,
        not_after=seen.at + _longest_start(seen),
        disturbed_by=frozenset(UPSETS),
    )


def _longest_start(seen: Seen) -> float:
    """Seconds until the first init container runs again: containers end, and it may have to back off."""
    first = seen.now.statuses.get(seen.now.spec.init_containers[0].name)
    backs_off = first is not None and first.restart_count > 0
    wait = 1.5 * seen.profile.backoff.cap if backs_off else 0.0
    return _grace(seen.now) + 2 * seen.tolerance.lateness + wait


def _grace(pod: Pod) -> float:
    grace: float | None = pod.spec.manifest.get("terminationGracePeriodSeconds")
    return GRACE if grace is None else grace


# -- another sandbox -------------------------------------------------------------------------------


@frozen
class Loss:
    """The last time that a Pod lost its sandbox, as far as it is known.

    Attributes:
        upset: what was known of it; None where nothing is.
        runs_again: whether everything starts again from the first init container; None: not known,
            because what was seen before and after the loss does not say the same.
        news: this very observation is the first since.
    """

    upset: Upset | None
    runs_again: bool | None = None
    news: bool = False


@note("sandbox", on="Pod", when="crowded")
def lost_sandboxes(before: Loss | None, seen: Seen) -> Loss | None:
    """Folds in what is known of sandboxes; decided by what the Pod showed before the loss."""
    if not seen.now.spec.init_containers:
        return None
    upset = next(iter(upsets_of(seen)[1:]), None)
    if before is None or seen.before is None:
        return Loss(upset)
    if upset == before.upset:
        return Loss(upset, before.runs_again) if before.news else before
    if _has_policies_of_its_own(seen.now):
        return Loss(upset, None, True)
    before_it = runs_again_after_sandbox_loss(seen.before).value
    after_it = runs_again_after_sandbox_loss(seen.now).value
    return Loss(upset, before_it if before_it == after_it else None, True)


def _has_policies_of_its_own(pod: Pod) -> bool:
    """Whether a container of a Pod of policy Never would be restarted all the same: no rule says then."""
    policies = (each.restart_policy for each in pod.spec.init_containers + pod.spec.containers)
    return pod.spec.restart_policy == "Never" and any(
        each not in (None, "Never") for each in policies
    )


@law("INIT-009", on="Pod with init containers")
def a_new_sandbox_starts_from_the_first_init_container(seen: Seen) -> Verdict:
    """All init containers run again; under Never nothing does, nor once OnFailure has succeeded."""
    loss: Loss | None = seen.notes.get("sandbox")
    if loss is None or not loss.news or loss.upset is None or loss.runs_again is None:
        return None
    lost_at = seen.world.setting.epoch + loss.upset[1]
    if not loss.runs_again:
        return _stays_as_it_is(seen, _surely_after(lost_at, seen))
    if is_over(seen) or not _can_initialize(seen) or not is_served(seen):
        return None
    first = seen.now.spec.init_containers[0]
    return Obligation(
        what=f"init container {first.name} runs again in the new sandbox",
        settled=_until_it_runs(first, lost_at),
        not_after=seen.at + _longest_start(seen),
        disturbed_by=frozenset(UPSETS),
    )


def _stays_as_it_is(seen: Seen, since: float) -> Obligation:
    runs = {name: run_of(status) for name, status in seen.before.statuses.items()}
    until = seen.at + 2 * seen.tolerance.lateness

    def settled(later: Seen) -> Held | Breach | None:
        again = [
            name
            for name in _again(runs, later.now)
            if (start_of(later.now.statuses[name]) or 0.0) >= since
        ]
        if again:
            return Breach("nothing of the Pod is started again", f"{', '.join(again)} ran again")
        return HELD if later.at >= until or is_over(later) else None

    return Obligation(
        "nothing of the Pod is started again", settled, disturbed_by=frozenset(UPSETS)
    )


def _surely_after(lost_at: float, seen: Seen) -> float:
    """From when on, seconds since 1970, a start cannot have been on its way before the loss."""
    real = seen.world.setting.clock == "real"
    return lost_at + (seen.tolerance.lateness if real else 0.0)


@note("images", on="set-image")
def outcomes_of_pulls(before: Mapping[str, str] | None, done: Done) -> Mapping[str, str]:
    """What the tester has said that comes of a pull, by image."""
    if isinstance(done.response, Rejected):
        return before or EMPTY
    return {**(before or EMPTY), done.arguments["image"]: done.arguments["outcome"]}


def _can_initialize(seen: Seen) -> bool:
    """Whether nothing but the engine keeps init containers from their start: no image is known to lack.

    Nor may something lack that one refers to.

    One that failed to be pulled may have been mended since.
    """
    outcomes: Mapping[str, str] = seen.world.notes.get("images", EMPTY)
    for container in seen.now.spec.init_containers:
        status = seen.now.statuses.get(container.name)
        outcome = outcomes.get(container.image)
        if status is not None and status.reason == CONFIG_ERROR:
            return False
        if outcome not in (None, "present", "pullable"):
            return False
        failed = status is not None and status.state == "waiting" and status.reason not in COUNTED
        if failed and outcome is None:
            return False
    return True


def _until_it_runs(container: Container, lost_at: float) -> Any:
    def settled(later: Seen) -> Held | Void | None:
        status = later.now.statuses.get(container.name)
        start = None if status is None else start_of(status)
        if start is not None and start >= lost_at - later.tolerance.truncation:
            return HELD
        return VOID if is_over(later) or not _can_initialize(later) else None

    return settled


@law("INIT-009", on="app container", when=("begun", "ended"))
def app_containers_wait_for_the_new_initialization(seen: SeenContainer) -> Verdict:
    """In a new sandbox no app container starts before the init containers have run in it."""
    loss: Loss | None = seen.pod.notes.get("sandbox")
    if loss is None or loss.upset is None:
        return None
    if (start := started_now(seen)) is None:
        return None
    lost_at = seen.pod.world.setting.epoch + loss.upset[1]
    if start <= _surely_after(lost_at, seen.pod):
        return None
    stale = [
        container.name
        for container in seen.pod.now.spec.init_containers
        if (status := seen.pod.now.statuses.get(container.name)) is not None
        and (ran := start_of(status)) is not None
        and ran < lost_at - seen.pod.tolerance.truncation
    ]
    return expect(
        not stale,
        f"init containers run again before container {seen.spec.name} starts in a new sandbox",
        f"{', '.join(stale)} had not run again",
    )
