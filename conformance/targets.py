"""Selecting an adapter: one form for the command line, the environment and pytest.

simulator                          the embedded engine (default); options: ?nodes=3&jitter=true
python:package.module:Factory      a class or function that returns an Adapter
process:./engine --flag            a program that speaks JSON-RPC over its standard input and
                                   output; options stand before the colon, so that they never
                                   clash with the command: process?deadline=5&validate=true:./engine
cluster:CONTEXT                    a real cluster, by a context of the kubeconfig (empty: the current
                                   one; in-cluster: a Pod's account); options: ?parallel=8&image=…
NAME                               an adapter that another package installed under the entry
                                   point group ``kubelaws.adapters``
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from attrs import frozen

from conformance.adapter import Adapter, Implementation
from conformance.functions import refuse_unknown
from spec_model.rules import PROFILES, did_you_mean

VARIABLE: Final = "KUBELAWS_ADAPTER"
GROUP: Final = "kubelaws.adapters"


SCHEMES: Final[Mapping[str, str]] = {
    "simulator": "the embedded engine (default): simulator?nodes=3&jitter=true",
    "python": "a class or function that returns an Adapter: python:package.module:Factory",
    "process": "a program that speaks JSON-RPC: process:./engine --flag, process?deadline=5:./engine",
    "cluster": "a real cluster, by a context of the kubeconfig: cluster:kind?parallel=8",
}
"""What there is without anything installed, and how it is written."""


class UnknownTargetError(ValueError):
    """No adapter can be had by that name; the message says what was tried and what there is."""


def chosen(option: str | None) -> str:
    """The adapter that the option, else the environment, else the default names."""
    return option or os.environ.get(VARIABLE) or "simulator"


def open_adapter(spec: str, profile: str | None = None) -> Adapter:
    """The adapter that a target names, to run under ``profile`` where the engine can choose.

    Raises:
        UnknownTargetError: there is none of that name, or it cannot be made with these options.
    """
    name, options = _parts(spec)
    try:
        factory = _factory(name)
        if profile is not None and "profile" in inspect.signature(factory).parameters:
            options.setdefault("profile", profile)
        return factory(**options)
    except UnknownTargetError:
        raise
    except Exception as error:
        raise UnknownTargetError(_why(repr(spec), error)) from error


@frozen
class Known:
    """An adapter that can be selected by name: how it is written, or where it was installed from."""

    name: str
    what: str
    source: str


def known() -> list[Known]:
    """The built-in schemes, and what other packages have installed; nothing is loaded."""
    installed = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    return [
        *(Known(name, what, "built in") for name, what in SCHEMES.items()),
        *(Known(entry.name, entry.value, _package(entry)) for entry in installed),
    ]


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "installed"


def exchanges_messages(spec: str) -> bool:
    """Whether a target is a process, spoken to in messages.

    >>> exchanges_messages("process?deadline=5:./engine"), exchanges_messages("processor")
    (True, False)
    """
    return re.split("[?:]", spec, maxsplit=1)[0] == "process"


def _parts(spec: str) -> tuple[str, dict[str, Any]]:
    """What is selected, and its options."""
    name, query = _split(spec)
    return name, {key: _value(text) for key, text in parse_qsl(query)}


def _split(spec: str) -> tuple[str, str]:
    """What is selected, and the query: after the name, but for a process before its command."""
    head, colon, command = spec.partition(":")
    scheme, _, query = head.partition("?")
    if scheme == "process":
        return f"{scheme}{colon}{command}", query
    name, _, query = spec.partition("?")
    return name, query


def cluster_options(spec: str) -> tuple[str, dict[str, Any]]:
    """The context and the options of a target that is a cluster.

    Raises:
        UnknownTargetError: it is none.
    """
    name, options = _parts(spec)
    scheme, _, context = name.partition(":")
    if scheme != "cluster":
        raise UnknownTargetError(f"{spec!r} is no cluster: write cluster:CONTEXT")
    return context, options


def with_options(spec: str, **options: str | bool) -> str:
    """A target with more options.

    >>> with_options("cluster:kind", hook="ssh {node}", metrics=True)
    'cluster:kind?hook=ssh+%7Bnode%7D&metrics=true'
    >>> with_options("process?deadline=5:./engine --flag", validate=True)
    'process?deadline=5&validate=true:./engine --flag'
    """
    words = {key: str(value).lower() if value is True else value for key, value in options.items()}
    given = urlencode({key: value for key, value in words.items() if value})
    if not given:
        return spec
    selected, query = _split(spec)
    query = f"{query}&{given}" if query else given
    scheme, colon, rest = selected.partition(":")
    return f"{scheme}?{query}{colon}{rest}" if scheme == "process" else f"{selected}?{query}"


def described(adapter: Adapter, spec: str) -> Implementation:
    """What the adapter says of itself.

    Raises:
        UnknownTargetError: it cannot say, or says what makes no sense.
    """
    try:
        implementation = adapter.describe()
        if not isinstance(implementation, Implementation):
            raise TypeError(f"answered {implementation!r}, not an Implementation")
        if implementation.profile not in PROFILES:
            raise ValueError(f"profile {implementation.profile!r} is none of {', '.join(PROFILES)}")
        refuse_unknown(implementation)
    except Exception as error:
        raise UnknownTargetError(_why(f"{spec}: describe", error)) from error
    return implementation


def close(adapter: Adapter, spec: str) -> None:
    """Gives the engine back; by then all is judged, so what it complains of is said and no more."""
    try:
        adapter.close()
    except Exception as error:
        print(f"kubelaws: {_why(f'{spec}: close', error)}", file=sys.stderr)


def _why(what: str, error: Exception) -> str:
    """One line; a TypeError or ValueError says enough without its name."""
    name = "" if isinstance(error, (TypeError, ValueError)) else f"{type(error).__name__}: "
    return f"adapter {what}: {name}{' '.join(str(error).split())}"


def _factory(name: str) -> Callable[..., Adapter]:
    scheme, _, rest = name.partition(":")
    if scheme == "simulator":
        from conformance.adapters.simulator import SimulatorAdapter

        return SimulatorAdapter
    if scheme == "python":
        return _python(rest)
    if scheme == "process":
        from conformance.adapters.process import ProcessAdapter

        return partial(ProcessAdapter, rest)
    if scheme == "cluster":
        from conformance.adapters.cluster.adapter import open_cluster

        return partial(open_cluster, rest)
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    if scheme in installed:
        loaded: Callable[..., Adapter] = installed[scheme].load()
        return loaded
    known = (*SCHEMES, *installed)
    raise UnknownTargetError(
        f"no adapter {name!r}{did_you_mean(scheme, known)}; there are {', '.join(known)}"
    )


def _python(path: str) -> Callable[..., Adapter]:
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise UnknownTargetError(f"adapter python:{path}: write python:package.module:Factory")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `python -m` does: people try an engine where it lies
    factory: Callable[..., Adapter] = getattr(import_module(module_name), attribute)
    return factory


def _value(text: str) -> str | int | float | bool:
    words: Mapping[str, bool] = {"true": True, "false": False}
    if text in words:
        return words[text]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text
