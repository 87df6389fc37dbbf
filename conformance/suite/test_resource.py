"""RESOURCE: quantities, requests and limits, and what containers get of CPU and memory."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.invalid import BEYOND_SOURCE, flawed
from strategies.manifests import Manifest, container, node, pod, replica_set
from strategies.once import among
from strategies.pods import policies
from strategies.quantities import cpus, memories, not_quantities, positive_texts, texts
from strategies.resources import MIB, demands, resources


def inspect(run: Session, name: str = "c", of: str = "a") -> None:
    """Looks into a container."""
    run.do("inspect", namespace="default", pod=of, container=name)


def burn(run: Session, name: str, milli: int) -> None:
    """Lets a container of the Pod ``a`` want that much CPU."""
    run.do("burn", namespace="default", pod="a", container=name, milli=milli)


def allocate(run: Session, name: str, size: int) -> None:
    """Lets a container of the Pod ``a`` hold that many bytes."""
    run.do("allocate", namespace="default", pod="a", container=name, bytes=size)


@focus("RESOURCE-001")
def test_cpu_is_counted_in_milli(run: Session, draw: Draw) -> None:
    """Amounts in many forms: by the functions, and as they are read back."""
    for function in ("quantity.parse", "quantity.round"):
        run.evaluate(function, {"text": draw(positive_texts())})
    amount = draw(cpus)
    run.create(pod(containers=[container(requests={"cpu": amount})]), dry_run=True)


@focus("RESOURCE-002")
def test_memory_takes_two_kinds_of_suffixes(run: Session, draw: Draw) -> None:
    """Texts that are quantities, texts that are none, and ``K``, about which the profiles differ."""
    text = draw(texts() | not_quantities | among("1K", "5Ki", "1.5Gi", "100m"))
    run.evaluate("quantity.parse", {"text": text})
    run.create(draw(flawed("RESOURCE-002")).manifest, dry_run=True)
    amount = draw(memories | among("64K", "1500m"))
    run.create(pod(containers=[container(requests={"memory": amount})]), dry_run=True)


@focus("RESOURCE-003")
def test_a_request_never_exceeds_its_limit(run: Session, draw: Draw) -> None:
    """Just above, just below, equal when rounded; resources that cannot be overcommitted."""
    run.create(draw(flawed("RESOURCE-003")).manifest, dry_run=True)
    if run.profile != "documented":
        run.create(draw(st.sampled_from(BEYOND_SOURCE)).manifest, dry_run=True)
    equal = draw(among(("999.5m", "1"), ("1", "1000m"), ("0", "0"), ("1m", "1m"), ("1", "2")))
    fits = container(requests={"cpu": equal[0]}, limits={"cpu": equal[1]})
    run.create(pod("b", [fits]), dry_run=True)


@focus("RESOURCE-004")
def test_a_limit_without_a_request_becomes_the_request(run: Session, draw: Draw) -> None:
    """In Pods, init containers included; not in templates."""
    asked = container("c", **draw(resources))
    run.create(pod(containers=[asked], init=[container("i", **draw(resources))]), dry_run=True)
    limited = container("c", limits={"cpu": "500m", "memory": "64Mi"})
    kind = draw(among("ReplicaSet", "Deployment", "ReplicationController"))
    run.create(replica_set("r", 1, pod(containers=[limited]), kind), dry_run=True)


@focus("RESOURCE-005")
def test_a_request_is_not_a_cap(run: Session, draw: Draw) -> None:
    """A container without limits uses more than it asked for, of CPU and of memory."""
    asked = draw(st.sampled_from([{}, {"cpu": "100m"}, {"cpu": "200m", "memory": "64Mi"}]))
    run.create(pod(containers=[container("c", requests=asked or None)]))
    run.advance(1)
    burn(run, "c", draw(among(1000, 201, 50)))
    if run.can("inspect"):
        inspect(run)
    if run.can("memory"):
        allocate(run, "c", draw(among(65, 1024)) * MIB)
    run.advance(5)


@focus("RESOURCE-005")
def test_what_is_idle_may_be_used(run: Session, draw: Draw) -> None:
    """The function of the engine, where it has one."""
    run.evaluate("cpu.division", {"capacity_milli": 4000, "containers": draw(demands())})
    run.create(pod(containers=[container("c", requests={"cpu": "100m"})]))
    if run.can("inspect"):
        burn(run, "c", 1000)
        inspect(run)


@focus("RESOURCE-006")
def test_a_cpu_limit_throttles(run: Session, draw: Draw) -> None:
    """A container wants less, as much, or more than its limit, for a while."""
    limit = draw(among(500, 1, 5, 10, 100, 250, 1000, 333, 1500))
    run.evaluate("cpu.quota", {"limit_milli": limit})
    run.create(pod(containers=[container("c", limits={"cpu": f"{limit}m"})], policy=draw(policies)))
    run.advance(1)
    burn(run, "c", draw(st.sampled_from([limit * 2, limit, max(limit - 1, 0), limit + 1])))
    inspect(run)
    run.advance(draw(among(1, 60)))
    inspect(run)


@focus("RESOURCE-007")
def test_contended_cpu_is_divided_by_weight(run: Session, draw: Draw) -> None:
    """The containers of one Pod want more than there is; one of them perhaps less than its share."""
    request = draw(among(200, 0, 1, 2, 10, 500, 256_000, 300_000))
    run.evaluate("cpu.shares", {"request_milli": request})
    shares = draw(among(2, 3, 204, 512, 1024, 2048, 262_144))
    conversion = draw(among("linear", "quadratic"))
    run.evaluate("cpu.weight", {"shares": shares, "map": conversion})
    for _ in range(3):
        run.evaluate("cpu.division", {"capacity_milli": 1000, "containers": draw(demands())})
    contend(run, draw)


def contend(run: Session, draw: Draw) -> None:
    """Two or three containers of one Pod on a node of their own that is too small for them."""
    if run.can("nodes"):
        run.create(node("small", cpu="1", disk="small"))
        run.advance(1)
    where: Manifest = {"nodeSelector": {"disk": "small"}} if run.can("nodes") else {}
    asked = draw(among(("200m", "500m"), ("100m", "100m"), ("1m", "300m"), (None, "500m")))
    apps = [
        container(name, requests=None if amount is None else {"cpu": amount})
        for name, amount in zip("cd", asked, strict=True)
    ]
    limited = container("e", requests={"cpu": "100m"}, limits={"cpu": "150m"})
    third = [limited] if draw(st.booleans()) else []
    run.create(pod(containers=[*apps, *third], **where))
    run.advance(1)
    for each in [*apps, *third]:
        burn(run, each["name"], draw(among(2000, 1000, 50)))
    for each in [*apps, *third]:
        inspect(run, each["name"])


@focus("RESOURCE-008")
def test_above_its_limit_a_container_is_killed(run: Session, draw: Draw) -> None:
    """One of two containers holds as much as its limit, or more, once and again."""
    limited = container("c", limits={"memory": "64Mi"}, requests={"memory": "32Mi"})
    whole = [container(name, limits={"cpu": "100m", "memory": "64Mi"}) for name in "cd"]
    apps = draw(st.permutations([limited, container("d")]) | st.just(whole))
    run.create(pod(containers=apps, policy=draw(policies)))
    for _ in range(draw(st.integers(1, 3))):
        run.advance(draw(among(1, 25)))
        allocate(run, "c", draw(among(64 * MIB + 1, 128 * MIB, 64 * MIB, 33 * MIB)))
    run.advance(30)


@focus("RESOURCE-009")
def test_proc_shows_the_node(run: Session, draw: Draw) -> None:
    """A container with and without limits looks at /proc."""
    run.create(pod(containers=[container("c", **draw(resources))]))
    run.advance(1)
    inspect(run)
