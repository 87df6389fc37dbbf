"""What speaks to a scheduler: selectors, affinity, sizes; and nodes that differ in what it looks at."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from strategies.manifests import Manifest, container, pod
from strategies.once import among, once

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
EVICTING: Final = "requiredDuringSchedulingRequiredDuringExecution"


def expression(key: str, operator: str, *values: str) -> Manifest:
    """A requirement on a label."""
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def term(*expressions: Manifest, fields: tuple[Manifest, ...] = ()) -> Manifest:
    """A term: all of it must hold."""
    return {
        **({"matchExpressions": list(expressions)} if expressions else {}),
        **({"matchFields": list(fields)} if fields else {}),
    }


def required(*terms: Manifest, kind: str = REQUIRED) -> Manifest:
    """``affinity`` of a Pod of which one term must match."""
    return {"nodeAffinity": {kind: {"nodeSelectorTerms": list(terms)}}}


def evicting(*terms: Manifest) -> Manifest:
    """``nodeAffinity`` of the type that the source document alone knows."""
    found: Manifest = required(*terms, kind=EVICTING)["nodeAffinity"]
    return found


def preferred(*weighed: tuple[int, Manifest]) -> Manifest:
    """``affinity`` of a Pod with preferences of these weights."""
    listed = [{"weight": weight, "preference": preference} for weight, preference in weighed]
    return {"nodeAffinity": {PREFERRED: listed}}


def sized(name: str, cpu: str | None = None, memory: str | None = None, **spec: Any) -> Manifest:
    """A Pod that requests so much."""
    asked = {key: text for key, text in (("cpu", cpu), ("memory", memory)) if text is not None}
    more: dict[str, Any] = {"requests": asked} if asked else {}
    return pod(name, [container("c", **more)], **spec)


def priority_class(name: str, value: int) -> Manifest:
    """A PriorityClass of that value."""
    metadata = {"name": name}
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    return {**kind, "metadata": metadata, "value": value}


EXPRESSIONS: Final[tuple[Manifest, ...]] = (
    expression("disk", "In", "ssd"),
    expression("disk", "In", "hdd", "ssd"),
    expression("disk", "NotIn", "ssd"),
    expression("disk", "NotIn", "hdd", "ssd"),
    expression("disk", "Exists"),
    expression("disk", "DoesNotExist"),
    expression("gen", "Gt", "4"),
    expression("gen", "Gt", "5"),
    expression("gen", "Lt", "5"),
    expression("gen", "Lt", "6"),
    expression("disk", "Gt", "1"),
    expression("empty", "Exists"),
    expression("empty", "In", ""),
    expression("absent", "NotIn", "a"),
    expression("absent", "Lt", "9"),
)
"""Single requirements on the labels of ``LABELS``, of every operator and at its edges."""

LABELS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"disk": "ssd", "gen": "5"},
    {"disk": "hdd", "gen": "4", "empty": ""},
    {"disk": "ssd", "gen": "10"},
    {"disk": "", "gen": "x"},
    {"gen": "6", "empty": ""},
)

UNPARSABLE: Final[tuple[Manifest, ...]] = (
    expression("gen", "Gt", "x"),
    expression("gen", "Lt", "4.5"),
)
"""Requirements that the API lets pass and no scheduler can read."""

expressions: Final = st.sampled_from(EXPRESSIONS)
labels: Final = st.sampled_from(LABELS)

TERMS: Final[tuple[Manifest, ...]] = (
    *(term(each) for each in EXPRESSIONS),
    term(EXPRESSIONS[0], EXPRESSIONS[6]),
    term(EXPRESSIONS[4], EXPRESSIONS[8]),
    term(EXPRESSIONS[2], EXPRESSIONS[11]),
    {},
    *(term(each) for each in UNPARSABLE),
    term(EXPRESSIONS[4], UNPARSABLE[0]),
)
terms: Final = st.sampled_from(TERMS)


@once
@st.composite
def selections(draw: st.DrawFn, name: str = "small") -> dict[str, Any]:
    """Arguments of ``node_selector.matches``: a Pod with selectors and a node."""
    spec: dict[str, Any] = {}
    if draw(st.booleans()):
        spec["nodeSelector"] = draw(
            st.sampled_from([{}, {"disk": "ssd"}, {"disk": "ssd", "gen": "5"}])
        )
    if draw(st.integers(0, 3)):
        spec["affinity"] = required(*draw(st.lists(terms, min_size=1, max_size=3)))
    field = {"key": "metadata.name", "operator": draw(among("In", "NotIn"))}
    if not draw(st.integers(0, 5)):
        spec["affinity"] = required(term(fields=({**field, "values": ["small"]},)))
    if not draw(st.integers(0, 3)):
        both = {**(spec.get("affinity") or {}).get("nodeAffinity", {}), **evicting(draw(terms))}
        spec["affinity"] = {"nodeAffinity": both}
    node = {"metadata": {"name": draw(st.sampled_from([name, "other"])), "labels": draw(labels)}}
    return {"pod": {"spec": spec}, "node": node}


@once
@st.composite
def single_selections(draw: st.DrawFn) -> dict[str, Any]:
    """The same with a single expression."""
    spec = {"affinity": required(term(draw(expressions)))}
    node = {"metadata": {"name": "small", "labels": draw(labels)}}
    return {"pod": {"spec": spec}, "node": node}


@once
@st.composite
def preferences(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of ``node_affinity.preferred_score``."""
    weighed = st.tuples(among(1, 10, 50, 99, 100), terms)
    listed = draw(st.lists(weighed, max_size=4))
    node = {"metadata": {"name": "small", "labels": draw(labels)}}
    return {"pod": {"spec": {"affinity": preferred(*listed)}}, "node": node}


