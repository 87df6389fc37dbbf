"""The alphabet of a trace as plain data, and back: of what traces and messages to engines are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cattrs

from conformance.adapter import Implementation
from spec_model.events import Accepted, Cause, Observation, Rejected, Response, Stimulus

Data = dict[str, Any]


def stimulus_to_data(stimulus: Stimulus) -> Data:
    """``{"verb": …, "arguments": {…}}``."""
    return {"verb": stimulus.verb, "arguments": stimulus.arguments}


def stimulus_from_data(data: Mapping[str, Any]) -> Stimulus:
    """The stimulus that ``stimulus_to_data`` wrote.

    Raises:
        KeyError, TypeError: it is none.
    """
    return Stimulus(data["verb"], data["arguments"])


def response_to_data(response: Response) -> Data:
    """``{"accepted": value}``, or ``{"rejected": {"code", "reason", "message", "causes"}}``."""
    if isinstance(response, Rejected):
        causes = [{"field": cause.field, "type": cause.type} for cause in response.causes]
        return {
            "rejected": {
                "code": response.code,
                "reason": response.reason,
                "message": response.message,
                "causes": causes,
            }
        }
    return {"accepted": response.value}


def response_from_data(data: Mapping[str, Any]) -> Response:
    """The response that ``response_to_data`` wrote; an empty one has accepted without a value.

    Raises:
        KeyError, TypeError, AttributeError: it is none.
    """
    rejected = data.get("rejected")
    if rejected is None:
        return Accepted(data.get("accepted"))
    causes = tuple(
        Cause(cause["field"], cause.get("type") or "FieldValueInvalid")
        for cause in rejected.get("causes") or ()
    )
    return Rejected(rejected["code"], rejected["reason"], rejected.get("message") or "", causes)


def observation_to_data(observation: Observation) -> Data:
    """``{"at": seconds, "type": …, "object": manifest}``."""
    return {"at": observation.at, "type": observation.type, "object": observation.object}


def observation_from_data(data: Mapping[str, Any]) -> Observation:
    """The observation that ``observation_to_data`` wrote.

    Raises:
        KeyError, TypeError: it is none.
    """
    return Observation(data["at"], data["type"], data["object"])


def implementation_to_data(implementation: Implementation) -> Data:
    """Every field by its name; sets as sorted lists."""
    data: Data = cattrs.unstructure(implementation)
    sets = {name: sorted(data[name]) for name in ("capabilities", "functions")}
    return {**data, **sets}


def implementation_from_data(data: Mapping[str, Any]) -> Implementation:
    """The implementation that ``implementation_to_data`` wrote; fields of a later version are ignored.

    Raises:
        ValueError: saying which field is wrong.
    """
    try:
        return cattrs.structure(dict(data), Implementation)
    except Exception as error:
        raise ValueError("; ".join(cattrs.transform_error(error))) from error
