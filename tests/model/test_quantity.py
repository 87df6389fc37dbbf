"""RESOURCE-001 and -002: what a quantity means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_model.profiles import DOCUMENTED
from spec_model.quantity import NANO, QuantityError, nano_of, parse, rounded, stored


@pytest.mark.parametrize(
    ("text", "canonical", "because"),
    [
        ("0.5", "500m", "RESOURCE-001"),
        ("0.001", "1m", "RESOURCE-001"),
        ("0.1m", "100u", "RESOURCE-001"),
        ("1000m", "1", "RESOURCE-001"),
        ("1024k", "1024k", "RESOURCE-002"),
        ("1Ki", "1Ki", "RESOURCE-002"),
        ("0.5Ki", "512", "RESOURCE-002"),
        ("1.5Gi", "1536Mi", "RESOURCE-002"),
        ("128M", "128M", "RESOURCE-002"),
        ("1e3", "1e3", "RESOURCE-002"),
        ("1000E", "1000E", "RESOURCE-002"),
        ("8Ei", "9223372036854775807", "RESOURCE-002"),
        ("-1.5Gi", "-1536Mi", "RESOURCE-002"),
        ("Ki", "0", "RESOURCE-002"),
    ],
)
def test_a_quantity_is_shown_without_fraction(text: str, canonical: str, because: str) -> None:
    decision = parse(text)
    assert (decision.value.canonical(), decision.because) == (canonical, because)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "format"),
        ("1_000", "format"),
        ("1 Mi", "format"),
        ("1.2.3", "format"),
        ("1K", "suffix"),
        ("128mi", "suffix"),
        ("1e", "suffix"),
        ("1e99999999999", "suffix"),
    ],
)
def test_what_is_no_quantity_is_refused(text: str, word: str) -> None:
    with pytest.raises(QuantityError, match=f"^{word}$"):
        parse(text)


def test_documented_knows_the_capital_k() -> None:
    assert parse("1K", DOCUMENTED).value == parse("1k").value


@pytest.mark.parametrize(
    ("text", "expected"), [("0.1m", (1, 1)), ("1.5", (2, 1500)), ("-0.1m", (-1, -1)), ("0", (0, 0))]
)
def test_rounding_goes_away_from_zero(text: str, expected: tuple[int, int]) -> None:
    assert rounded(text).value == expected


def test_less_than_a_nano_is_a_nano_however_little() -> None:
    assert nano_of("1e-999999999") == nano_of("0.1n") == 1


def test_numbers_of_a_manifest_are_quantities() -> None:
    assert nano_of(0.1) == nano_of("100m")
    assert nano_of(2) == 2 * NANO


def test_a_resource_list_is_stored_in_milli() -> None:
    assert stored("999.5m") == NANO


@given(
    st.integers(0, 10**15),
    st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-3"]),
)
def test_the_canonical_text_means_the_same_and_is_its_own(number: int, suffix: str) -> None:
    quantity = parse(f"{number}{suffix}").value
    again = parse(quantity.canonical()).value
    assert again.nano == quantity.nano
    assert again.canonical() == quantity.canonical()
