"""The judge itself: how events reach the laws, whatever the watch does to them."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model import judge, situations
from spec_model.events import Evaluated, Observation
from spec_model.law import LAWS, NOTES
from spec_model.world import Setting, World
from tests.laws.traces import EPOCH, done, judged, pod, running, seen, status, terminated

RUNS = pod("Running", [status(state=running())])


def world_after(*events: Any) -> World:
    world = World(Setting(epoch=EPOCH))
    for event in events:
        world = judge.step(world, event)
    return world


def versioned(at: float, version: str, manifest: dict[str, Any], type: str) -> Observation:
    metadata = {**manifest["metadata"], "resourceVersion": version}
    return Observation(at, type, {**manifest, "metadata": metadata})


def test_a_second_listing_is_not_judged_again() -> None:
    world = world_after(versioned(1, "5", RUNS, "ADDED"), versioned(2, "5", RUNS, "ADDED"))
    assert world.exercised == ()


def test_something_older_is_passed_over() -> None:
    ended = pod("Succeeded", [status(state=terminated(0))], policy="Never")
    older = pod("Running", [status(state=running())], policy="Never")
    world = world_after(versioned(1, "7", ended, "ADDED"), versioned(2, "6", older, "ADDED"))
    assert world.findings == ()
    assert world.view("Pod", "default", "a").phase == "Succeeded"


def test_deleted_objects_are_forgotten() -> None:
    assert not world_after(seen(1, RUNS, "ADDED"), seen(2, RUNS, "DELETED")).objects


def test_events_are_not_kept() -> None:
    event = {"kind": "Event", "metadata": {"name": "e", "namespace": "default", "uid": "u"}}
    assert not world_after(seen(1, event, "ADDED")).objects


def test_a_step_leaves_the_world_before_as_it_was() -> None:
    before = world_after(seen(1, RUNS, "ADDED"))
    kept = dict(before.objects)
    judge.step(before, seen(2, RUNS, "DELETED"))
    assert before.objects == kept


def test_memory_is_bounded_by_what_exists() -> None:
    world = World(Setting(epoch=EPOCH))
    for number in range(200):
        manifest = pod("Running", [status(state=running())], name=f"p{number}", uid=f"u{number}")
        world = judge.step(world, seen(number, manifest, "ADDED"))
        world = judge.step(world, seen(number, manifest, "DELETED"))
    assert not world.objects


def test_a_functions_answer_is_judged() -> None:
    asked = {"text": "1Ki"}
    right = Evaluated(0.0, "quantity.round", asked, {"value": 1024, "milli_value": 1024000})
    wrong = Evaluated(0.0, "quantity.round", asked, {"value": 1000, "milli_value": 1000000})
    assert not judged(right).broken
    assert judged(wrong).broken == {"RESOURCE-001"}


def test_a_function_that_nobody_knows_is_not_judged() -> None:
    assert not judged(Evaluated(0.0, "moon.phase", {}, "full")).exercised


def test_a_stimulus_alone_exercises_nothing() -> None:
    assert not judged(done(0, "advance", seconds=5)).findings


def test_no_two_files_of_laws_keep_a_note_of_one_name() -> None:
    judge.load_laws()
    keepers: dict[tuple[str, str], set[str]] = {}
    for looked_at, notes in NOTES.items():
        of_an_object = looked_at[0].isupper() and not looked_at.endswith("*")
        for note in notes:
            where = looked_at if of_an_object else "the world"
            keepers.setdefault((where, note.name), set()).add(note.remember.__module__)
    assert not {name: files for name, files in keepers.items() if len(files) > 1}


@pytest.mark.parametrize("situation", sorted(situations.KNOWN))
def test_a_law_is_asked_in_each_of_its_situations_and_in_no_other(situation: str) -> None:
    asked = judge.laws_for(("Pod",), (situation,))
    assert LAWS["Pod"]
    for each in LAWS["Pod"]:
        fits = each.when is None or situation in each.when
        assert not fits or (each.judge, each.rules[0]) in asked


def test_a_note_stays_as_it_is_outside_of_its_situations() -> None:
    known = judge.notes_for(("Pod",), ())
    assert [name for name, _ in known] == [each.name for each in NOTES["Pod"] if each.when is None]
    assert len(known) < len(NOTES["Pod"])
