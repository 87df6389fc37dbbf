"""The autoscaler's control loop: once per period and HPA, read the scale and the metrics, decide.

Source: HPA-001, 005..010, 013, 015, 017, 019; ``podautoscaler/horizontal.go`` (reconcileAutoscaler).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, field

from conformance.adapters.simulator import errors, meta, quantity
from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.hpa import limits, metrics, proposal
from conformance.adapters.simulator.controllers.hpa import scale as scales
from conformance.adapters.simulator.meta import Key, Object

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine

LONGEST_WINDOW = 3600.0
"""No window of any HPA looks further back (HPA-018)."""


@define
class History:
    """What the controller remembers of one HPA; nothing of it is in the API."""

    recommended: list[tuple[float, int]] = field(factory=list)
    ups: list[tuple[float, int]] = field(factory=list)
    downs: list[tuple[float, int]] = field(factory=list)
    scale: scales.Scale | None = None

    def recommendations(self, now: float) -> list[limits.Recommendation]:
        """The recommendations that any window may still reach, by age."""
        self.recommended = [past for past in self.recommended if now - past[0] <= LONGEST_WINDOW]
        return [limits.Recommendation(now - at, replicas) for at, replicas in self.recommended]


@define
class Round:
    """One reconciliation: what was found, and the status it will leave."""

    hpa: Object
    scale: scales.Scale
    history: History
    conditions: Sequence[Mapping[str, Any]]
    readings: list[Object] | None = None

    @property
    def current(self) -> int:
        """The replicas the target is to have now."""
        return self.scale.replicas

    @property
    def bounds(self) -> tuple[int, int]:
        """spec.minReplicas and spec.maxReplicas."""
        minimum = self.hpa["spec"].get("minReplicas")
        return 1 if minimum is None else int(minimum), int(self.hpa["spec"]["maxReplicas"])


class HorizontalPodAutoscalerController(Controller):
    """Reconciles every HPA once per sync period, first one period after its creation (HPA-001)."""

    name = "horizontal-pod-autoscaler"
    watches = frozenset({"HorizontalPodAutoscaler"})

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._histories: dict[str, History] = {}

    def notice(self, type: str, new: Object, old: Object | None) -> None:
        """A new HPA starts its clock; nothing else makes it due earlier."""
        if type == "ADDED":
            self._histories[meta.uid_of(new)] = History()
            self._schedule(new)
        elif type == "DELETED":
            self._histories.pop(meta.uid_of(new), None)

    def _schedule(self, hpa: Object) -> None:
        key, uid = meta.key_of(hpa), meta.uid_of(hpa)

        def due() -> None:
            if uid in self._histories:
                self.enqueue(key)
                self._schedule(hpa)

        self.clock.after(self.settings.hpa_sync_period_seconds, due)

    # One round.

    def reconcile(self, key: Key) -> None:
        """Read the scale, decide, write the scale and the status."""
        hpa = self.store.get(*key)
        if hpa is None:
            return
        conditions = (hpa.get("status") or {}).get("conditions") or ()
        try:
            scale = scales.scale_of(hpa, self.store, self.settings)
        except scales.ScaleError as error:
            self._failed_get_scale(hpa, conditions, str(error))
            return
        history = self._histories[meta.uid_of(hpa)]
        history.scale = scale
        if not history.recommended:
            history.recommended.append((self.clock.now, scale.replicas))
        round_ = Round(hpa, scale, history, conditions)
        message = "the HPA controller was able to get the target's current scale"
        self._set(round_, "AbleToScale", True, "SucceededGetScale", message)
        self._decide(round_)

    def _failed_get_scale(
        self, hpa: Object, conditions: Sequence[Mapping[str, Any]], error: str
    ) -> None:
        self.tell(hpa, "FailedGetScale", error, warning=True)
        condition = {
            "type": "AbleToScale",
            "status": "False",
            "reason": "FailedGetScale",
            "message": f"the HPA controller was unable to get the target's current scale: {error}",
        }
        now = self.clock.timestamp()
        self.store.update_status(
            meta.with_status(hpa, conditions=meta.with_condition(conditions, condition, now))
        )

    def _decide(self, round_: Round) -> None:
        """Disabled, out of bounds, or as the metrics say (HPA-006, HPA-007)."""
        minimum, maximum = round_.bounds
        if self.is_disabled(round_):
            message = "scaling is disabled since the replica count of the target is zero"
            self._set(round_, "ScalingActive", False, "ScalingDisabled", message)
            self._finish(round_, round_.current, rescaled=False)
        elif round_.current > maximum:
            self._rescale(round_, maximum, "Current number of replicas above Spec.MaxReplicas")
        elif round_.current < minimum:
            self._rescale(round_, minimum, "Current number of replicas below Spec.MinReplicas")
        else:
            self._follow_metrics(round_)

    def is_disabled(self, round_: Round) -> bool:
        """Somebody scaled the target to zero, which an HPA leaves alone (HPA-007)."""
        return round_.current == 0 and round_.bounds[0] != 0

    def _follow_metrics(self, round_: Round) -> None:
        computed = self._compute(round_)
        if computed is None:
            previous = (round_.hpa.get("status") or {}).get("desiredReplicas") or 0
            self._finish(round_, previous, rescaled=False)
            return
        desired, metric = computed
        reason = (
            f"{metric} above target" if desired > round_.current else "All metrics below target"
        )
        if round_.hpa["spec"].get("behavior") is None:
            replicas = self._normalize(round_, desired)
        else:
            replicas = self._normalize_by_behavior(round_, desired)
        if replicas == round_.current:
            self._finish(round_, replicas, rescaled=False)
        else:
            self._rescale(round_, replicas, reason)

    # The metrics.

    def _compute(self, round_: Round) -> tuple[int, str] | None:
        """The replicas that all metrics together ask for, and which one does; None: do nothing."""
        try:
            context = self._context(round_)
        except metrics.MetricUnavailableError as error:
            message = f"invalid metrics: {error}"
            self._set(round_, "ScalingActive", False, error.reason, error.sentence)
            self.tell(round_.hpa, error.reason, error.sentence, warning=True)
            self.tell(round_.hpa, "FailedComputeMetricsReplicas", message, warning=True)
            return None
        readings, failures = self._read_all(round_, context)
        valid = [reading for reading in readings if reading is not None]
        replicas = proposal.combine(
            round_.current, [None if reading is None else reading.replicas for reading in readings]
        )
        if replicas is None:
            reason, sentence, first = failures[0]
            message = f"the HPA was unable to compute the replica count: {sentence}"
            self._set(round_, "ScalingActive", False, reason, message)
            summary = (
                f"invalid metrics ({len(failures)} invalid out of {len(readings)}), "
                f"first error is: {first}"
            )
            self.tell(round_.hpa, "FailedComputeMetricsReplicas", summary, warning=True)
            return None
        name = next(reading.name for reading in valid if reading.replicas == replicas)
        message = f"the HPA was able to successfully calculate a replica count from {name}"
        self._set(round_, "ScalingActive", True, "ValidMetricFound", message)
        return replicas, name

    def _read_all(
        self, round_: Round, context: metrics.Context
    ) -> tuple[list[metrics.Reading | None], list[tuple[str, str, str]]]:
        """Every metric on its own; None for one that failed, which is told (HPA-013, HPA-015).

        Of a failure its reason, its sentence and all of it: an error would keep the frames it went through.
        """
        readings: list[metrics.Reading | None] = []
        failures: list[tuple[str, str, str]] = []
        for metric in metrics.metrics_of(round_.hpa):
            try:
                readings.append(metrics.read(metric, context))
            except metrics.MetricUnavailableError as error:
                self.tell(round_.hpa, error.reason, error.sentence, warning=True)
                failures.append((error.reason, error.sentence, str(error)))
                readings.append(None)
        round_.readings = [reading.status if reading else {"type": ""} for reading in readings]
        return readings, failures

    def _context(self, round_: Round) -> metrics.Context:
        """The Pods that the target selects, which no other HPA may control as well."""
        pods = round_.scale.selected(self.store.list("Pod"))
        rivals = [
            history.scale
            for history in self._histories.values()
            if history.scale is not None and history.scale.selected(pods)
        ]
        if len(rivals) > 1:
            raise metrics.MetricUnavailableError(
                "AmbiguousSelector",
                "pods by selector of the target are controlled by multiple HPAs",
                "the HPA's selector is ambiguous",
            )
        return metrics.Context(self.engine, round_.current, pods, self._tolerances(round_.hpa))

    def _tolerances(self, hpa: Object) -> proposal.Tolerances:
        """The tolerance of each direction, which spec.behavior may set (HPA-004)."""
        behavior = hpa["spec"].get("behavior") or {}

        def tolerance(direction: str) -> float:
            given = (behavior.get(direction) or {}).get("tolerance")
            if given is None:
                return self.settings.hpa_tolerance
            return quantity.nano(given) / quantity.NANO

        return proposal.Tolerances(tolerance("scaleDown"), tolerance("scaleUp"))

    # Limits.

    def _normalize(self, round_: Round, desired: int) -> int:
        """Without spec.behavior: window, bounds, speed limit; or the documented cooldown."""
        now, recent = self.clock.now, round_.history.recommendations(self.clock.now)
        window = self.settings.hpa_downscale_window_seconds
        stabilized = limits.stabilize(desired, recent, window)
        round_.history.recommended.append((now, desired))
        self._explain_stabilization(round_, desired, stabilized)
        minimum, maximum = round_.bounds
        limited = limits.clamp(round_.current, stabilized, minimum, maximum, self.settings)
        self._explain_limit(round_, stabilized, limited)
        since = self._since_last_scale(round_.hpa)
        if limits.is_forbidden(round_.current, limited.replicas, since, self.settings):
            self._explain_backoff(round_, limited.replicas > round_.current)
            return round_.current
        return limited.replicas

    def _normalize_by_behavior(self, round_: Round, desired: int) -> int:
        """With spec.behavior: both windows, then policies and bounds (HPA-019)."""
        now, history = self.clock.now, round_.history
        behavior = round_.hpa["spec"]["behavior"]
        recent = history.recommendations(now)
        stabilized = limits.stabilize_by_behavior(
            round_.current, desired, behavior, recent, self.settings.hpa_downscale_window_seconds
        )
        history.recommended.append((now, desired))
        self._explain_stabilization(round_, desired, stabilized)
        minimum, maximum = round_.bounds
        limited = limits.limit_by_behavior(
            round_.current,
            stabilized,
            minimum,
            maximum,
            behavior,
            [limits.Change(now - at, replicas) for at, replicas in history.ups],
            [limits.Change(now - at, replicas) for at, replicas in history.downs],
        )
        self._explain_limit(round_, stabilized, limited)
        return limited.replicas

    def _since_last_scale(self, hpa: Object) -> float | None:
        last = metrics.seconds_of((hpa.get("status") or {}).get("lastScaleTime"))
        return None if last is None else self.clock.now - last

    def _explain_stabilization(self, round_: Round, desired: int, stabilized: int) -> None:
        if stabilized == desired:
            message = "recommended size matches current size"
            self._set(round_, "AbleToScale", True, "ReadyForNewScale", message)
            return
        up = desired >= round_.current and round_.hpa["spec"].get("behavior") is not None
        reason = "ScaleUpStabilized" if up else "ScaleDownStabilized"
        compared, extreme = ("lower", "lowest") if up else ("higher", "highest")
        message = (
            f"recent recommendations were {compared} than current one, "
            f"applying the {extreme} recent recommendation"
        )
        self._set(round_, "AbleToScale", True, reason, message)

    def _explain_limit(self, round_: Round, wanted: int, limited: limits.Limited) -> None:
        message = limits.MESSAGES[limited.reason]
        self._set(round_, "ScalingLimited", limited.replicas != wanted, limited.reason, message)

    def _explain_backoff(self, round_: Round, up: bool) -> None:
        reason, word = ("BackoffUpscale", "upscale") if up else ("BackoffDownscale", "downscale")
        message = f"the time since the previous scale is still within the {word} forbidden window"
        self._set(round_, "AbleToScale", False, reason, message)

    # Writing.

    def _rescale(self, round_: Round, replicas: int, reason: str) -> None:
        try:
            scales.set_replicas(round_.scale, replicas, self.store)
        except errors.ApiError as error:
            text = f"New size: {replicas}; reason: {reason}; error: {error.message}"
            self.tell(round_.hpa, "FailedRescale", text, warning=True)
            message = f"the HPA controller was unable to update the target scale: {error.message}"
            self._set(round_, "AbleToScale", False, "FailedUpdateScale", message)
            previous = (round_.hpa.get("status") or {}).get("desiredReplicas") or 0
            self._finish(round_, previous, rescaled=False)
            return
        message = f"the HPA controller was able to update the target scale to {replicas}"
        self._set(round_, "AbleToScale", True, "SucceededRescale", message)
        self.tell(round_.hpa, "SuccessfulRescale", f"New size: {replicas}; reason: {reason}")
        change = replicas - round_.current
        changes = round_.history.ups if change > 0 else round_.history.downs
        if round_.hpa["spec"].get("behavior") is not None:
            changes.append((self.clock.now, abs(change)))
        self._finish(round_, replicas, rescaled=True)

    def _finish(self, round_: Round, desired: int, *, rescaled: bool) -> None:
        """Write what this round found; lastScaleTime only moves with a rescale."""
        status = {
            **(round_.hpa.get("status") or {}),
            "currentReplicas": round_.current,
            "desiredReplicas": desired,
            "currentMetrics": round_.readings,
            "conditions": list(round_.conditions),
        }
        if rescaled:
            status["lastScaleTime"] = self.clock.timestamp()
        self.store.update_status({**round_.hpa, "status": status})

    def _set(self, round_: Round, type_: str, status: bool, reason: str, message: str) -> None:
        condition = {"type": type_, "status": str(status), "reason": reason, "message": message}
        round_.conditions = meta.with_condition(
            round_.conditions, condition, self.clock.timestamp()
        )
