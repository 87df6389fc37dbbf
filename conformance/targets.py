"""Selecting an adapter: one form for the command line, the environment and pytest.

simulator                          the embedded engine (default); options: ?nodes=3&jitter=true
python:package.module:Factory      a class or function that returns an Adapter
process:./engine --flag            a program that speaks JSON-RPC over its standard input and
                                   output; options stand before the colon, so that they never
                                   clash with the command: process?deadline=5&validate=true:./engine
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
from importlib.metadata import entry_points
from typing import Any, Final
from urllib.parse import parse_qsl

from conformance.adapter import Adapter, Implementation
from conformance.functions import refuse_unknown
from spec_model.rules import PROFILES, did_you_mean

VARIABLE: Final = "KUBELAWS_ADAPTER"
GROUP: Final = "kubelaws.adapters"


SCHEMES: Final[Mapping[str, str]] = {
    "simulator": "the embedded engine (default): simulator?nodes=3&jitter=true",
    "python": "a class or function that returns an Adapter: python:package.module:Factory",
    "process": "a program that speaks JSON-RPC: process:./engine --flag, process?deadline=5:./engine",
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
    name, query = _parts(spec)
    options: dict[str, Any] = {key: _value(text) for key, text in parse_qsl(query)}
    try:
        factory = _factory(name)
        if profile is not None and "profile" in inspect.signature(factory).parameters:
            options.setdefault("profile", profile)
        return factory(**options)
    except UnknownTargetError:
        raise
    except Exception as error:
        raise UnknownTargetError(_why(repr(spec), error)) from error


def with_option(spec: str, name: str, value: str) -> str:
    """The same target with one more option.

    >>> with_option("process?deadline=5:./engine --flag", "validate", "true")
    'process?deadline=5&validate=true:./engine --flag'
    """
    selected, query = _parts(spec)
    query = f"{query}&{name}={value}" if query else f"{name}={value}"
    scheme, colon, rest = selected.partition(":")
    return f"{scheme}?{query}{colon}{rest}" if scheme == "process" else f"{selected}?{query}"


def _parts(spec: str) -> tuple[str, str]:
    """What is selected, and its options: after the name, but for a process before its command."""
    head, colon, command = spec.partition(":")
    scheme, _, query = head.partition("?")
    if scheme == "process":
        return f"{scheme}{colon}{command}", query
    name, _, query = spec.partition("?")
    return name, query


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
