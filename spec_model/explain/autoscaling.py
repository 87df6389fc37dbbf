"""What a HorizontalPodAutoscaler may do to its target."""

from __future__ import annotations

from spec_model.events import Manifest
from spec_model.explain import replicas
from spec_model.explain.statement import Others, Statement, Statements
from spec_model.profiles import Profile
from spec_model.workloads.hpa import may_scale
from spec_model.workloads.hpa_limits import limited


def statements(manifest: Manifest, others: Others, profile: Profile, __: int) -> Statements:
    spec = manifest["spec"]
    target = spec.get("scaleTargetRef") or {}
    scalable = may_scale(target.get("kind", ""), profile)
    says = "can be scaled" if scalable.value else "cannot be scaled"
    yield Statement(f"target {target.get('kind')} {target.get('name')}", says, scalable.because)
    minimum, maximum = spec.get("minReplicas", 1), spec["maxReplicas"]
    yield Statement("replicas", f"between {minimum} and {maximum}", "HPA-005")
    yield Statement("looks again", f"every {profile.hpa.sync_period:g} s", "HPA-001")
    if "behavior" not in spec:
        for current in (1, 2, 4):
            fastest = limited(current, 10**6, minimum, maximum, profile)
            about = f"at the most from {current} in one step"
            yield Statement(about, str(fastest.value.replicas), fastest.because)
    if scalable.value:
        yield from replicas.statements(manifest, others, profile)
