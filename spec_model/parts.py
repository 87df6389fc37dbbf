"""An answer of several parts, each with the rule that decided it."""

from __future__ import annotations

from typing import Any

from spec_model.rules import Decision


class Parts(dict[str, Decision[Any]]):
    """An answer of several parts by name, each with the rule that decided it."""

    @property
    def plain(self) -> dict[str, Any]:
        """The answer without its rules."""
        return {name: part.value for name, part in self.items()}
