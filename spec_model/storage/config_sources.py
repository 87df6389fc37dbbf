"""What ``kubectl create configmap`` makes of files, directories and literals (CONFIGMAP-006).

After ``kubectl/pkg/cmd/create/create_configmap.go``. A file system is given as a map from paths: a
directory ends in a slash, a file has its text or ``{"base64": …}``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from spec_model.rules import Decision
from spec_model.storage.config_maps import as_shown
from spec_model.validation.config_map import is_key

RULE: Final = "CONFIGMAP-006"
Tree: TypeAlias = Mapping[str, Any]
Pair: TypeAlias = tuple[str, Any]
"""A key, and the text or the base64 of its value."""


def config_map_from(
    from_file: Sequence[str], from_literal: Sequence[str], files: Tree
) -> Decision[Mapping[str, Mapping[str, str]]]:
    """``data`` and ``binaryData`` that the command makes of ``--from-file`` and ``--from-literal``.

    Raises:
        ValueError: in one word, why it makes none: ``bad_source``, ``not_found``, ``bad_literal``,
            ``key_for_directory``, ``invalid_key``, ``duplicate_key``.
    """
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, value in _pairs(from_file, from_literal, files):
        if not is_key(key):
            raise ValueError("invalid_key")
        if key in data or key in binary:
            raise ValueError("duplicate_key")
        if isinstance(value, str):
            data[key] = value
        else:
            binary[key] = value["base64"]
    return Decision({"data": data, "binaryData": binary}, RULE)


def _pairs(from_file: Sequence[str], from_literal: Sequence[str], files: Tree) -> Iterator[Pair]:
    for source in from_file:
        yield from _from_file(source, files)
    for literal in from_literal:
        key, equals, value = literal.partition("=")
        if not (key and equals):
            raise ValueError("bad_literal")
        yield key, value


def _from_file(source: str, files: Tree) -> Iterator[Pair]:
    """One file by its own name or by the key given, or every regular file of a directory."""
    parts = source.split("=")
    if len(parts) > 2 or not all(parts):
        raise ValueError("bad_source")
    path = parts[-1]
    folder = f"{path.rstrip('/')}/"
    inside = [each for each in files if each.startswith(folder)]
    if inside:
        if len(parts) == 2:
            raise ValueError("key_for_directory")
        names = sorted(each[len(folder) :] for each in inside)
        yield from ((name, _text(files[folder + name])) for name in names if _is_plain(name))
    elif path in files:
        yield (parts[0] if len(parts) == 2 else path.rpartition("/")[2]), _text(files[path])
    else:
        raise ValueError("not_found")


def _is_plain(name: str) -> bool:
    """Whether a path below a directory is a file directly in it: there is no recursion."""
    return bool(name) and "/" not in name


def _text(content: Any) -> Any:
    """The content of a file as text where it is UTF-8, else as base64."""
    if isinstance(content, str):
        return content
    return as_shown(base64.b64encode(base64.b64decode(content["base64"])).decode())
