"""Messages: bounded, exact, and described by the published schema."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from conformance.adapters.process import messages, schema
from conformance.adapters.process.serve import METHODS, serve
from conformance.adapters.simulator import SimulatorAdapter
from spec_model.events import CAPABILITIES, IMAGE_OUTCOMES, RUNTIME_PARTS, VERBS
from tests.process.engines import ROOT


@pytest.mark.parametrize("value", [2**70, -(2**70), "\ud800", "é", 0.1, None, {"a": [1, {}]}])
def test_what_json_can_say_is_said(value: Any) -> None:
    line = messages.encode(value)
    assert json.loads(line) == value
    assert line.count(b"\n") == 1


def test_integers_of_any_size_are_exact() -> None:
    assert messages.decode(b"9223372036854775807000") == 9223372036854775807000


@pytest.mark.parametrize("line", [b"NaN", b"{", b"", b"[1]2", b'"\xff"', b"1e999", b"'a'"])
def test_what_is_no_json_is_refused(line: bytes) -> None:
    with pytest.raises(messages.MessageError, match="what is no JSON"):
        messages.decode(line)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"}}]]":'])
def test_depth_is_bounded(opening: bytes) -> None:
    with pytest.raises(messages.MessageError, match="nested more than 100 levels deep"):
        messages.decode(opening * 200)


def test_brackets_in_strings_are_not_depth() -> None:
    value = ['"[{\\' * 300, [[]] * 300]
    assert messages.decode(messages.encode(value)) == value


def test_size_is_bounded() -> None:
    with pytest.raises(messages.MessageError, match="more than 32 MiB"):
        messages.decode(b" " * (messages.LONGEST + 1))


def test_the_schema_knows_every_verb_as_the_vocabulary_does() -> None:
    told = {
        case["if"]["properties"]["verb"]["const"]: case["then"]["properties"]["arguments"]
        for case in schema.document()["$defs"]["stimulus"]["allOf"]
    }
    required = {verb: set(each["required"]) for verb, each in told.items()}
    known = {verb: set(each["properties"]) for verb, each in told.items()}
    arguments = {verb: each.arguments for verb, each in VERBS.items()}
    assert required == {
        verb: {name for name in names if not name.endswith("?")}
        for verb, names in arguments.items()
    }
    assert known == {
        verb: {name.rstrip("?") for name in names} for verb, names in arguments.items()
    }


def test_the_schema_knows_every_capability() -> None:
    cases = schema.document()["$defs"]["capability"]["oneOf"]
    assert {case["const"]: case["description"] for case in cases} == dict(CAPABILITIES)


def test_the_schema_knows_every_outcome_of_an_image() -> None:
    cases = schema.document()["$defs"]["stimulus"]["allOf"]
    (case,) = [each for each in cases if each["if"]["properties"]["verb"]["const"] == "set-image"]
    outcome = case["then"]["properties"]["arguments"]["properties"]["outcome"]
    assert outcome["enum"] == list(IMAGE_OUTCOMES)


def test_the_schema_knows_every_part_of_a_node() -> None:
    cases = schema.document()["$defs"]["stimulus"]["allOf"]
    (case,) = [each for each in cases if each["if"]["properties"]["verb"]["const"] == "set-runtime"]
    part = case["then"]["properties"]["arguments"]["properties"]["part"]
    assert part["enum"] == list(RUNTIME_PARTS)


def test_the_schema_knows_every_method() -> None:
    definitions = schema.document()["$defs"]
    assert definitions["request"]["properties"]["method"]["enum"] == list(METHODS)
    for method in METHODS:
        assert {f"{method}.params", f"{method}.result"} <= set(definitions)


def test_the_schema_is_one() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema.document())


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        ("apply.result", {"rejected": {"code": "x", "reason": "y"}}, "$.rejected.code: 'x' is not"),
        ("apply.result", {}, "apply.result $: "),
        ("observe.result", {"observations": [{"at": 0, "type": "ADDED"}]}, "$.observations[0]: "),
        ("describe.result", {"protocol": 1, "name": "a"}, "'version' is a required property"),
        ("apply.params", {"stimulus": {"verb": "exit", "arguments": {}}}, "$.stimulus.arguments"),
    ],
)
def test_the_schema_names_the_path(name: str, data: Any, path: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        schema.check(name, data)
    assert path in str(raised.value)


def test_the_conversation_in_the_documentation_fits_the_schema() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    lines = page.partition("```jsonl\n")[2].partition("```")[0].splitlines()
    for asked, answered in zip(lines[::2], lines[1::2], strict=True):
        question, answer = json.loads(asked), json.loads(answered)
        schema.check("request", question)
        schema.check("response", answer)
        if "result" in answer:
            schema.check(f"{question['method']}.result", answer["result"])


def answers(*lines: Any) -> list[Any]:
    """What a served simulator answers to these lines."""
    asked = b"".join(line if isinstance(line, bytes) else messages.encode(line) for line in lines)
    output = io.BytesIO()
    serve(lambda _: SimulatorAdapter(), io.BytesIO(asked), output)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


HELLO = request("describe", protocol=[1], tool="test", profile=None)


def test_every_answer_of_a_served_engine_fits_the_schema() -> None:
    stimulus = {"verb": "create", "arguments": {"object": {"kind": "Pod"}}}
    calls = [
        HELLO,
        request("reset"),
        request("apply", stimulus=stimulus),
        request("observe"),
        request("evaluate", function="quantity.parse", arguments={"text": "1"}),
        request("evaluate", function="quantity.parse", arguments={"text": "x"}),
        request("close"),
    ]
    for asked, answered in zip(calls, answers(*calls), strict=True):
        schema.check("request", asked)
        schema.check("response", answered)
        schema.check(f"{asked['method']}.result", answered["result"])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello\n", messages.INVALID_REQUEST),
        (b"[]\n", messages.INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"reset"}\n', messages.INVALID_REQUEST),
        (request("explode"), messages.NOT_SERVED),
        (request("evaluate", function="pod.future", arguments={}), messages.NOT_SERVED),
        (request("apply"), messages.FAILED),
    ],
)
def test_what_cannot_be_served_is_an_error(line: Any, code: int) -> None:
    assert answers(HELLO, line)[1]["error"]["code"] == code


def test_nothing_is_served_before_the_handshake() -> None:
    assert "describe comes first" in answers(request("reset"))[0]["error"]["message"]


def test_a_batch_is_answered_by_a_batch() -> None:
    (_, both) = answers(HELLO, [request("reset"), request("observe") | {"id": 2}])
    assert [each["id"] for each in both] == [1, 2]


def test_nothing_is_answered_after_close() -> None:
    assert len(answers(HELLO, request("close"), request("reset"))) == 2
