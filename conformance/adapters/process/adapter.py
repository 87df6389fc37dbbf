"""An engine in a process of its own as an Adapter; one that fails is replaced by a fresh one.

What was judged before a failure stays judged: the failure is an AdapterError of one call, and the next
``reset`` starts the program again.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, TypeVar

from attrs import frozen
from pjrpc.common import Request, Response

from conformance.adapter import AdapterError, FunctionNotServedError, Implementation
from conformance.adapters.process import messages, schema
from conformance.adapters.process.child import Child, ChildError
from conformance.encoding import (
    implementation_from_data,
    observation_from_data,
    response_from_data,
    stimulus_to_data,
)
from spec_model.events import Observation, Stimulus
from spec_model.events import Response as Answer

T = TypeVar("T")
Call = tuple[str, Mapping[str, Any]]

DEADLINE: Final = 30.0
"""Seconds in which an engine has to answer a call."""

ENOUGH: Final = 3
"""So many fresh processes in a row may fail to start before no other is tried."""

FAREWELL: Final = 2.0
"""Seconds that an engine gets to answer ``close`` and to end by itself."""

OBSERVE: Final[Call] = ("observe", {})


@frozen
class Greeting:
    """What an engine says of itself when it is first spoken to."""

    implementation: Implementation
    batch: bool

    @property
    def looks_ahead(self) -> bool:
        """Whether what comes of a call can be fetched along with it: time stands still until the next."""
        return self.batch and self.implementation.clock == "virtual"


class ProcessAdapter:
    """A program that speaks the protocol; started when it is first needed.

    Args:
        command: the program and its arguments, as a shell would split them; no shell is used.
        deadline: seconds in which every call is to be answered.
        validate: whether every message is held against the published schema.
        profile: the profile it is asked to run under, where it can choose.

    Raises:
        ValueError: there is no command, or no time to answer.
    """

    def __init__(
        self,
        command: str,
        deadline: float = DEADLINE,
        validate: bool = False,
        profile: str | None = None,
    ) -> None:
        self.command = shlex.split(command)
        if not self.command:
            raise ValueError("write process:PROGRAM ARGUMENTS")
        if not isinstance(deadline, int | float) or deadline <= 0:
            raise ValueError(f"deadline {deadline!r} is no number of seconds to answer in")
        self.deadline, self.validate, self.profile = deadline, validate, profile
        self._child: Child | None = None
        self._greeting: Greeting | None = None
        self._identifiers = itertools.count(1)
        self._ahead: list[Observation] = []
        self._fetched = False
        self._failed_starts = 0
        self._lost = "nothing has been asked of it yet"

    # -- the protocol ---------------------------------------------------------------------------

    def describe(self) -> Implementation:
        """Who the engine says it is."""
        return self._started().implementation

    def reset(self) -> None:
        """A fresh cluster, in a fresh process where the last one failed."""
        self._started()
        self._ahead, self._fetched = [], False
        self._ask(("reset", {}), lambda _: None)
        self._failed_starts = 0

    def apply(self, stimulus: Stimulus, /) -> Answer:
        """Sends the stimulus; on a virtual clock, fetches what came of it in the same round trip."""
        return self._ask(("apply", {"stimulus": stimulus_to_data(stimulus)}), response_from_data)

    def observe(self) -> Sequence[Observation]:
        """What was fetched ahead, or else what the engine answers now."""
        if not self._fetched:
            self._look(self._talk([OBSERVE])[0])
        seen, self._ahead, self._fetched = self._ahead, [], False
        return seen

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """The function's result.

        Raises:
            FunctionNotServedError: the engine does not serve it.
            ValueError: the function's own refusal.
        """
        self._started()
        (response,) = self._talk([("evaluate", {"function": function, "arguments": arguments})])
        if response.error and response.error.code == messages.NOT_SERVED:
            raise FunctionNotServedError(function)
        result = self._result("evaluate", response)
        self._failed_starts = 0
        if result.get("error") is not None:
            raise ValueError(str(result["error"]))
        return result.get("result")

    def close(self) -> None:
        """Says goodbye, and ends what does not end by itself."""
        child, self._child = self._child, None
        if child is None or not child.end.alive:
            return
        request = Request("close", {}, next(self._identifiers))
        try:
            child.ask(messages.encode(request.to_json()), min(self.deadline, FAREWELL))
        except ChildError:
            pass  # it is going anyway
        finally:
            child.finish(FAREWELL)

    # -- starting -------------------------------------------------------------------------------

    def _started(self) -> Greeting:
        if self._child is not None and self._greeting is not None:
            return self._greeting
        if self._failed_starts >= ENOUGH:
            raise AdapterError(
                f"given up, {ENOUGH} fresh processes in a row have failed; the last: {self._lost}"
            )
        self._failed_starts += 1
        try:
            self._child = Child(self.command)
        except OSError as error:
            self._lost = f"{self.command[0]}: {error.strerror or error}"
            raise AdapterError(self._lost) from error
        try:
            greeting = self._greet()
        except AdapterError:
            self._discard()  # with whom there was no handshake there is nothing to talk about
            raise
        if self._greeting not in (None, greeting):
            raise self._failure("describe", "says otherwise what it is than the process before it")
        self._greeting = greeting
        return greeting

    def _greet(self) -> Greeting:
        tool = f"kubelaws {version('kubelaws')}"
        asked = {"protocol": list(messages.VERSIONS), "tool": tool, "profile": self.profile}
        (response,) = self._talk([("describe", asked)])
        said = self._result("describe", response)
        spoken = said.get("protocol")
        if spoken not in messages.VERSIONS:
            ours = ", ".join(map(str, messages.VERSIONS))
            raise self._failure("describe", f"speaks protocol {spoken!r}; spoken here is {ours}")
        self._read("describe", lambda data: schema.check("describe.result", data), said)
        implementation = self._read("describe", implementation_from_data, said)
        return Greeting(implementation, bool(said.get("batch")))

    # -- asking ---------------------------------------------------------------------------------

    def _ask(self, call: Call, parse: Callable[[Any], T]) -> T:
        """What a call is answered with; where it can be, the engine is looked at in the same round trip."""
        ahead = self._greeting is not None and self._greeting.looks_ahead
        response, *seen = self._talk([call, OBSERVE] if ahead else [call])
        answer = self._read(call[0], parse, self._result(call[0], response))
        for each in seen:
            self._look(each)
        return answer

    def _look(self, response: Response) -> None:
        found = self._result("observe", response)
        self._ahead += self._read(
            "observe", lambda data: [*map(observation_from_data, data["observations"])], found
        )
        self._fetched = True

    def _talk(self, calls: Sequence[Call]) -> list[Response]:
        """Asks, several calls in one batch; whatever goes wrong, the process is not spoken to again."""
        name, batch = calls[0][0], len(calls) > 1
        child = self._child
        if child is None:
            raise AdapterError(f"there is no process to {name}: {self._lost}; reset starts another")
        asked = [Request(method, dict(params), next(self._identifiers)) for method, params in calls]
        line = self._line(asked, batch=batch)
        try:
            return messages.responses(child.ask(line, self.deadline), asked, batch=batch)
        except ChildError as error:
            raise self._failure(name, str(error)) from error
        except messages.MessageError as error:
            raise self._failure(name, f"answered with {error}") from error
        except BaseException:  # Ctrl-C between question and answer: they would be out of step
            self._discard()
            raise

    def _line(self, asked: Sequence[Request], *, batch: bool) -> bytes:
        said = [request.to_json() for request in asked]
        try:
            if self.validate:
                for request in asked:
                    schema.check(f"{request.method}.params", request.params)
            return messages.encode(said if batch else said[0])
        except ValueError as error:
            raise AdapterError(f"{asked[0].method} cannot be asked: {error}") from error

    def _result(self, method: str, response: Response) -> Any:
        if response.error:
            raise AdapterError(f"{method} was answered with {messages.told(response.error)}")
        result = response.result
        if self.validate:
            self._read(method, lambda data: schema.check(f"{method}.result", data), result)
        if not isinstance(result, dict):
            raise self._failure(method, f"answered with {_told(result)}, not with an object")
        return result

    def _read(self, method: str, parse: Callable[[Any], T], data: Any) -> T:
        try:
            return parse(data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = _reason(f"{method}.result", data) or str(error)
            raise self._failure(method, f"answered with what is no result: {reason}") from error

    # -- failing --------------------------------------------------------------------------------

    def _failure(self, method: str, what: str) -> AdapterError:
        """Ends the process, and says what it did, the call it did it in, and its last words."""
        words = self._child.last_words() if self._child else ""
        self._discard()
        log = f"; its stderr ended: {words}" if words else "; it wrote nothing to stderr"
        self._lost = f"{method}: the engine {messages.short(what)}{log}"
        return AdapterError(self._lost)

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _told(result: Any) -> str:
    return messages.short(repr(result), 80)


def _reason(name: str, data: Any) -> str:
    """What the schema says is wrong; empty where it has nothing to say."""
    try:
        schema.check(name, data)
    except ValueError as error:
        return str(error)
    return ""
