"""Strategies that are made once."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from strategies.once import among, once


def test_the_same_values_are_drawn_from_the_same_strategy() -> None:
    assert among(0, "a", None) is among(0, "a", None)


def test_values_that_are_equal_and_not_the_same_are_kept_apart() -> None:
    assert among(0, 1) is not among(False, True)


def test_the_order_of_values_counts() -> None:
    assert among("a", "b") is not among("b", "a")


def test_other_arguments_make_another_strategy() -> None:
    upto = once(lambda limit: st.integers(0, limit).map(str))
    assert upto(3) is upto(3)
    assert upto(3) is not upto(4)


def test_what_may_be_changed_after_it_was_drawn_is_refused() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        among({}, {"a": 1})