AMOUNTS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"cpu": "500m"},
    {"cpu": "1"},
    {"memory": "1Gi"},
    {"cpu": "1", "memory": "512Mi"},
    {"cpu": "0", "memory": "0"},
    {"example.com/gpu": "1"},
)
amounts: Final = st.sampled_from(AMOUNTS)
PHASES: Final = ("Running", "Pending", "Succeeded", "Failed")


@once
@st.composite
def crowds(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of ``scheduler.fits``: a Pod, a node, and the Pods that are on it."""
    has = st.sampled_from(
        [
            {"cpu": "1", "memory": "1Gi", "pods": "2"},
            {"cpu": "2", "memory": "2Gi", "pods": "3", "example.com/gpu": "1"},
            {"cpu": "500m", "memory": "512Mi", "pods": "1"},
            {"cpu": "2", "memory": "2Gi"},
        ]
    )
    asked = pod(
        "p", [container("c", requests=draw(amounts)), container("d", requests=draw(amounts))]
    )
    others = [
        {**pod(f"b{index}", [container("c", requests=mine)]), "status": {"phase": phase}}
        for index, (mine, phase) in enumerate(
            draw(st.lists(st.tuples(amounts, among(*PHASES)), max_size=4))
        )
    ]
    node = {"metadata": {"name": "n"}, "status": {"allocatable": draw(has)}}
    return {"pod": asked, "node": node, "bound_pods": others}


CLASSES: Final = ("BestEffort", "Burstable", "Guaranteed")
SIGNALS: Final = ("memory", "disk", "pid")


@once
@st.composite
def rankings(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments of ``eviction.order``: Pods that differ in some of what counts."""
    count = draw(st.integers(2, 5))
    usages = among(None, 0, 50, 100, 101, 150, 300)
    pods = [
        {
            "name": f"p{index}",
            "priority": draw(among(0, 0, 1000, -5)),
            "request": 0 if quality == "BestEffort" else draw(among(50, 100, 250)),
            "usage": draw(usages),
            "qos_class": quality,
        }
        for index in range(count)
        for quality in [draw(among(*CLASSES))]
    ]
    return {"signal": draw(among(*SIGNALS)), "pods": pods}


NODE_FIELD: Final = {"key": "metadata.name", "operator": "In", "values": ["n0"]}


def malformed_affinities() -> tuple[Manifest, ...]:
    """Affinities that the API must refuse (AFFINITY-007)."""
    requirements = (
        {"key": "disk", "operator": "In"},
        {"key": "disk", "operator": "NotIn", "values": []},
        {"key": "disk", "operator": "Exists", "values": ["ssd"]},
        {"key": "disk", "operator": "DoesNotExist", "values": ["ssd"]},
        {"key": "gen", "operator": "Gt"},
        {"key": "gen", "operator": "Lt", "values": ["1", "2"]},
        {"key": "disk", "operator": "Equals", "values": ["ssd"]},
    )
    fields = (
        {**NODE_FIELD, "key": "metadata.uid"},
        {**NODE_FIELD, "operator": "Exists"},
        {**NODE_FIELD, "values": ["a", "b"]},
        {**NODE_FIELD, "values": []},
    )
    terms = [*(term(each) for each in requirements), *(term(fields=(each,)) for each in fields)]
    sound = term(EXPRESSIONS[0])
    return (
        *(required(each) for each in terms),
        *(preferred((1, each)) for each in terms),
        required(),
        *(preferred((weight, sound)) for weight in (0, 101, -1)),
    )


def sound_affinities() -> tuple[Manifest, ...]:
    """Affinities that it must take, though no node may ever match them."""
    return (
        *(required(term(each)) for each in UNPARSABLE),
        required(term(EXPRESSIONS[0]), {}),
        required(term(fields=(NODE_FIELD,))),
        *(preferred((weight, term(EXPRESSIONS[0]))) for weight in (1, 100)),
        preferred((50, {})),
    )
