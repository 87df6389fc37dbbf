"""ROLLOUT: commands that go too fast, take what they must not, or end otherwise."""

from __future__ import annotations

from typing import Any, Final

from conformance.mutants import SIMULATOR, mutant

MODULE: Final = f"{SIMULATOR}.rolling_update"
UPDATE: Final = f"{MODULE}:Update"


@mutant("ROLLOUT-001", f"{MODULE}:PERIOD")
def no_time_between_the_steps(_: Any) -> Any:
    """OLD is scaled down 5 s after NEW was scaled up."""
    return 5.0


@mutant("ROLLOUT-001", f"{UPDATE}.shrunk")
def old_shrinks_by_one(original: Any) -> Any:
    """OLD loses one Pod a step, however many of NEW are ready."""
    return lambda update, old, new, available: max(original(update, old, new, available), old - 1)


@mutant("ROLLOUT-002", f"{MODULE}:SURGE")
def two_too_many(_: Any) -> Any:
    """OLD and NEW together have two Pods more than are wanted."""
    return 2


@mutant("ROLLOUT-002", f"{UPDATE}.available")
def new_pods_need_not_be_ready(_: Any) -> Any:
    """OLD shrinks as NEW grows, ready or not."""
    return lambda update: update.size(update.new)


@mutant("ROLLOUT-003", f"{MODULE}:differs_in_a_shared_key")
def a_new_key_is_enough(_: Any) -> Any:
    """NEW's selector may have one more key than OLD's, as the source document shows it."""

    def differs(old: Any, new: Any) -> bool:
        return bool(old["spec"]["selector"] != new["spec"]["selector"])

    return differs


@mutant("ROLLOUT-004", f"{UPDATE}.finish")
def old_stays(_: Any) -> Any:
    """OLD is not deleted when NEW has everything."""
    return lambda *_: None


@mutant("ROLLOUT-004", f"{MODULE}:refuse_options")
def back_to_an_image(_: Any) -> Any:
    """--rollback is taken with --image, as the source document shows it."""
    return lambda *_: None


@mutant("ROLLOUT-004", f"{UPDATE}.rename")
def an_image_changes_the_name(_: Any) -> Any:
    """NEW made of an image keeps its temporary name."""
    return lambda *_: None
