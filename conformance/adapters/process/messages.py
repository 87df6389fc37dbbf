"""The protocol's messages: JSON-RPC 2.0, one message a line, bounded in size and depth.

The envelopes are pjrpc's; what is in them is described by ``protocol.schema.json``. Nothing that
comes in a message is executed or used as a path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from pjrpc.common import JsonRpcError, Request, Response
from pjrpc.common.exceptions import DeserializationError

VERSIONS: Final = (1,)
"""The versions of the protocol that are spoken here, newest first."""

LONGEST: Final = 32 * 1024 * 1024
"""Bytes of a line, at the most."""

DEEPEST: Final = 100
"""Levels of arrays and objects, at the most: far from where Python's own recursion ends."""

NOT_SERVED: Final = -32601
"""JSON-RPC's code for a method that there is not; for ``evaluate``, a function that is not served."""

INVALID_REQUEST: Final = -32600
FAILED: Final = -32000
"""The engine's own failure."""


class MessageError(ValueError):
    """A line is no message of the protocol; says what is wrong with it."""


def encode(message: Any) -> bytes:
    """A message as one line.

    Raises:
        MessageError: it holds what JSON has no word for.
    """
    try:
        return msgspec.json.encode(message) + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair has to be escaped
        return json.dumps(message, separators=(",", ":")).encode() + b"\n"
    except (TypeError, RecursionError) as error:
        raise MessageError(f"cannot be said in JSON: {error}") from error


def decode(line: bytes) -> Any:
    """The value of one line.

    Raises:
        MessageError: it is too long, too deep, or no JSON.
    """
    if len(line) > LONGEST:
        raise MessageError(f"a message of more than {LONGEST >> 20} MiB")
    if too_deep(line):
        raise MessageError(f"a message nested more than {DEEPEST} levels deep")
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageError(f"what is no JSON ({error}): {excerpt(line)}") from error


def excerpt(line: bytes, width: int = 80) -> str:
    """The beginning of a line as a person reads it."""
    return repr(short(line[: width * 4].decode(errors="replace").strip(), width))


def short(text: str, width: int = 500) -> str:
    """What an engine says, as it may be shown: bounded, and without what moves a terminal's cursor."""
    cut = text if len(text) <= width else text[: width - 1] + "…"
    return "".join(each if each.isprintable() else "\ufffd" for each in cut)


_ALIKE: Final = bytes.maketrans(b"{}", b"[]")
_REST: Final = bytes(set(range(256)) - set(b"{}[]"))


def too_deep(line: bytes, deepest: int = DEEPEST) -> bool:
    """Whether arrays and objects are nested deeper than that; looks at the text, parses nothing.

    >>> too_deep(b'[[{"a": "[[["}]]', 3), too_deep(b'[[{"a": []}]]', 3)
    (False, True)
    """
    if line.count(b"{") + line.count(b"[") <= deepest:
        return False
    if b"\\" in line:
        line = line.replace(b"\\\\", b"").replace(b'\\"', b"")
    left = b"".join(line.split(b'"')[::2]).translate(_ALIKE, _REST)
    for _ in range(deepest):  # each round takes away what is innermost
        if not left:
            return False
        left = left.replace(b"[]", b"")
    return bool(left)


def requests(line: bytes) -> tuple[list[Request], bool]:
    """The requests of one line, and whether they came as a batch.

    Raises:
        MessageError: it holds none.
    """
    data = decode(line)
    try:
        if isinstance(data, list) and data:
            return [Request.from_json(each) for each in data], True
        return [Request.from_json(data)], False
    except DeserializationError as error:
        raise MessageError(f"no JSON-RPC request: {error}") from error


def responses(line: bytes, asked: Sequence[Request], *, batch: bool) -> list[Response]:
    """The answers to what was asked, in that order.

    Raises:
        MessageError: they are not all there, or something else is.
    """
    data = decode(line)
    if batch and isinstance(data, list):
        found = [_response(each) for each in data]
    else:
        found = [_response(data)]
        if found[0].id is None and found[0].error:
            raise MessageError(f"an error without an id: {told(found[0].error)}")
    by_id = {each.id: each for each in found}
    wanted = [request.id for request in asked]
    if len(found) != len(wanted) or set(by_id) != set(wanted):
        ids = ", ".join(str(each.id) for each in found)
        raise MessageError(
            f"the answer to request {ids} while {', '.join(map(str, wanted))} was asked"
        )
    return [by_id[identifier] for identifier in wanted]


def _response(data: Any) -> Response:
    try:
        return Response.from_json(data)
    except (DeserializationError, AssertionError) as error:
        reason = str(error) or "it has neither a result nor an error"
        raise MessageError(f"no JSON-RPC response: {reason}") from error


def told(error: JsonRpcError) -> str:
    """A JSON-RPC error in one line."""
    data = f" ({error.data})" if error.data else ""
    return short(" ".join(f"error {error.code}: {error.message}{data}".split()))
