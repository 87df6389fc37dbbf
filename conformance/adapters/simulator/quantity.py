"""Kubernetes quantities, exactly: "500m", "128Mi", "1e3" (RESOURCE-001, RESOURCE-002).

A quantity is kept as a whole number of nano-units; what is finer is rounded away from zero, as the
API does when it reads one (k8s apimachinery resource.ParseQuantity).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from attrs import frozen

NANO: Final = 10**9
_LONGEST_TEXT: Final = 1000
_LARGEST_EXPONENT: Final = 1000
"""Beyond these upstream still calculates; nothing that anybody stores is so large."""
_LARGEST_BINARY: Final = (2**63 - 1) * NANO

_SHAPE: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([EeKinumkMGTP]*[+-]?[0-9]*)", re.ASCII)
_EXPONENT: Final = re.compile(r"[eE]([+-]?[0-9]+)", re.ASCII)
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL: Final = {
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip
_DECIMAL_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX: Final = {power: suffix for suffix, power in _BINARY.items()}


@frozen
class Quantity:
    """A number in nano-units, and the family of its suffix: binary, decimal or exponent."""

    nano: int
    family: str

    def scaled_up(self, unit: int) -> int:
        """How many units of so many nano, rounded up."""
        return -(-self.nano // unit)

    @property
    def canonical(self) -> str:
        """The one text the API writes for it: whole, with the largest suffix that keeps it so."""
        if self.family == "binary" and self.nano % NANO == 0 and abs(self.nano) >= 1024 * NANO:
            return _canonical_binary(self.nano // NANO)
        return _canonical_decimal(self.nano, self.family)


@lru_cache(maxsize=4096)
def parse(text: str, accepts_upper_k: bool = False) -> Quantity:
    """The quantity a text stands for; ``accepts_upper_k`` takes ``1K`` for ``1k`` (documented).

    Raises:
        ValueError: ``format`` for what is no number with a suffix, ``suffix`` for an unknown suffix.
    """
    shape = _SHAPE.fullmatch(text)
    if not text or shape is None or len(text) > _LONGEST_TEXT:
        raise ValueError("format")
    sign, whole, fraction, suffix = shape.groups()
    if suffix == "K" and accepts_upper_k:
        suffix = "k"
    digits = int((whole or "") + (fraction or "") or "0")
    family, two, ten = _scale(suffix)
    numerator = (digits << two) * 10 ** max(0, 9 + ten - len(fraction or ""))
    denominator = 10 ** max(0, len(fraction or "") - 9 - ten)
    nano = -(-numerator // denominator)
    if family == "binary":
        nano = min(nano, _LARGEST_BINARY)
    return Quantity(-nano if sign == "-" else nano, family)


def is_quantity(value: Any, accepts_upper_k: bool = False) -> bool:
    """True when the API can read it as a quantity."""
    try:
        parse(str(value), accepts_upper_k)
    except ValueError:
        return False
    return True


def nano(value: Any) -> int:
    """Nano-units of a stored quantity (text or JSON number); absent is 0."""
    return 0 if value is None else parse(str(value)).nano


def milli(value: Any) -> int:
    """Milli-units, rounded up: what CPU is compared in (RESOURCE-001)."""
    return 0 if value is None else parse(str(value)).scaled_up(NANO // 1000)


def value(quantity: Any) -> int:
    """Whole units, rounded up: what memory is compared in."""
    return 0 if quantity is None else parse(str(quantity)).scaled_up(NANO)


@lru_cache(maxsize=4096)
def rounded_to_milli(text: str, accepts_upper_k: bool = False) -> str:
    """The canonical text after rounding up to milli, as defaulting does to resource lists."""
    parsed = parse(text, accepts_upper_k)
    unit = NANO // 1000
    return Quantity(parsed.scaled_up(unit) * unit, parsed.family).canonical


def format_milli(amount: int) -> str:
    """The canonical text of so many milli-units."""
    return Quantity(amount * (NANO // 1000), "decimal").canonical


def format_bytes(amount: int) -> str:
    """The canonical text of so many bytes, with a binary suffix."""
    return Quantity(amount * NANO, "binary").canonical


def _scale(suffix: str) -> tuple[str, int, int]:
    """The family of a suffix, and its powers of two and ten."""
    if suffix in _DECIMAL:
        return "decimal", 0, _DECIMAL[suffix]
    if suffix in _BINARY:
        return "binary", _BINARY[suffix], 0
    exponent = _EXPONENT.fullmatch(suffix)
    if exponent is None or abs(int(exponent[1])) > _LARGEST_EXPONENT:
        raise ValueError("suffix")
    return "exponent", 0, int(exponent[1])


def _canonical_binary(number: int) -> str:
    power = 0
    while number % 1024 == 0 and power < 60:
        number //= 1024
        power += 10
    return f"{number}{_BINARY_SUFFIX.get(power, '')}"


def _canonical_decimal(nano: int, family: str) -> str:
    exponent = -9
    while nano and nano % 1000 == 0 and exponent < 18:
        nano //= 1000
        exponent += 3
    if not nano:
        return "0"
    if family == "exponent":
        return f"{nano}e{exponent}" if exponent else str(nano)
    return f"{nano}{_DECIMAL_SUFFIX[exponent]}"
