"""Strategies that are made once: to make one and look it over costs several times a draw from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

from hypothesis import strategies as st

P = ParamSpec("P")
T = TypeVar("T")


def once(make: Callable[P, st.SearchStrategy[T]]) -> Callable[P, st.SearchStrategy[T]]:
    """Makes one strategy of the same arguments, which can be hashed."""
    kept = lru_cache(maxsize=4096, typed=True)(make)  # 1 is not True, though they are equal
    return cast("Callable[P, st.SearchStrategy[T]]", kept)


def among(*values: T) -> st.SearchStrategy[T]:
    """One of these values, the simplest first; ``st.sampled_from`` for what can be hashed."""
    return _among(*values)


@once
def _among(*values: T) -> st.SearchStrategy[T]:
    return st.sampled_from(values)
