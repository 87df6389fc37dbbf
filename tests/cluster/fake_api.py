"""A small API server over HTTP: objects in a dictionary, watches from a log, rights from a list."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.adapters.cluster.client import Api, Rate
from conformance.adapters.cluster.kinds import KINDS

PLURALS = {kind.plural: kind for kind in KINDS.values()}


class Store:
    """What the server holds. ``forgotten`` is the version before which watches cannot go on."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[int, str, str, dict[str, Any]]] = []
        self.version = 10
        self.forgotten = 0
        self.denied: set[tuple[str, str]] = set()
        self.requests: list[tuple[str, str]] = []
        self.logins: set[str] = set()
        self.drop_watches = 0
        self.closing = False
        self.changed = threading.Condition()

    def write(self, path: str, manifest: dict[str, Any], type: str = "") -> dict[str, Any]:
        """Stores an object at its path."""
        with self.changed:
            self.version += 1
            kind = type or ("MODIFIED" if path in self.objects else "ADDED")
            metadata = {**manifest.get("metadata", {}), "resourceVersion": str(self.version)}
            metadata.setdefault("name", path.rpartition("/")[2])
            metadata.setdefault("uid", f"uid-{self.version}")
            if "/namespaces/" in path and path.count("/") > 4:
                metadata.setdefault("namespace", path.split("/namespaces/")[1].split("/")[0])
            stored = {**manifest, "metadata": metadata}
            if kind == "DELETED":
                self.objects.pop(path, None)
            else:
                self.objects[path] = stored
            self.log.append((self.version, path, kind, stored))
            self.changed.notify_all()
            return stored

    def remove(self, path: str) -> None:
        """Takes an object away; a namespace with all that is in it."""
        inside = f"{path.removeprefix('/api/v1')}/"
        for each in [at for at in self.objects if at == path or inside in at]:
            self.write(each, self.objects[each], "DELETED")

    def listed(self, path: str, selector: str) -> Iterator[dict[str, Any]]:
        """The objects of a collection, of all namespaces where it names none."""
        for at, each in list(self.objects.items()):
            if belongs(at, path) and selects(selector, each):
                yield each


def belongs(at: str, collection: str) -> bool:
    """Whether an object's path lies in a collection."""
    parent = at.rpartition("/")[0]
    if parent == collection:
        return True
    before, _, plural = collection.rpartition("/")
    return parent.startswith(f"{before}/namespaces/") and parent.endswith(f"/{plural}")


def selects(selector: str, manifest: dict[str, Any]) -> bool:
    """Whether a label selector of the forms ``key`` and ``key=value`` holds."""
    if not selector:
        return True
    key, _, value = selector.partition("=")
    labels = manifest.get("metadata", {}).get("labels") or {}
    return key in labels and (not value or labels[key] == value)


def merge(old: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: Store

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        """A read, a list or a watch."""
        path, query = self._asked()
        if path == "/version":
            return self._answer(200, {"gitVersion": "v1.36.2", "minor": "36"})
        if query.get("watch"):
            return self._watch(path, query)
        if path.rpartition("/")[2] not in PLURALS:
            found = self.store.objects.get(path)
            return self._answer(200, found) if found else self._refuse(404, "NotFound")
        kind = PLURALS[path.rpartition("/")[2]]
        if (kind.plural, "list") in self.store.denied:
            return self._refuse(403, "Forbidden")
        items = [
            {key: value for key, value in each.items() if key not in ("kind", "apiVersion")}
            for each in self.store.listed(path, query.get("labelSelector", ""))
        ]
        version = str(self.store.version)
        return self._answer(200, {"items": items, "metadata": {"resourceVersion": version}})

    def do_POST(self) -> None:
        """A create, or a question about rights."""
        path, query = self._asked()
        body = self._body()
        if path.endswith("selfsubjectaccessreviews"):
            asked = body["spec"]["resourceAttributes"]
            denied = (asked["resource"], asked["verb"]) in self.store.denied
            denied = denied or (asked["resource"] == "*" and bool(self.store.denied))
            return self._answer(201, {"status": {"allowed": not denied}})
        name = body.get("metadata", {}).get("name")
        if not name:
            cause = {"field": "metadata.name", "reason": "FieldValueRequired"}
            return self._refuse(422, "Invalid", causes=[cause])
        at = f"{path}/{name}"
        if at in self.store.objects:
            return self._refuse(409, "AlreadyExists")
        if query.get("dryRun"):
            return self._answer(201, body)
        if path.endswith("/namespaces"):
            self.store.write(f"{at}/serviceaccounts/default", {"kind": "ServiceAccount"})
        if name and path.rpartition("/")[2].startswith("persistentvolume"):
            body = {**body, "status": {"phase": "Pending"}}  # as if a controller had looked at it
        return self._answer(201, self.store.write(at, body))

    def do_PUT(self) -> None:
        """A replacement."""
        path, _ = self._asked()
        return self._answer(200, self.store.write(path, self._body()))

    def do_PATCH(self) -> None:
        """A merge patch."""
        path = self._asked()[0].removesuffix("/status")
        body = self._body()
        found = self.store.objects.get(path)
        if found is None:
            return self._refuse(404, "NotFound")
        return self._answer(200, self.store.write(path, merge(found, body)))

    def do_DELETE(self) -> None:
        """An end."""
        path, _ = self._asked()
        self._body()
        if path not in self.store.objects:
            return self._refuse(404, "NotFound")
        found = self.store.objects[path]
        self.store.remove(path)
        return self._answer(200, found)

    # -- how ----------------------------------------------------------------------------------------

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        self.store.requests.append((self.command, parts.path))
        self.store.logins.add(self.headers.get("Authorization") or "")
        return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}

    def _body(self) -> dict[str, Any]:
        length = int(self.headers.get("Content-Length") or 0)
        body: dict[str, Any] = json.loads(self.rfile.read(length) or b"{}")
        return body

    def _answer(self, code: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self, code: int, reason: str, causes: Any = ()) -> None:
        status = {"kind": "Status", "code": code, "reason": reason, "message": f"{reason} it is"}
        self._answer(code, {**status, "details": {"causes": list(causes)}})

    def _watch(self, path: str, query: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for event in self._events(path, query):
                line = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            return  # whoever watched has gone

    def _events(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        since = int(query.get("resourceVersion") or 0)
        end = time.monotonic() + float(query.get("timeoutSeconds") or 3600)
        if since < self.store.forgotten:
            gone = {"kind": "Status", "code": 410, "reason": "Expired"}
            yield {"type": "ERROR", "object": gone}
            return
        while not self.store.closing and time.monotonic() < end:
            with self.store.changed:
                new = [each for each in self.store.log if each[0] > since]
                if not new:
                    self.store.changed.wait(0.05)
            for version, at, kind, manifest in new:
                since = version
                if belongs(at, path) and selects(query.get("labelSelector", ""), manifest):
                    yield {"type": kind, "object": manifest}
            if self.store.drop_watches:
                self.store.drop_watches -= 1
                return


@contextmanager
def serving() -> Iterator[tuple[Store, Api]]:
    """The server while it runs, and a client of it."""
    from kubernetes import client

    store = Store()
    handler = type("OwnHandler", (Handler,), {"store": store})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    settings = client.Configuration()
    settings.connection_pool_maxsize = 64
    settings.host = f"http://127.0.0.1:{server.server_address[1]}"
    api = Api(client.ApiClient(settings), Rate(10_000))
    try:
        yield store, api
    finally:
        store.closing = True
        api.close()
        server.shutdown()
        server.server_close()
