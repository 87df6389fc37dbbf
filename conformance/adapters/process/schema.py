"""Messages held against the published schema, ``protocol.schema.json``."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

FILE: Final = files(__package__).joinpath("protocol.schema.json")
"""Where the schema lies in the package."""


@cache
def document() -> dict[str, Any]:
    """The whole schema; ``$defs`` has ``METHOD.params`` and ``METHOD.result`` of every method."""
    read: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return read


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$defs": document()["$defs"], "$ref": f"#/$defs/{name}"})


def check(name: str, data: Any) -> None:
    """Nothing, where the data are what ``$defs`` says under that name.

    Raises:
        ValueError: naming the path that is wrong and why.
    """
    from jsonschema.exceptions import best_match

    error = best_match(_validator(name).iter_errors(data))
    if error is not None:
        message = error.message if len(error.message) <= 160 else error.message[:159] + "…"
        raise ValueError(f"{name} {error.json_path}: {message}")
