"""HTTP to the API server: the official client's configuration and connections, plain JSON in and out."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from conformance.adapter import AdapterError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

IN_CLUSTER: Final = "in-cluster"
TIMEOUT: Final = (10.0, 30.0)
"""Seconds to connect, and to wait for an answer."""

Query = Sequence[tuple[str, str]]


class Unreachable(AdapterError):  # noqa: N818 - it is said to a person as it is
    """The API server did not answer, or the kubeconfig names none."""


@frozen
class Answer:
    """What the API server answered: the HTTP code, the object or Status, the time by its own clock."""

    code: int
    body: dict[str, Any]
    date: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.code < 300

    @property
    def message(self) -> str:
        """Why it did not, in one line."""
        return " ".join(str(self.body.get("message") or self.body)[:300].split())


class Rate:
    """At most so many calls a second, with bursts of as many; waiting is shared by all threads."""

    def __init__(
        self,
        per_second: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._every = 1.0 / per_second
        self._burst = 1.0
        self._now, self._sleep = now, sleep
        self._lock = threading.Lock()
        self._free_at = now() - self._burst

    def wait(self) -> None:
        """Returns when the next call may be made."""
        with self._lock:
            moment = self._now()
            self._free_at = max(self._free_at, moment - self._burst) + self._every
            pause = self._free_at - moment
        if pause > 0:
            self._sleep(pause)


class Api:
    """One API server. Safe to be used by many threads.

    Raises:
        Unreachable: from every method, where there was no answer at all.
    """

    def __init__(self, connection: ApiClient, rate: Rate) -> None:
        self._connection = connection
        self._rate = rate
        self.requests = 0

    @property
    def host(self) -> str:
        """The address of the API server."""
        return str(self._connection.configuration.host)

    @property
    def authority(self) -> str:
        """The file with the certificate that the API server's own is signed by; empty: any known one."""
        return str(self._connection.configuration.ssl_ca_cert or "")

    def get(self, path: str, query: Query = ()) -> Answer:
        """Reads."""
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any], query: Query = ()) -> Answer:
        """Creates."""
        return self.request("POST", path, body, query)

    def put(self, path: str, body: Mapping[str, Any], query: Query = ()) -> Answer:
        """Replaces."""
        return self.request("PUT", path, body, query)

    def patch(self, path: str, body: Mapping[str, Any], query: Query = ()) -> Answer:
        """Changes, by a JSON merge patch."""
        return self.request("PATCH", path, body, query, content="application/merge-patch+json")

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Deletes."""
        return self.request("DELETE", path, body or {})

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Query = (),
        content: str = "application/json",
    ) -> Answer:
        """One call; a refusal is an answer."""
        self._rate.wait()
        self.requests += 1
        response = self._send(method, path, body, query, content, TIMEOUT)
        text = response.read() or b"{}"
        date = response.headers.get("Date")
        when = parsedate_to_datetime(date).timestamp() if date else None
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = {"message": text.decode(errors="replace")}
        shaped = parsed if isinstance(parsed, dict) else {"message": str(parsed)}
        return Answer(response.status, shaped, when)

    def open_watch(self, path: str, query: Query, patience: float) -> Stream:
        """A watch: a stream of events, that ends by itself or when it is closed."""
        response = self._send("GET", path, None, query, "application/json", (10.0, patience))
        return Stream(response.status, response.response)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Query,
        content: str,
        timeout: tuple[float, float],
    ) -> Any:
        headers = {"Accept": "application/json", "Content-Type": content}
        try:
            call = self._connection.param_serialize(
                method,
                path,
                query_params=list(query),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            return self._connection.call_api(*call, _request_timeout=timeout)
        except Exception as error:
            raise Unreachable(f"{method} {path} at {self.host}: {_line(error)}") from error

    def execute(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        lines: int | None = None,
        timeout: float = 20.0,
    ) -> list[str]:
        """The lines that a command printed which was run in a container; the first ``lines`` of them.

        Raises:
            Unreachable: it could not be run.
        """
        from kubernetes.stream.ws_client import websocket_call

        self._rate.wait()
        self.requests += 1
        query = [("container", container), ("stdout", "true"), ("stderr", "true")]
        query += [("command", word) for word in command]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        try:
            _, url, headers, *_ = self._connection.param_serialize(
                "GET", path, query_params=query, auth_settings=["BearerToken"]
            )
            websocket = websocket_call(
                self._connection.configuration, "GET", url, headers=headers, _preload_content=False
            )
        except Exception as error:
            raise Unreachable(f"exec in {pod}/{container}: {_line(error)}") from error
        return list(_printed(websocket, lines, time.monotonic() + timeout))

    def close(self) -> None:
        """Gives the connections back."""
        self._connection.close()  # type: ignore[no-untyped-call]


def _printed(websocket: Any, lines: int | None, end: float) -> Iterator[str]:
    """The lines of a command's output, until there are enough, it ends, or time is up."""
    count = 0
    try:
        while (lines is None or count < lines) and time.monotonic() < end:
            line = websocket.readline_stdout(timeout=min(1.0, end - time.monotonic()))
            if line:
                count += 1
                yield line
            elif not websocket.is_open():
                yield from websocket.read_stdout(timeout=0).splitlines()
                return
    except Exception:
        return  # the container ended while it was listened to
    finally:
        websocket.close()


class Stream:
    """The lines of a watch, as JSON."""

    def __init__(self, code: int, response: Any) -> None:
        self.code = code
        self._response = response

    def __iter__(self) -> Iterator[dict[str, Any]]:
        buffer = b""
        for chunk in self._response.stream(None):
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())

    def end(self) -> None:
        """Gives its connection back; called by whoever has read it."""
        self._response.close()

    def interrupt(self) -> None:
        """Ends it while another thread is reading."""
        try:
            self._response.shutdown()
        except (AttributeError, ValueError, OSError, RuntimeError):
            return  # it has ended


def connect(context: str = "", kubeconfig: str = "", rate: float = 20.0) -> Api:
    """The API server that a kubeconfig, or the account of the Pod we run in, names.

    Raises:
        Unreachable: the client is not installed, or there is no such file or context.
    """
    try:
        from kubernetes import client
        from kubernetes.config import load_incluster_config, load_kube_config
    except ImportError as error:
        raise Unreachable(
            "the Kubernetes client is missing: pip install kubelaws[cluster]"
        ) from error
    settings = client.Configuration()
    try:
        if context == IN_CLUSTER:
            load_incluster_config(client_configuration=settings)
        else:
            load_kube_config(
                config_file=kubeconfig or None,
                context=context or None,
                client_configuration=settings,
                persist_config=False,
            )
    except Exception as error:
        raise Unreachable(f"kubeconfig: {_line(error)}") from error
    settings.connection_pool_maxsize = 64
    return Api(client.ApiClient(settings), Rate(rate))


def _line(error: BaseException) -> str:
    return " ".join(f"{error}"[:300].split()) or type(error).__name__
