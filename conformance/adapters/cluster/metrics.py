"""``metrics.k8s.io`` with injected usage, so that the real autoscaler can be shown anything.

The adapter answers for Pods of this run alone, and only where nobody serves that API yet: a Service
without a selector and an EndpointSlice lead the API server to this process, over TLS that it is told
not to verify. If it cannot be reached, everything is taken back and the run refuses to start.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from conformance.adapter import AdapterError
from conformance.adapters.cluster.client import Api
from conformance.adapters.cluster.kinds import path

GROUP: Final = "/apis/metrics.k8s.io/v1beta1"
NAME: Final = "v1beta1.metrics.k8s.io"
SERVICE: Final = "kubelaws-metrics"
PATIENCE: Final = 40.0
WINDOW: Final = "15s"

RESOURCES: Final = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": "metrics.k8s.io/v1beta1",
    "resources": [
        {
            "name": "pods",
            "singularName": "",
            "namespaced": True,
            "kind": "PodMetrics",
            "verbs": ["get", "list"],
        }
    ],
}

Usage = Mapping[str, str]
Pods = Callable[[str], Iterable[Mapping[str, Any]]]


class Chosen:
    """The usage that scenarios have chosen, by namespace and Pod. Safe to be used by many threads."""

    def __init__(self, pods: Pods) -> None:
        self._pods = pods
        self._lock = threading.Lock()
        self._usage: dict[tuple[str, str], Usage] = {}
        self._gone: set[str] = set()

    def choose(self, namespace: str, pod: str, usage: Usage | None) -> None:
        """What a Pod uses from now on; None: there is no sample of it."""
        with self._lock:
            if usage is None:
                self._usage.pop((namespace, pod), None)
            else:
                self._usage[namespace, pod] = usage

    def set_available(self, namespace: str, available: bool) -> None:
        """Whether the API answers for a namespace at all."""
        with self._lock:
            (self._gone.discard if available else self._gone.add)(namespace)

    def answer(self, where: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """What a request of the API is answered."""
        if where.rstrip("/") == GROUP:
            return 200, RESOURCES
        match = re.fullmatch(rf"{GROUP}/namespaces/([^/]+)/pods", where)
        if match is None:
            return 404, {"kind": "Status", "code": 404, "reason": "NotFound"}
        namespace = match[1]
        with self._lock:
            if namespace in self._gone:
                return 503, {"kind": "Status", "code": 503, "reason": "ServiceUnavailable"}
            chosen = dict(self._usage)
        samples = [
            _sample(pod, chosen[namespace, pod["metadata"]["name"]])
            for pod in self._pods(namespace)
            if (namespace, pod["metadata"]["name"]) in chosen
            and selects(query.get("labelSelector", ""), pod["metadata"].get("labels") or {})
        ]
        return 200, {
            "kind": "PodMetricsList",
            "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": {},
            "items": samples,
        }


def _sample(pod: Mapping[str, Any], usage: Usage) -> dict[str, Any]:
    """One Pod's sample, of just now: all of it in the first container, for only the sum counts."""
    names = [each["name"] for each in pod["spec"]["containers"]]
    kept = {name: pod["metadata"][name] for name in ("name", "namespace")}
    return {
        "metadata": {**kept, "labels": pod["metadata"].get("labels") or {}},
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "window": WINDOW,
        "containers": [
            {"name": name, "usage": dict(usage) if index == 0 else dict.fromkeys(usage, "0")}
            for index, name in enumerate(names)
        ],
    }


