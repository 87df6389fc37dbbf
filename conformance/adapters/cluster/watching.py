"""One watch a kind: everything it shows, stamped when it came, from the first listing to the end.

A watch goes on from the last resourceVersion; where the server has forgotten it (410), the kind is
listed again and the difference to what was known is told as events.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from conformance.adapter import AdapterError
from conformance.adapters.cluster.client import Api, Query, Stream, Unreachable
from conformance.adapters.cluster.kinds import KINDS, Kind, path

GONE: Final = 410
SESSION: Final = 290
"""Seconds after which the server is asked to end a watch, which then goes on from where it was."""
PATIENCE: Final = 180.0
"""Seconds without an answer after which a watch is given up."""

Object = Mapping[str, Any]


@frozen
class Shown:
    """One event of a watch: when it came (seconds since 1970 on this machine), what it said."""

    at: float
    type: str
    object: dict[str, Any]


class WatchError(AdapterError):
    """A watch could not be kept up, so that what the cluster did is no longer known."""


class Watch(threading.Thread):
    """The watch of one kind, in a thread of its own; ``deliver`` is called for every event, in order."""

    def __init__(
        self,
        api: Api,
        kind: Kind,
        deliver: Callable[[Shown], None],
        selector: str = "",
        where: str = "",
    ) -> None:
        super().__init__(name=f"watch {kind.plural}", daemon=True)
        self._api, self._kind, self._deliver = api, kind, deliver
        self._path = path(kind.name, where)
        self._query: Query = (("labelSelector", selector),) if selector else ()
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._version = ""
        self._stream: Stream | None = None
        self._stopped = threading.Event()
        self.listed = threading.Event()
        self.error: WatchError | None = None
        self.relists = 0

    def run(self) -> None:
        """Lists, watches, goes on; until it is stopped or has failed for too long."""
        failing_since: float | None = None
        while not self._stopped.is_set():
            try:
                if not self._version:
                    self._list()
                self._follow()
                failing_since = None
            except Unreachable as error:
                moment = time.monotonic()
                failing_since = failing_since or moment
                if moment - failing_since > PATIENCE:
                    self._fail(f"no answer for {PATIENCE:g} s: {error}")
                self._stopped.wait(1.0)
            except WatchError as error:
                self._fail(str(error))
            except Exception as error:
                self._fail(f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        """Ends it, wherever it is."""
        self._stopped.set()
        if self._stream is not None:
            self._stream.interrupt()

    def _fail(self, why: str) -> None:
        if not self._stopped.is_set():
            self.error = WatchError(f"watch of {self._kind.plural}: {why}")
        self._stopped.set()
        self.listed.set()

    def _list(self) -> None:
        answer = self._api.get(self._path, self._query)
        if not answer.ok:
            raise WatchError(f"list answered {answer.code}: {answer.message}")
        at = time.time()
        items = [self._whole(each) for each in answer.body.get("items") or ()]
        found = {_key(each): each for each in items}
        for key in [key for key in self._known if key not in found]:
            self._tell(at, "DELETED", self._known[key])
        for key, each in found.items():
            old = self._known.get(key)
            if old is None or _version(old) != _version(each):
                self._tell(at, "ADDED" if old is None else "MODIFIED", each)
        self._version = answer.body["metadata"]["resourceVersion"]
        self.relists += self.listed.is_set()
        self.listed.set()

    def _whole(self, item: dict[str, Any]) -> dict[str, Any]:
        """An item of a list as it is alone: the list leaves out what it is."""
        return {"apiVersion": self._kind.api, "kind": self._kind.name, **item}

    def _follow(self) -> None:
        query = [
            *self._query,
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", self._version),
            ("timeoutSeconds", str(SESSION)),
        ]
        stream = self._api.open_watch(self._path, query, patience=SESSION + 30.0)
        self._stream = stream
        try:
            if stream.code == GONE:
                self._version = ""
                return
            if stream.code != 200:
                raise Unreachable(f"watch answered {stream.code}")
            for event in stream:
                if self._stopped.is_set() or not self._take(event):
                    return
        except (WatchError, Unreachable):
            raise
        except Exception as error:  # a connection that broke: go on from the last version
            raise Unreachable(f"watch broke: {error}") from error
        finally:
            stream.end()

    def _take(self, event: dict[str, Any]) -> bool:
        """Takes one event in; False where the watch cannot go on from here."""
        at, kind, item = time.time(), event["type"], event["object"]
        if kind == "ERROR":
            if item.get("code") != GONE:
                raise Unreachable(f"watch said {item.get('code')}: {item.get('message')}")
            self._version = ""
            return False
        self._version = item["metadata"]["resourceVersion"]
        if kind != "BOOKMARK":
            self._tell(at, kind, item)
        return True

    def _tell(self, at: float, kind: str, item: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._known.pop(_key(item), None)
        else:
            self._known[_key(item)] = item
        self._deliver(Shown(at, kind, item))


def watch_all(
    api: Api,
    kinds: Mapping[str, str],
    deliver: Callable[[Shown], None],
    *,
    where: str = "",
    patience: float = 60.0,
) -> list[Watch]:
    """Watches of these kinds (each with its label selector), begun and past their first listing.

    Raises:
        WatchError: one of them could not be begun.
    """
    watches = [
        Watch(api, KINDS[name], deliver, selector, where if KINDS[name].namespaced else "")
        for name, selector in kinds.items()
    ]
    for watch in watches:
        watch.start()
    end = time.monotonic() + patience
    try:
        for watch in watches:
            if not watch.listed.wait(max(end - time.monotonic(), 0.0)):
                raise WatchError(f"{watch.name}: no listing within {patience:g} s")
            if watch.error:
                raise watch.error
    except WatchError:
        stop_all(watches)
        raise
    return watches


def stop_all(watches: list[Watch]) -> None:
    """Ends them all, and waits for their threads a little."""
    for watch in watches:
        watch.stop()
    for watch in watches:
        watch.join(timeout=2.0)


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace") or "", item["metadata"]["name"]


def _version(item: Object) -> str:
    return str(item["metadata"].get("resourceVersion", ""))
