"""The table of functions: what an engine may be asked, and when its answer is the same."""

import pytest

from spec_model.functions import FUNCTIONS, same_result
from spec_model.profiles import DOCUMENTED, V1_36
from spec_model.rules import Decision

HUNGRY = {"request_milli": 100, "limit_milli": None, "demand_milli": 1000}


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("cpu.shares", {"request_milli": 500}, 512),
        ("cpu.quota", {"limit_milli": 250}, 25000),
        ("cpu.weight", {"shares": 1024, "map": "linear"}, 39),
        ("cpu.division", {"capacity_milli": 1000, "containers": [HUNGRY, HUNGRY]}, (500, 500)),
        (
            "oom.victim",
            {
                "node_memory_bytes": 1000,
                "processes": [{"name": "a", "oom_score_adj": 1000, "rss_bytes": 1}],
            },
            "a",
        ),
    ],
)
def test_functions_beyond_the_vectors(function: str, arguments: dict, expected: object) -> None:
    assert same_result(expected, FUNCTIONS[function](arguments, V1_36).value)


def test_back_off_of_other_constants_is_that_of_a_configured_kubelet() -> None:
    arguments = {"base_seconds": 2, "cap_seconds": 2, "housekeeping": False}
    runs = [{"run_seconds": 1}] * 3
    decision = FUNCTIONS["restart.backoff"]({**arguments, "runs": runs}, V1_36)
    assert decision == Decision({"delays_seconds": [0, 2, 2]}, "BACKOFF-007")


def test_a_function_answers_as_its_profile_says() -> None:
    parse = FUNCTIONS["quantity.parse"]
    assert parse({"text": "1K"}, DOCUMENTED).value["canonical"] == "1k"
    with pytest.raises(ValueError, match="suffix"):
        parse({"text": "1K"}, V1_36)
    assert FUNCTIONS.rule_of_refusal("quantity.parse") == "RESOURCE-002"


@pytest.mark.parametrize(
    ("seen", "decided", "same"),
    [
        ([1, 2], (1, 2), True),
        ([1], (1, 2), False),
        ("ab", ("a", "b"), False),
        (1, 1.0000000001, True),
        (True, 1, False),
        (1, True, False),
        ({"a": [1.0]}, {"a": (1.0,)}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        (None, None, True),
        ("1", 1, False),
    ],
)
def test_answers_compare_as_json(seen: object, decided: object, same: bool) -> None:
    assert same_result(seen, decided) is same
