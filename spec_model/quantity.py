"""Quantities: ``500m``, ``128Mi``, ``1e3``. Exact whole numbers of nano, never floating point.

RESOURCE-001 (decimals and milli) and RESOURCE-002 (suffixes), after
``k8s.io/apimachinery/pkg/api/resource.ParseQuantity`` and ``Quantity.CanonicalizeBytes``.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import frozen

from spec_model.profiles import V1_36, Profile
from spec_model.rules import Decision

Amount: TypeAlias = str | int | float
"""A quantity as it stands in a manifest: mostly text, but JSON numbers are let in."""

NANO: Final = 10**9
"""How many nano make one."""

LARGEST: Final = (2**63 - 1) * NANO
"""Where binary quantities are capped; decimal ones have no upper bound."""

LARGEST_EXPONENT: Final = 999
"""Beyond it upstream still parses, but no arithmetic on the value comes to an end."""

FORM: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)")
EXPONENT: Final = re.compile(r"[eE]([+-]?[0-9]+)")

DECIMAL: Final = dict(zip(("n", "u", "m", "", *"kMGTPE"), range(-9, 19, 3), strict=True))
BINARY: Final = dict(zip(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), range(10, 61, 10), strict=True))
DECIMAL_SUFFIX: Final = {exponent: suffix for suffix, exponent in DECIMAL.items()}
BINARY_SUFFIX: Final = {0: "", **{exponent: suffix for suffix, exponent in BINARY.items()}}


class QuantityError(ValueError):
    """The text is no quantity; the message is ``format`` or ``suffix``."""


class Format(StrEnum):
    """How a quantity was written, and so how it is written again."""

    DECIMAL_SI = "DecimalSI"
    BINARY_SI = "BinarySI"
    DECIMAL_EXPONENT = "DecimalExponent"


@frozen
class Quantity:
    """An exact amount, and how it was written."""

    nano: int
    format: Format = Format.DECIMAL_SI

    def value(self) -> int:
        """Whole units, rounded away from zero: 0.1 counts as 1."""
        return whole(self.nano)

    def milli_value(self) -> int:
        """Thousandths, rounded away from zero: anything in (0, 1m] acts as 1m."""
        return milli(self.nano)

    def canonical(self) -> str:
        """The text by which the API shows it: no fraction, the largest suffix, nothing lost."""
        if self.nano == 0:
            return "0"
        if self.format is Format.BINARY_SI and self._is_shown_binary():
            number, exponent = _without_factors(self.nano // NANO, 1024, range(0, 60, 10))
            return f"{number}{BINARY_SUFFIX[exponent]}"
        if self.format is Format.DECIMAL_EXPONENT:
            number, exponent = _without_factors(
                self.nano, 1000, range(-9, LARGEST_EXPONENT * 10, 3)
            )
            return f"{number}e{exponent}" if exponent else str(number)
        number, exponent = _without_factors(self.nano, 1000, range(-9, 18, 3))
        return f"{number}{DECIMAL_SUFFIX[exponent]}"

    def _is_shown_binary(self) -> bool:
        return abs(self.nano) >= 1024 * NANO and self.nano % NANO == 0


def parse(text: str, profile: Profile = V1_36) -> Decision[Quantity]:
    """The amount that a text stands for.

    Finer than nano is rounded away from zero, binary amounts end at 2^63-1. ``documented`` also
    knows ``K`` for 1000.

    Raises:
        QuantityError: ``format`` where it does not look like a quantity, ``suffix`` where its
            suffix is unknown (RESOURCE-002).
    """
    quantity, suffix = _parse(text, profile.accepts_suffix_K)
    return Decision(quantity, "RESOURCE-001" if suffix in ("", "m", "u", "n") else "RESOURCE-002")


def rounded(text: str, profile: Profile = V1_36) -> Decision[tuple[int, int]]:
    """Whole units and thousandths of a text, both rounded up (RESOURCE-001, ``Quantity.Value``).

    Raises:
        QuantityError: as ``parse``.
    """
    quantity = parse(text, profile).value
    return Decision((quantity.value(), quantity.milli_value()), "RESOURCE-001")


def nano_of(amount: Amount, profile: Profile = V1_36) -> int:
    """An amount of a manifest in nano, for arithmetic; cached.

    Raises:
        QuantityError: as ``parse``.
    """
    text = amount if isinstance(amount, str) else str(amount)
    return _parse(text, profile.accepts_suffix_K)[0].nano


def stored(amount: Amount, profile: Profile = V1_36) -> int:
    """An amount of a resource list in nano, as the API stores it: rounded up to milli; cached.

    After ``pkg/apis/core/v1.SetDefaults_ResourceList``.

    Raises:
        QuantityError: as ``parse``.
    """
    text = amount if isinstance(amount, str) else str(amount)
    return _stored(text, profile.accepts_suffix_K)


def whole(nano: int) -> int:
    """Nano as whole units, rounded away from zero."""
    return -(-nano // NANO) if nano > 0 else nano // NANO


def milli(nano: int) -> int:
    """Nano as thousandths, rounded away from zero."""
    return -(-nano // 10**6) if nano > 0 else nano // 10**6


@lru_cache(maxsize=16384)
def _stored(text: str, accepts_suffix_k: bool) -> int:
    return milli(_parse(text, accepts_suffix_k)[0].nano) * 10**6


@lru_cache(maxsize=16384)
def _parse(text: str, accepts_suffix_k: bool) -> tuple[Quantity, str]:
    """The quantity of a text, and its suffix."""
    match = FORM.fullmatch(text)
    if not text or match is None:
        raise QuantityError("format")
    sign, integer, fraction, suffix = match.groups(default="")
    exponent, form = _meaning(suffix, accepts_suffix_k)
    number = int(integer + fraction or "0")
    if form is Format.BINARY_SI:
        nano = min(_scaled(number << exponent, 9 - len(fraction)), LARGEST)
    else:
        nano = _scaled(number, 9 - len(fraction) + exponent)
    return Quantity(-nano if sign == "-" else nano, form), suffix


def _meaning(suffix: str, accepts_suffix_k: bool) -> tuple[int, Format]:
    """The power of ten, or of two where binary, for which a suffix stands."""
    if suffix in BINARY:
        return BINARY[suffix], Format.BINARY_SI
    if suffix in DECIMAL:
        return DECIMAL[suffix], Format.DECIMAL_SI
    if suffix == "K" and accepts_suffix_k:
        return DECIMAL["k"], Format.DECIMAL_SI
    match = EXPONENT.fullmatch(suffix)
    if match is None or int(match[1]) > LARGEST_EXPONENT:
        raise QuantityError("suffix")
    return int(match[1]), Format.DECIMAL_EXPONENT


def _scaled(number: int, exponent: int) -> int:
    """``number`` times ten to ``exponent``, rounded up; ``number`` is not negative."""
    if -exponent > len(str(number)):  # less than one, however small: do not compute how small
        return min(number, 1)
    power: int = 10 ** abs(exponent)
    return number * power if exponent >= 0 else -(-number // power)


def _without_factors(number: int, factor: int, exponents: range) -> tuple[int, int]:
    """Moves factors out of a number into its exponent, from the first exponent to the last."""
    exponent = exponents.start
    while number % factor == 0 and exponent < exponents.stop:
        number //= factor
        exponent += exponents.step
    return number, exponent
