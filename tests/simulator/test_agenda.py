"""Whose turn it is: parts with something to do are asked in their order, and nobody else."""

from __future__ import annotations

from conformance.adapters.simulator.agenda import Agenda


class Parts:
    """Three parts of one agenda that note when they work, and what each of them gives whom to do."""

    def __init__(self, **gives: str) -> None:
        self.agenda, self.worked = Agenda(), list[str]()
        self.gives, self.turns = gives, dict[str, int]()
        for name in ("first", "second", "third"):
            self.turns[name] = self.agenda.join(lambda name=name: self.work(name))  # type: ignore[misc]

    def work(self, name: str) -> bool:
        self.worked.append(name)
        if name in self.gives:
            self.ask(self.gives.pop(name))
        return True

    def ask(self, name: str) -> None:
        self.agenda.due |= self.turns[name]

    def rounds(self) -> list[list[str]]:
        found = []
        while self.agenda.round():
            found.append(self.worked)
            self.worked = []
        return found


def test_nobody_is_asked_without_a_reason() -> None:
    parts = Parts()
    parts.ask("second")
    assert parts.rounds() == [["second"]]


def test_parts_work_in_the_order_in_which_they_joined() -> None:
    parts = Parts()
    parts.ask("third")
    parts.ask("first")
    assert parts.rounds() == [["first", "third"]]


def test_a_later_part_has_its_turn_in_the_same_round() -> None:
    parts = Parts(first="third")
    parts.ask("first")
    assert parts.rounds() == [["first", "third"]]


def test_an_earlier_part_has_its_turn_in_the_next_round() -> None:
    parts = Parts(third="first")
    parts.ask("third")
    assert parts.rounds() == [["third"], ["first"]]


def test_the_curious_look_around_when_something_happens_that_shows_in_no_queue() -> None:
    parts = Parts()
    parts.agenda.curious = parts.turns["first"] | parts.turns["third"]
    parts.agenda.look_around()
    assert parts.rounds() == [["first", "third"]]
