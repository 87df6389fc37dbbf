"""ConfigMaps and what is made of files and literals, valid and not."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, config_map
from strategies.once import among, once

SEED: Final = {"apploglevel": "info", "appdatadir": "/var/data"}
"""The ConfigMap cm-appvars of the source document."""

LARGEST: Final = 1_048_576

datas: st.SearchStrategy[Manifest] = st.dictionaries(
    st.sampled_from(["k", "l", "ui.env"]), st.sampled_from(["1", "2", "", "größe"]), max_size=3
)

LAWFUL: Final = (
    config_map(data={"k": "1"}),
    config_map(data={"a.b-c_D": ""}),
    config_map(data={".k": "1", "k..": "2"}),
    config_map(data={"k": "1"}, binaryData={"l": "/wA="}),
    config_map(data={"k" * 253: "1"}),
    config_map(data={"k": "x" * LARGEST}),
    config_map(data={"k": "x" * (LARGEST - 2)}, binaryData={"l": "/wA="}),
    config_map(data={"k": "1"}, immutable=True),
    config_map(),
)
UNLAWFUL: Final = (
    config_map(data={"": "1"}),
    config_map(data={".": "1"}),
    config_map(data={"..": "1"}),
    config_map(data={"..k": "1"}),
    config_map(data={"a/b": "1"}),
    config_map(data={"a b": "1"}),
    config_map(data={"größe": "1"}),
    config_map(binaryData={"a/b": "/wA="}),
    config_map(data={"k" * 254: "1"}),
    config_map(data={"k": "1"}, binaryData={"k": "/wA="}),
    config_map(data={"k": "x" * (LARGEST + 1)}),
    config_map(data={"k": "x" * (LARGEST - 1)}, binaryData={"l": "/wA="}),
    config_map(data={"k": "ö" * (LARGEST // 2 + 1)}),
)

CHANGES: Final[tuple[Manifest, ...]] = (
    {"data": {"k": "2"}},
    {"data": {"l": "2"}},
    {"data": {"k": None}},
    {"binaryData": {"l": "/wA="}},
    {"immutable": None},
    {"immutable": False},
    {"metadata": {"labels": {"a": "b"}}},
)
"""Merge patches of a ConfigMap with a key k."""

BINARY: Final = {"base64": "/wA="}
CONTENTS: Final = ("1", "", "größe", "a=b\n", BINARY)
FILES: Final = (
    *("a.txt", "ui.env", "conf/a.txt", "conf/b.properties", "conf/sub/c", "conf/bin", "empty/"),
    *("odd/..h", "odd/bad name"),
)
FROM_FILE: Final = (
    *("a.txt", "k=a.txt", "conf", "conf/", "k=conf", "k=ui.env", "ui.env", "conf/sub", "missing"),
    *("=a.txt", "a.txt=", "a=b=c", "bad key=a.txt", "odd", "k=conf/bin", "empty"),
)
FROM_LITERAL: Final = (
    *(
        "key1=value1",
        "k=v",
        "k=w",
        "a=b=c",
        "empty=",
        "=v",
        "novalue",
        'q="x"',
        "a.txt=lit",
        "..=v",
    ),
)


_paths: Final = st.lists(st.sampled_from(FILES), unique=True, max_size=7)
_literals: Final = st.lists(st.sampled_from(FROM_LITERAL), max_size=2)


@once
@st.composite
def sources(draw: st.DrawFn) -> dict[str, Any]:
    """Files, and what ``kubectl create configmap`` is told to make of them and of literals."""
    paths = draw(_paths)
    files = {
        path: None if path.endswith("/") else draw(st.sampled_from(CONTENTS)) for path in paths
    }
    named = st.sampled_from([path for path in paths if not path.endswith("/")] or ["a.txt"])
    of_file = st.one_of(named, among(*FROM_FILE))
    return {
        "files": files,
        "from_file": draw(st.lists(of_file, max_size=2)),
        "from_literal": draw(_literals),
    }
