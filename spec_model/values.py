"""Values that are made by the thousand: they never change, and cost half of what ``attrs.frozen`` asks.

That nobody changes them is what the type checker sees to, to whom they are ``attrs.frozen``. Where it
is forbidden at run time, too, every attribute must be set past the prohibition when a value is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define

    def frozen(cls=None, *, eq=True):
        """Equal, with the same hash, where all attributes are; without ``eq`` only to itself."""

        def made(cls):
            return define(cls, eq=eq, unsafe_hash=eq or None)

        return made if cls is None else made(cls)


__all__ = ("frozen",)
