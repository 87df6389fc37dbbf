"""What is wrong with an object, field by field (k8s apimachinery util/validation/field)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from spec_model.events import Cause


class Problems(list[tuple[Cause, str]]):
    """The refused fields in the order they were found, each with a sentence."""

    def required(self, path: str, why: str = "") -> None:
        """The field must be given."""
        self._add("FieldValueRequired", path, "Required value", why)

    def invalid(self, path: str, value: Any, why: str = "") -> None:
        """The field is there and wrong."""
        self._add("FieldValueInvalid", path, f"Invalid value: {value!r}", why)

    def unsupported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """The value is not one of a closed set."""
        known = ", ".join(f'"{one}"' for one in sorted(supported))
        self._add("FieldValueNotSupported", path, f"Unsupported value: {value!r}", known)

    def forbidden(self, path: str, why: str = "") -> None:
        """The field may not be set here, or not be changed."""
        self._add("FieldValueForbidden", path, "Forbidden", why)

    def duplicate(self, path: str, value: Any) -> None:
        """The value stands in the list already."""
        self._add("FieldValueDuplicate", path, f"Duplicate value: {value!r}", "")

    def not_found(self, path: str, value: Any) -> None:
        """The value refers to what is not there."""
        self._add("FieldValueNotFound", path, f"Not found: {value!r}", "")

    def too_long(self, path: str, limit: int) -> None:
        """The text has more than so many bytes."""
        self._add("FieldValueTooLong", path, "Too long", f"may not be more than {limit} bytes")

    def too_many(self, path: str, count: int, limit: int) -> None:
        """The list has more than so many items."""
        why = f"must have at most {limit} items"
        self._add("FieldValueTooMany", path, f"Too many: {count}", why)

    def one_of(
        self, path: str, value: Any, supported: Collection[str], *, required: bool = True
    ) -> None:
        """The field must be one of a closed set; absent is a problem of its own."""
        if not value:
            if required:
                self.required(path)
        elif value not in supported:
            self.unsupported(path, value, supported)

    def unchanged(self, path: str, new: Any, old: Any) -> None:
        """The field may not change."""
        if new != old:
            self.invalid(path, new, "field is immutable")

    def extend_under(self, path: str, others: Problems) -> None:
        """Take over the problems of a part, with the path where the part stands."""
        for cause, sentence in others:
            self.append((Cause(f"{path}.{cause.field}", cause.type), sentence))

    def _add(self, type_: str, path: str, what: str, why: str) -> None:
        self.append((Cause(path, type_), f"{what}: {why}" if why else what))
