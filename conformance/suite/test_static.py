"""STATIC: Pods from the files of a node, and their mirrors in the API."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.manifests import Manifest, container, pod, replica_set
from strategies.once import among

CONFIG_MAPS = (
    {"volumes": [{"name": "v", "configMap": {"name": "m"}}]},
    {"containers": [container(envFrom=[{"configMapRef": {"name": "m"}}])]},
    {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "m"}}]}}]},
)
OTHERS = (
    {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
    {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
    {"serviceAccountName": "robot"},
)
OWN = (
    {"volumes": [{"name": "v", "emptyDir": {}}]},
    {"volumes": [{"name": "v", "hostPath": {"path": "/tmp"}}]},
)
"""What a static Pod may use: its node has it."""


def node_of(run: Session) -> str:
    """The node whose directory is written to.

    Raises:
        AbsentError: there is none.
    """
    names = [known.view["metadata"]["name"] for known in run.world.of_kind("Node")]
    return min(names) if names else str(run.need("Node", "node1"))


def mirror(run: Session, name: str = "web") -> str:
    """The mirror Pod of a static Pod."""
    return f"{name}-{node_of(run).lower()}"


def put(run: Session, manifest: Manifest, file: str = "web.yaml") -> None:
    """Writes a file into the directory of the node."""
    run.do("write-manifest", node=node_of(run), file=file, manifest=manifest)


def take(run: Session, file: str = "web.yaml") -> None:
    """Removes a file from it."""
    run.do("remove-manifest", node=node_of(run), file=file)


def wait(run: Session, seconds: float = 80) -> None:
    """Long enough for a scan and for an end; what was due is looked at when time passes once more."""
    run.advance(seconds)
    run.advance(1)


def takes_term(run: Session, seconds: float | None, code: int = 0) -> None:
    """From now on the container ends so when it is stopped."""
    if run.can("stop-signals"):
        names = {"namespace": "default", "pod": mirror(run), "container": "c"}
        run.do("set-stop", **names, seconds=seconds, exitCode=code)


def web(**spec: object) -> Manifest:
    """A static Pod without a namespace, as the source document writes it."""
    manifest = pod("web", metadata={"name": "web", "labels": {"app": "web"}})
    manifest["spec"].update(spec)
    return manifest


@focus("STATIC-001")
def test_the_walk_through_of_the_source_document(run: Session, draw: Draw) -> None:
    """static-web.yaml is put on a node, runs there, cannot be deleted, and goes with its file."""
    manifest = pod(
        "static-web",
        [container("web", "nginx", ports=[{"name": "web", "containerPort": 80}])],
        metadata={"name": "static-web", "labels": {"role": "myrole"}},
    )
    put(run, manifest, "static-web.yaml")
    wait(run, 40)
    run.delete("Pod", mirror(run, "static-web"), grace=draw(among(None, 0)))
    wait(run, 20)
    take(run, "static-web.yaml")
    wait(run)


@focus("STATIC-001")
def test_a_file_runs_on_its_node(run: Session, draw: Draw) -> None:
    """Files of one or two Pods, on a node that others cannot reach by the scheduler."""
    put(run, web(restartPolicy=draw(among("Always", "Never", "OnFailure"))))
    if draw(st.booleans()):
        put(run, pod("other", metadata={"name": "other"}), "other.json")
    wait(run, 40)


@focus("STATIC-002")
def test_changes_of_the_directory_take_effect(run: Session, draw: Draw) -> None:
    """Files come, change and go; some are none of the kubelet's business."""
    put(run, web())
    put(run, pod("hidden"), draw(among(".hidden.yaml", "old/hidden.yaml")))
    wait(run, draw(among(31, 50)))
    match draw(among("change", "remove", "nothing")):
        case "change":
            put(run, web(containers=[container(image="app:2")]))
        case "remove":
            take(run)
    wait(run)


@focus("STATIC-003")
def test_deleting_the_mirror_stops_nothing(run: Session, draw: Draw) -> None:
    """The mirror Pod is deleted, gracefully or by force, once or twice."""
    put(run, web())
    wait(run, 40)
    if draw(st.booleans()) and run.can("container-exit"):
        run.exit(mirror(run), "c", 1)
        run.advance(15)
    for _ in range(draw(st.integers(1, 2))):
        run.delete("Pod", mirror(run), grace=draw(among(None, 0, 5)))
        wait(run, draw(among(12, 40)))


@focus("STATIC-004")
def test_a_file_that_goes_takes_the_pod_along(run: Session, draw: Draw) -> None:
    """The file goes while the container takes its time to end, or ignores that it shall."""
    put(run, web(terminationGracePeriodSeconds=draw(among(30, 12))))
    wait(run, 40)
    takes_term(run, draw(among(None, 9)))
    take(run)
    wait(run)


@focus("STATIC-004")
def test_another_manifest_replaces_the_pod(run: Session, draw: Draw) -> None:
    """The file changes; the old container takes its time to end."""
    put(run, web())
    wait(run, 40)
    takes_term(run, draw(among(0, 9, None)))
    put(run, web(containers=[container(image="app:2")]))
    wait(run)


@focus("STATIC-005")
def test_it_is_probed_like_any_other(run: Session, draw: Draw) -> None:
    """A probe that can only fail."""
    kind = draw(among("livenessProbe", "readinessProbe"))
    fails: Manifest = {"exec": {"command": ["false"]}, "periodSeconds": 2, "failureThreshold": 1}
    put(run, web(containers=[{**container(), kind: fails}], terminationGracePeriodSeconds=1))
    wait(run, 60)


@focus("STATIC-006")
def test_its_restart_policy_holds(run: Session, draw: Draw) -> None:
    """A container of a static Pod exits that is not to be restarted by its policy."""
    policy, code = draw(among(("Never", 0), ("Never", 1), ("OnFailure", 0)))
    names = draw(among("c", "cd"))
    put(run, web(restartPolicy=policy, containers=[container(name) for name in names]))
    wait(run, 40)
    for name in names:
        run.exit(mirror(run), name, code)
        run.advance(draw(among(0, 15)))
    wait(run, 60)


@focus("STATIC-007")
def test_it_may_not_refer_to_the_api(run: Session, draw: Draw) -> None:
    """A file that refers to an object of the API, and one that asks only for what its node has."""
    others = () if run.profile == "documented" else OTHERS
    put(run, web(**draw(st.sampled_from([*CONFIG_MAPS, *others]))))
    own = pod("own", metadata={"name": "own"})
    own["spec"].update(draw(st.sampled_from(OWN)))
    put(run, own, "own.yaml")
    wait(run, 40)


@focus("STATIC-008")
def test_no_controller_adopts_it(run: Session, draw: Draw) -> None:
    """A ReplicaSet whose selector matches a static Pod, there before or after it."""
    first = draw(st.booleans())
    workload = replica_set("web", draw(st.integers(0, 2)))
    if first:
        run.create(workload)
    put(run, web())
    wait(run, 30)
    if not first:
        run.create(workload)
    run.advance(30)
