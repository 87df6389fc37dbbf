"""Values compare and hash as those of attrs do, though nothing at run time keeps them from changing."""

from __future__ import annotations

from spec_model.rules import Decision
from spec_model.world import Known


def test_values_with_the_same_content_are_one_in_a_set() -> None:
    assert len({Decision(1, "A-001"), Decision(1, "A-001"), Decision(2, "A-001")}) == 2


def test_without_eq_a_value_is_equal_only_to_itself() -> None:
    one, other = (Known(None, {}, "uid", 0.0, {}) for _ in range(2))
    assert len({one, one, other}) == 2


def test_an_attribute_that_was_not_asked_for_cannot_be_set() -> None:
    assert not hasattr(Decision(1, "A-001"), "__dict__")
