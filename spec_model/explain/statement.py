"""A statement: one thing that the law says of an object, with the rule that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.events import Manifest


@frozen
class Statement:
    """One thing the law says of an object; ``about`` is what it is about, ``fault`` a refusal."""

    about: str
    says: str
    rule: str
    fault: bool = False


Statements: TypeAlias = Iterator[Statement]
Others: TypeAlias = Sequence[Manifest]
GIB: Final = 1024**3
