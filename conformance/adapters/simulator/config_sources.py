"""``kubectl create configmap``: what becomes of its files and literals (CONFIGMAP-006).

Upstream: kubectl/pkg/cmd/create/create_configmap.go and pkg/util/util.go. The file system is a map: a path
that ends in a slash is a directory, any other one a file with its text, or ``{"base64": …}``.
"""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.adapters.simulator.api import names

Tree = Mapping[str, Any]


def from_sources(arguments: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """data and binaryData of the ConfigMap that the command makes.

    Raises:
        ValueError: in one word, why it makes none.
    """
    made: dict[str, dict[str, str]] = {"data": {}, "binaryData": {}}
    tree = arguments.get("files") or {}
    for source in arguments.get("from_file") or ():
        for key, path in keys_of(source, tree):
            add(made, key, content_of(tree[path]))
    for literal in arguments.get("from_literal") or ():
        add(made, *literal_of(literal))
    return made


def keys_of(source: str, tree: Tree) -> Iterator[tuple[str, str]]:
    """The keys of one ``--from-file``, with the paths of their files."""
    key, path = split_source(source)
    folder = path.rstrip("/") + "/"
    if is_directory(folder, tree):
        if "=" in source:
            raise ValueError("key_for_directory")
        yield from files_in(folder, tree)
    elif path in tree:
        yield key, path
    else:
        raise ValueError("not_found")


def split_source(source: str) -> tuple[str, str]:
    """``key=path``, or a path whose last part is the key."""
    if source.count("=") > 1 or source.startswith("=") or source.endswith("="):
        raise ValueError("bad_source")
    key, equals, path = source.partition("=")
    return (key, path) if equals else (posixpath.basename(source), source)


def is_directory(folder: str, tree: Tree) -> bool:
    """A path that is there with a slash, or that something lies below."""
    return any(path.startswith(folder) for path in tree)


def files_in(folder: str, tree: Tree) -> Iterator[tuple[str, str]]:
    """The regular files directly in a directory."""
    for path in sorted(tree):
        name = path.removeprefix(folder)
        if path.startswith(folder) and name and "/" not in name:
            yield name, path


def literal_of(literal: str) -> tuple[str, bytes]:
    """``key=value``, split at the first equals sign."""
    key, equals, value = literal.partition("=")
    if not key or not equals:
        raise ValueError("bad_literal")
    return key, value.encode()


def content_of(held: Any) -> bytes:
    """The bytes of a file."""
    return base64.b64decode(held["base64"]) if isinstance(held, Mapping) else str(held).encode()


def add(made: dict[str, dict[str, str]], key: str, content: bytes) -> None:
    """Put a value where it belongs: text into data, anything else into binaryData."""
    if not names.is_config_key(key):
        raise ValueError("invalid_key")
    if any(key in bag for bag in made.values()):
        raise ValueError("duplicate_key")
    try:
        made["data"][key] = content.decode()
    except UnicodeDecodeError:
        made["binaryData"][key] = base64.b64encode(content).decode()
