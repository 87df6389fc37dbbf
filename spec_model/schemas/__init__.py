"""The pure functions that an engine may be asked for, described: what they take, answer and decide.

Data: one JSON document a function, its arguments and its result as JSON Schema, and beside them the
definitions that several share. A function is described here whether the model decides it or not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from spec_model.rules import did_you_mean

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

Schema = Mapping[str, Any]

DEFINITIONS: Final = "definitions.json"
REFERENCE: Final = re.compile(r'"#/\$defs/(\w+)"')


class UnknownFunctionError(LookupError):
    """No function has this name; the message names the nearest ones."""


@frozen
class Description:
    """One function as an author of an engine must know it.

    Attributes:
        rules: by profile, the rules that it can be blamed on.
        recorded_blame: where the model does not decide it, the rule that states the whole of it and
            is blamed where an answer is not the one recorded.
        notes: what else is done to the arguments, and how they are meant.
        differs: how its answers under ``documented`` differ; empty where they do not.
        errors: the words with which it may refuse.
        arguments: JSON Schema of the arguments, complete in itself.
        result: JSON Schema of the answer, complete in itself.
    """

    name: str
    title: str
    rules: Mapping[str, Sequence[str]]
    arguments: Schema
    result: Schema
    recorded_blame: str = ""
    notes: str = ""
    differs: str = ""
    errors: tuple[str, ...] = field(converter=tuple, default=())

    @property
    def all_rules(self) -> tuple[str, ...]:
        """The rules that it can be blamed on under any profile."""
        return tuple(dict.fromkeys(rule for listed in self.rules.values() for rule in listed))


@cache
def descriptions() -> Mapping[str, Description]:
    """Every function by its name."""
    documents = {
        entry.name.removesuffix(".json"): json.loads(entry.read_text("utf-8"))
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".json")
    }
    shared = documents.pop(DEFINITIONS.removesuffix(".json"))["$defs"]
    return {name: _description(documents[name], shared) for name in sorted(documents)}


@cache
def definitions() -> Mapping[str, Schema]:
    """What the schemas of several functions have in common, by name."""
    return {
        name: definition
        for known in descriptions().values()
        for schema in (known.arguments, known.result)
        for name, definition in schema.get("$defs", {}).items()
    }


def description(name: str) -> Description:
    """The function of that name.

    Raises:
        UnknownFunctionError: naming the nearest ones.
    """
    found = descriptions().get(name)
    if found is None:
        raise UnknownFunctionError(f"no function {name!r}{_nearest(name)}")
    return found


def _nearest(name: str) -> str:
    """What was meant: the functions that have the word in their name, else those that look like it."""
    known = tuple(descriptions())
    having = [each for each in known if name and name.lower() in each.lower()]
    return did_you_mean(having[0], tuple(having)) if having else did_you_mean(name, known)


def _description(document: Mapping[str, Any], shared: Mapping[str, Schema]) -> Description:
    whole = {part: _complete(document[part], shared) for part in ("arguments", "result")}
    return Description(**{**document, **whole})


def _complete(schema: Schema, shared: Mapping[str, Schema]) -> Schema:
    """The schema with the definitions that it needs, and no others."""
    needed: dict[str, Schema] = {}
    waiting = [schema]
    while waiting:
        for name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in needed:
                needed[name] = shared[name]
                waiting.append(shared[name])
    return {**schema, "$defs": dict(sorted(needed.items()))} if needed else schema


@cache
def _validator(name: str, part: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(getattr(description(name), part))


def misfits(name: str, part: str, value: Any) -> Iterator[str]:
    """In which ways ``arguments`` or a ``result`` do not fit their schema: path and complaint.

    >>> list(misfits("quantity.round", "result", {"value": 1, "milli_value": "1k"}))
    ["milli_value: '1k' is not of type 'integer'"]
    """
    for error in _validator(name, part).iter_errors(value):
        path = ".".join(map(str, error.absolute_path))
        yield f"{path}: {error.message}" if path else error.message


def fits(name: str, part: str, value: Any) -> bool:
    """Whether ``arguments`` or a ``result`` fit their schema."""
    return bool(_validator(name, part).is_valid(value))