def selects(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether labels match a selector as the autoscaler writes one: ``a=b,c in (d,e),f``.

    >>> selects("app=web,tier in (a,b)", {"app": "web", "tier": "b"})
    True
    """
    parts = re.split(r",(?![^()]*\))", selector) if selector else []
    return all(_holds(part.strip(), labels) for part in parts)


def _holds(part: str, labels: Mapping[str, str]) -> bool:
    if match := re.fullmatch(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)", part):
        inside = labels.get(match[1]) in {value.strip() for value in match[3].split(",")}
        return inside if match[2] == "in" else not inside
    if "!=" in part:
        key, _, value = part.partition("!=")
        return labels.get(key) != value
    key, equals, value = part.partition("=")
    if not equals:
        return key.lstrip("!") not in labels if key.startswith("!") else key in labels
    return labels.get(key) == value.lstrip("=")


def refuse_where_served(api: Api) -> None:
    """Leaves a metrics API alone that somebody serves.

    Raises:
        AdapterError: there is one.
    """
    if api.get(path("APIService", name=NAME)).ok:
        raise AdapterError(f"{NAME} is served already; it is left alone (run without metrics)")


class MetricsServer:
    """The server and what leads to it, for one run."""

    def __init__(self, api: Api, chosen: Chosen) -> None:
        self._api, self._chosen = api, chosen
        self._server: ThreadingHTTPServer | None = None

    def start(self, namespace: str, labels: Mapping[str, str], address: str) -> None:
        """Serves, and has the API server ask here.

        Raises:
            AdapterError: somebody serves that API already, or the API server cannot reach us.
        """
        refuse_where_served(self._api)
        host = address or _own_address(self._api)
        self._server = _serve(self._chosen)
        try:
            self._register(namespace, labels, host, self._server.server_address[1])
            self._wait()
        except AdapterError:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it; the registration goes at once, the rest with its namespace."""
        if self._server is not None:
            self._api.delete(path("APIService", name=NAME))
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _register(self, namespace: str, labels: Mapping[str, str], host: str, port: int) -> None:
        ports = [{"name": "https", "port": port, "protocol": "TCP"}]
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE, "labels": dict(labels)},
            "spec": {"ports": [{"name": "https", "port": 443, "targetPort": port}]},
        }
        slice_ = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": SERVICE,
                "labels": {**labels, "kubernetes.io/service-name": SERVICE},
            },
            "addressType": "IPv6" if ":" in host else "IPv4",
            "endpoints": [{"addresses": [host], "conditions": {"ready": True}}],
            "ports": ports,
        }
        registration = {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": NAME, "labels": dict(labels)},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": SERVICE, "namespace": namespace},
            },
        }
        for where, manifest in (
            (path("Service", namespace), service),
            (path("EndpointSlice", namespace), slice_),
            (path("APIService"), registration),
        ):
            answer = self._api.post(where, manifest)
            if not answer.ok:
                raise AdapterError(f"metrics: {where}: {answer.code} {answer.message}")

    def _wait(self) -> None:
        end, said = time.monotonic() + PATIENCE, "no word of it"
        while time.monotonic() < end:
            found = self._api.get(path("APIService", name=NAME)).body
            for each in (found.get("status") or {}).get("conditions") or ():
                if each.get("type") == "Available":
                    said = each.get("message", "")
                    if each.get("status") == "True" and self._api.get(GROUP).ok:
                        return
            time.sleep(0.5)
        raise AdapterError(
            f"the API server cannot reach the metrics server of this run (?address=): {said}"
        )


def _own_address(api: Api) -> str:
    """The address of this machine that a node would see; no packet is sent to find out.

    Raises:
        AdapterError: only the loopback address is known, which would be the API server's own.
    """
    hosts = [urlsplit(api.host).hostname or ""]
    for node in api.get(path("Node")).body.get("items") or ():
        hosts += [
            each["address"]
            for each in (node.get("status") or {}).get("addresses") or ()
            if each.get("type") == "InternalIP"
        ]
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((host, 9))
            except OSError:
                continue
            address = str(probe.getsockname()[0])
        if address not in ("127.0.0.1", "::1"):
            return address
    raise AdapterError("metrics: say where the API server reaches this machine (?address=IP)")


def _serve(chosen: Chosen) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            code, body = chosen.answer(parts.path, query)
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("", 0), Handler)
    server.daemon_threads = True
    server.socket = _tls().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _tls() -> ssl.SSLContext:
    """TLS with a certificate made for this run; nobody verifies it, so it says nothing."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVICE)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now.replace(year=now.year - 1)).not_valid_after(
        now.replace(year=now.year + 1)
    )
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "tls.pem")
        file.touch(mode=0o600)
        file.write_bytes(private + certificate)
        context.load_cert_chain(file)
    return context
