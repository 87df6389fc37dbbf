"""What the API server answers when it refuses, as one exception with the fields of a Status object."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.adapters.simulator.meta import plural
from spec_model.events import Cause, Rejected


class ApiError(Exception):
    """A refusal: HTTP code, Kubernetes reason, message, and the fields that caused it."""

    def __init__(self, code: int, reason: str, message: str, causes: Iterable[Cause] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = tuple(causes)

    def rejected(self) -> Rejected:
        """The same refusal as the alphabet of a trace writes it."""
        return Rejected(self.code, self.reason, self.message, self.causes)


def not_found(kind: str, name: str) -> ApiError:
    """404: there is no such object."""
    return ApiError(404, "NotFound", f'{plural(kind)} "{name}" not found')


def unknown_kind(kind: str) -> ApiError:
    """404: the server does not serve this kind."""
    return ApiError(
        404, "NotFound", f'the server could not find the requested resource (kind "{kind}")'
    )


def already_exists(kind: str, name: str) -> ApiError:
    """409: an object with this name is stored."""
    return ApiError(409, "AlreadyExists", f'{plural(kind)} "{name}" already exists')


def conflict(kind: str, name: str, why: str) -> ApiError:
    """409: the write does not fit the object as it is now."""
    message = f'Operation cannot be fulfilled on {plural(kind)} "{name}": {why}'
    return ApiError(409, "Conflict", message)


def forbidden(kind: str, name: str, why: str) -> ApiError:
    """403: the write is understood, and not allowed."""
    return ApiError(403, "Forbidden", f'{plural(kind)} "{name}" is forbidden: {why}')


def bad_request(message: str) -> ApiError:
    """400: the request itself makes no sense."""
    return ApiError(400, "BadRequest", message)


def invalid(kind: str, name: str, problems: Iterable[tuple[Cause, str]]) -> ApiError:
    """422: fields of the object are refused; each problem is its cause and a sentence about it."""
    found = list(problems)
    details = [f"{cause.field}: {sentence}" for cause, sentence in found]
    text = details[0] if len(details) == 1 else f"[{', '.join(details)}]"
    return ApiError(
        422, "Invalid", f'{kind} "{name}" is invalid: {text}', [cause for cause, _ in found]
    )
