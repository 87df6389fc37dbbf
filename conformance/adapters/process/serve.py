"""The other end of the pipe: any Adapter of this interpreter, served over standard input and output."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, TypeAlias

from pjrpc.common import JsonRpcError, Request, Response

from conformance.adapter import Adapter, FunctionNotServedError
from conformance.adapters.process import messages
from conformance.encoding import (
    implementation_to_data,
    observation_to_data,
    response_to_data,
    stimulus_from_data,
)

Open: TypeAlias = Callable[[str | None], Adapter]
"""Makes the adapter that is served, to run under this profile where it can choose."""


def serve(open_adapter: Open, reader: BinaryIO, writer: BinaryIO) -> None:
    """Answers line by line until ``close``, or until there is no more to read."""
    server = Server(open_adapter)
    try:
        while not server.closed:
            line = reader.readline(messages.LONGEST + 1)
            if not line:
                return
            writer.write(server.answer(line))
            writer.flush()
    finally:
        server.close()


def private_output() -> BinaryIO:
    """Standard output for answers alone: what the engine prints goes to standard error from now on."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return private


class Server:
    """An adapter, opened when the handshake says under which profile."""

    def __init__(self, open_adapter: Open) -> None:
        self.open = open_adapter
        self.adapter: Adapter | None = None
        self.closed = False

    def answer(self, line: bytes) -> bytes:
        """The line that answers a line."""
        try:
            asked, batch = messages.requests(line)
        except messages.MessageError as error:
            return _line(_refused(None, messages.INVALID_REQUEST, str(error)))
        answers = [self._answer(request) for request in asked]
        try:
            return messages.encode(answers if batch else answers[0])
        except messages.MessageError as error:
            said = [_refused(request.id, messages.FAILED, str(error)) for request in asked]
            return _line(said if batch else said[0])

    def close(self) -> None:
        """Gives the engine back."""
        adapter, self.adapter = self.adapter, None
        if adapter is not None:
            adapter.close()

    def _answer(self, request: Request) -> Any:
        method = METHODS.get(request.method)
        if method is None:
            return _refused(request.id, messages.NOT_SERVED, f"no method {request.method!r}")
        try:
            result = method(self, request.params)
        except FunctionNotServedError as error:
            return _refused(request.id, messages.NOT_SERVED, f"{error} is not served")
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            words = f"{type(error).__name__}: {error}"
            return _refused(request.id, messages.FAILED, words)
        return Response(id=request.id, result=result).to_json()

    @property
    def engine(self) -> Adapter:
        """The adapter.

        Raises:
            RuntimeError: there was no handshake.
        """
        if self.adapter is None:
            raise RuntimeError("describe comes first")
        return self.adapter


def _line(message: Any) -> bytes:
    return messages.encode(message)


def _refused(identifier: Any, code: int, message: str) -> Any:
    return Response(id=identifier, error=JsonRpcError(code, message)).to_json()


Params: TypeAlias = Mapping[str, Any]


def _describe(server: Server, params: Params) -> Any:
    spoken = [each for each in params["protocol"] if each in messages.VERSIONS]
    if not spoken:
        raise ValueError(f"protocol {params['protocol']}; spoken here is {messages.VERSIONS}")
    server.close()
    server.adapter = server.open(params.get("profile"))
    said = implementation_to_data(server.adapter.describe())
    return {"protocol": max(spoken), "batch": True, **said}


def _reset(server: Server, _: Params) -> Any:
    server.engine.reset()
    return {}


def _apply(server: Server, params: Params) -> Any:
    return response_to_data(server.engine.apply(stimulus_from_data(params["stimulus"])))


def _observe(server: Server, _: Params) -> Any:
    return {"observations": [observation_to_data(each) for each in server.engine.observe()]}


def _evaluate(server: Server, params: Params) -> Any:
    try:
        return {"result": server.engine.evaluate(params["function"], params["arguments"])}
    except ValueError as refusal:
        return {"error": str(refusal)}


def _close(server: Server, _: Params) -> Any:
    server.close()
    server.closed = True
    return {}


METHODS: Final[Mapping[str, Callable[[Server, Any], Any]]] = {
    "describe": _describe,
    "reset": _reset,
    "apply": _apply,
    "observe": _observe,
    "evaluate": _evaluate,
    "close": _close,
}
