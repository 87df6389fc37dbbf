"""The validation functions as engines are asked for them, and when an answer agrees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import frozen

from spec_model.profiles import Profile
from spec_model.rules import Decision
from spec_model.validation import validate
from spec_model.validation.common import holds_in
from spec_model.validation.owners import rule_of_field

Function: TypeAlias = Callable[[Mapping[str, Any], Profile], Decision["Verdict"]]


@frozen
class Verdict:
    """The fields that rules want refused of an object; an engine may refuse more, beyond the rules."""

    kind: str
    fields: frozenset[str]
    profile: Profile

    def allows(self, seen: object) -> bool:
        """Whether an answer ``{"valid", "fields"}`` refuses just these among the fields of rules."""
        if not isinstance(seen, Mapping):
            return False
        refused: Sequence[str] = seen.get("fields") or ()
        if seen.get("valid") is not (not refused):
            return False
        return {field for field in refused if self._is_owned(field)} == self.fields

    def _is_owned(self, field: str) -> bool:
        rule = rule_of_field(self.kind, field)
        return rule is not None and holds_in(self.profile, rule)

    def __str__(self) -> str:
        return f"refused: {', '.join(sorted(self.fields))}" if self.fields else "no rule refuses it"


def _asked(argument: str, kind: str, rule_of_valid: str) -> Function:
    def answer(arguments: Mapping[str, Any], profile: Profile) -> Decision[Verdict]:
        faults = validate({**arguments[argument], "kind": kind}, profile)
        verdict = Verdict(kind, frozenset(fault.field for fault in faults), profile)
        return Decision(verdict, faults[0].rule if faults else rule_of_valid)

    return answer


FUNCTIONS: Final[Mapping[str, Function]] = {
    "pod.validate": _asked("pod", "Pod", "VALIDATION-001"),
    "configmap.validate": _asked("configmap", "ConfigMap", "CONFIGMAP-005"),
    "pv.validate": _asked("pv", "PersistentVolume", "PV-012"),
    "pvc.validate": _asked("pvc", "PersistentVolumeClaim", "PV-012"),
    "deployment.validate": _asked("deployment", "Deployment", "DEPLOY-015"),
    "job.validate": _asked("job", "Job", "JOB-002"),
    "hpa.validate": _asked("hpa", "HorizontalPodAutoscaler", "HPA-018"),
}
"""By the names of the vectors: the arguments as plain data and a profile in, a decision out."""
