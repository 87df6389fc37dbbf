"""Quantities as people write them: amounts of CPU and memory, boundaries first, and what is none."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from strategies.once import among, once

SUFFIXES: Final = ("", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "E3", "e-3", "u", "n", "E")
"""Suffixes that every profile knows, and exponents."""

cpus: Final = st.sampled_from(
    [
        "500m",
        "0.5",
        "1",
        "1000m",
        "0.1m",
        "0.001",
        "100u",
        "1m",
        "999.5m",
        "1500m",
        "2",
        "1e-1",
        "0",
    ]
)
"""CPU, in several ways of writing the same."""

memories: Final = st.sampled_from(
    [
        "64Mi",
        "1Ki",
        "1k",
        "1e3",
        "128M",
        "1.5Gi",
        "0.5Ki",
        "100m",
        "1",
        "67108864",
        "1E3",
        "0.1Mi",
        "0",
    ]
)
"""Memory, with binary and decimal suffixes and exponents."""

NOT_QUANTITIES: Final = (
    *("128mi", "1_000", "", "abc", "1 Gi", "0x1", "1.2.3", "1KI", "1gi", "1Kib", "1e", "--1"),
    *("1MB", "1kB", "Gi1"),
)
"""Texts that no profile takes for a quantity."""

not_quantities: Final = st.sampled_from(NOT_QUANTITIES)
"""Texts that are no quantity; ``1K`` is one in the source document and none today."""


@once
def texts() -> st.SearchStrategy[str]:
    """Quantities of any form: sign, digits, a fraction and a suffix, all but nothing optional."""
    signs = among("", "", "", "+", "-")
    digits = among("1", "0", "5", "10", "999", "1000", "1024", "123456789")
    fractions = among("", "", ".5", ".001", ".0001", ".999999999", ".")
    return st.builds(lambda *parts: "".join(parts), signs, digits, fractions, among(*SUFFIXES))


@once
def positive_texts() -> st.SearchStrategy[str]:
    """Quantities that are not negative."""
    return texts().filter(lambda text: not text.startswith("-"))
