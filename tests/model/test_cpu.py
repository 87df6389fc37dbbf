"""RESOURCE-005 to -007 and VALIDATION-003: how CPU is shared out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_model.profiles import DOCUMENTED
from spec_model.resources.cpu import (
    Demand,
    container_quota,
    container_shares,
    division,
    quota,
    shares,
    weight,
)
from spec_model.rules import Decision

LIMITED = {"name": "c", "resources": {"limits": {"cpu": "2"}, "requests": {"cpu": "500m"}}}


@pytest.mark.parametrize(
    ("milli", "expected"),
    [
        *((0, (2, 1, 1)), (1, (2, 1, 1)), (10, (10, 1, 4)), (100, (102, 4, 17))),
        *((200, (204, 8, 29)), (250, (256, 10, 35)), (500, (512, 20, 59))),
        *((1000, (1024, 39, 100)), (2000, (2048, 79, 174)), (256000, (262144, 10000, 10000))),
        (999999, (262144, 10000, 10000)),
    ],
)
def test_a_request_becomes_shares_and_weights(milli: int, expected: tuple[int, int, int]) -> None:
    given_shares = shares(milli).value
    linear = weight(given_shares, "linear").value
    assert (given_shares, linear, weight(given_shares, "quadratic").value) == expected


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(ValueError, match="map"):
        weight(1024, "cubic")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("milli", "expected"),
    [(1, 1000), (2, 1000), (10, 1000), (100, 10000), (250, 25000), (1000, 100000)],
)
def test_a_limit_becomes_microseconds_of_every_100_ms(milli: int, expected: int) -> None:
    assert quota(milli) == Decision(expected, "RESOURCE-006")


def test_shares_come_from_the_request_but_from_the_limit_as_documented() -> None:
    assert container_shares(LIMITED) == Decision(512, "RESOURCE-007")
    assert container_shares(LIMITED, DOCUMENTED) == Decision(2048, "VALIDATION-003")


def test_a_container_without_limit_has_no_quota() -> None:
    assert container_quota(LIMITED).value == 200_000
    assert container_quota({"name": "c"}).value is None


def test_spare_cpu_is_split_by_shares() -> None:
    greedy = [Demand(200, None, 1000), Demand(500, None, 1000)]
    decision = division(1000, greedy)
    assert decision.because == "RESOURCE-007"
    assert decision.value == pytest.approx((1000 * 204 / 716, 1000 * 512 / 716))


def test_what_one_leaves_goes_to_the_others() -> None:
    containers = [Demand(200, None, 100), Demand(500, 600, 1000), Demand(0, None, 1000)]
    assert division(1000, containers).value == pytest.approx((100, 600, 300))


def test_a_container_without_limit_may_use_all_that_is_idle() -> None:
    assert division(1000, [Demand(100, None, 900)]) == Decision((900,), "RESOURCE-005")
    assert division(1000, [Demand(100, 300, 900)]) == Decision((300,), "RESOURCE-006")


demands = st.builds(
    Demand, st.integers(0, 4000), st.none() | st.integers(1, 4000), st.integers(0, 4000)
)


@given(st.integers(1, 8000), st.lists(demands, min_size=1, max_size=5))
def test_no_cpu_is_lost_and_none_is_invented(capacity: int, containers: list[Demand]) -> None:
    got = division(capacity, containers).value
    caps = [min(each.demand_milli, each.limit_milli or each.demand_milli) for each in containers]
    assert sum(got) == pytest.approx(min(capacity, sum(caps)))
    assert all(0 <= part <= cap + 1e-6 for part, cap in zip(got, caps, strict=True))
