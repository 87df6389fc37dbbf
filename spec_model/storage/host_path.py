"""Host paths: what must be at the path, and what is made there (VOLUME-007)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Final

from spec_model.rules import Decision

RULE: Final = "VOLUME-007"

DEMANDED: Final[Mapping[str, str]] = {
    "Directory": "Directory",
    "DirectoryOrCreate": "Directory",
    "File": "File",
    "FileOrCreate": "File",
    "Socket": "Socket",
    "CharDevice": "CharDevice",
    "BlockDevice": "BlockDevice",
}
"""By the type of a host path, what has to be there; the empty type demands nothing."""

MODES: Final[Mapping[str, int]] = {"DirectoryOrCreate": 0o755, "FileOrCreate": 0o644}
"""What is made where nothing is, and its mode."""

ABSENT: Final = "nothing"


def can_mount(type_: str, there: str) -> Decision[bool | None]:
    """Whether a Pod can start on a host path of that type, with that at the path.

    Args:
        type_: the type of the host path; empty for none.
        there: ``Directory``, ``File``, ``nothing``, …

    None where the rule does not say: to make a file takes a folder that it can be made in.

    >>> can_mount("File", "Directory").value, can_mount("DirectoryOrCreate", "nothing").value
    (False, True)
    """
    if type_ not in DEMANDED:
        return Decision(True, RULE)
    if there == ABSENT and type_ in MODES:
        return Decision(None if type_ == "FileOrCreate" else True, RULE)
    return Decision(there == DEMANDED[type_], RULE)


def host_path_of(volume: Mapping[str, object]) -> tuple[str, str] | None:
    """Path and type of a host path; None where a volume is none.

    >>> host_path_of({"hostPath": {"path": "/tmp//x/", "type": "File"}})
    ('/tmp/x', 'File')
    """
    source = volume.get("hostPath")
    if not isinstance(source, Mapping):
        return None
    return posixpath.normpath(source.get("path") or "/"), source.get("type") or ""
