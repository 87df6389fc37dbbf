"""The worked examples of the source document: requests, limits, volumes and autoscalers, as they stand there.

Each is one story and nothing is drawn. Those of a single rule's own area stand with it.
"""

from __future__ import annotations

from typing import Any, Final

from conformance.focus import Draw, Session, focus
from conformance.suite.test_hpa import MINUTE, period, use
from strategies.manifests import Manifest, claim, container, node, pod, replica_set, service, volume

MIB: Final = 1024 * 1024


# -- requests and limits --------------------------------------------------------------------------


@focus("QOS-001", "RESOURCE-005")
def test_nginx_pod(run: Session, draw: Draw) -> None:  # noqa: ARG001 - nothing is drawn
    """nginx-pod asks for 128Mi and a fifth of a CPU: Burstable, and free to use more of both."""
    asked = container("nginx", "nginx", requests={"memory": "128Mi", "cpu": "200m"})
    made = pod("nginx-pod", [asked])
    run.evaluate("pod.qos_class", {"pod": made})
    run.create(made)
    run.advance(1)
    where = {"namespace": "default", "pod": "nginx-pod", "container": "nginx"}
    if run.can("cpu-load", "memory"):
        run.do("burn", **where, milli=1000)
        run.do("allocate", **where, bytes=256 * MIB)
    if run.can("inspect"):
        run.do("inspect", **where)
    run.advance(5)


@focus("RESOURCE-008", "BACKOFF-001", "QOS-001")
def test_memleak_pod(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """memleak-pod is OOM-killed, restarted at once, killed again, and waits in CrashLoopBackOff."""
    bound = {"memory": "64Mi", "cpu": "1"}
    leak = container("simmemleak", "saadali/simmemleak", requests=bound, limits=bound)
    made = pod("memleak-pod", [leak], metadata={"labels": {"app": "memleak"}})
    run.evaluate("pod.qos_class", {"pod": made})
    run.create(made)
    where = {"namespace": "default", "pod": "memleak-pod", "container": "simmemleak"}
    for pause in (1, 1, 15, 25):
        run.advance(pause)
        if run.can("memory"):
            run.do("allocate", **where, bytes=65 * MIB)
    run.advance(60)


@focus("RESOURCE-007")
def test_what_is_left_is_divided_two_to_five(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """Of 1000m one container asks for 200m, one for 500m, and both want all they can get."""
    wishes = [
        {"request_milli": milli, "limit_milli": None, "demand_milli": 1000} for milli in (200, 500)
    ]
    run.evaluate("cpu.division", {"capacity_milli": 1000, "containers": wishes})
    if not run.can("nodes", "cpu-load", "inspect"):
        return
    run.create(node("small", cpu="1", disk="small"))
    apps = [container("a", requests={"cpu": "200m"}), container("b", requests={"cpu": "500m"})]
    run.create(pod("busy", apps, nodeSelector={"disk": "small"}))
    run.advance(1)
    for verb, given in (("burn", {"milli": 1000}), ("inspect", {})):
        for name in "ab":
            run.do(verb, namespace="default", pod="busy", container=name, **given)


# -- volumes --------------------------------------------------------------------------------------


def on_nfs(name: str, size: str, server: str, path: str, **spec: Any) -> Manifest:
    """A volume on an export, as an administrator writes it."""
    return volume(name, size, nfs={"server": server, "path": path}, **spec)


@focus("PV-001", "PV-003", "PV-005")
def test_myclaim(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """mypod waits for myclaim, and myclaim for pv003: 5Gi of an NFS export."""
    uses = [{"name": "mypod", "persistentVolumeClaim": {"claimName": "myclaim"}}]
    mounts = [{"name": "mypod", "mountPath": "/data"}]
    if run.implementation.clock == "virtual":  # on a real node nobody exports that path
        run.create(pod("mypod", [container(volumeMounts=mounts)], volumes=uses))
    run.advance(2)
    run.create(claim("myclaim", "5Gi"))
    run.advance(2)
    run.create(on_nfs("pv003", "5Gi", "192.168.1.1", "/somepath"))
    run.advance(20)


@focus("PV-001", "PV-003", "PV-008")
def test_a_batch_of_nfs_volumes(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """pv003 to pv006, 100Gi each, and as many claims; one claim goes, and its volume comes back."""
    for number in range(3, 7):
        path = f"/volume1/harbor/nfs{number}"
        more = {"persistentVolumeReclaimPolicy": "Recycle"}
        run.create(on_nfs(f"pv00{number}", "100Gi", "192.168.2.4", path, **more))
    for number in range(3, 7):
        run.create(claim(f"pvc00{number}-claim", "100Gi"))
    run.advance(20)
    run.delete("PersistentVolumeClaim", "pvc003-claim")
    run.advance(20)
    run.create(claim("pvc003-claim", "100Gi"))
    run.advance(20)


@focus("VOLUME-001", "INIT-002")
def test_init_demo(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """install fetches a page into the volume from which nginx serves it."""
    if not run.can("file-write", "container-exit", "inspect"):
        return
    work = [{"name": "workdir", "mountPath": "/work-dir"}]
    served = [{"name": "workdir", "mountPath": "/usr/share/nginx/html"}]
    first = container("install", "busybox", volumeMounts=work)
    nginx = container("nginx", "nginx", ports=[{"containerPort": 80}], volumeMounts=served)
    volumes = [{"name": "workdir", "emptyDir": {}}]
    run.create(pod("init-demo", [nginx], init=[first], volumes=volumes, dnsPolicy="Default"))
    run.advance(5)
    where = {"namespace": "default", "pod": "init-demo"}
    run.do("write-file", **where, container="install", path="/work-dir/index.html", content="<p>")
    run.exit("init-demo", "install", 0)
    run.advance(5)
    run.do("inspect", **where, container="nginx")


# -- autoscalers ----------------------------------------------------------------------------------


def scaler(name: str, kind: str, target: str, percent: int) -> Manifest:
    """An autoscaler as the source document writes it: one version, one target, CPU in percent."""
    api = "v1" if kind == "ReplicationController" else "apps/v1"
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "scaleTargetRef": {"apiVersion": api, "kind": kind, "name": target},
            "minReplicas": 1,
            "maxReplicas": 10,
            "targetCPUUtilizationPercentage": percent,
        },
    }


def load(run: Session, name: str, *levels: str) -> None:
    """Every Pod of a workload uses so much, for two periods each."""
    for level in levels:
        run.advance(MINUTE)
        names = [
            known.view.key[2]
            for known in run.world.of_kind("Pod")
            if known.view.manifest["metadata"].get("labels", {}).get("app") == name
            and known.view.deletion_timestamp is None
        ]
        use(run, level, names)
        run.advance(2 * period(run))


@focus("HPA-002", "HPA-003", "HPA-005", "HPA-009")
def test_php_apache(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """php-apache has one replica of 200m; under load there are up to ten, and one again afterwards."""
    asked = container(
        "php-apache", "gcr.io/google_containers/hpa-example", requests={"cpu": "200m"}
    )
    asked["ports"] = [{"containerPort": 80}]
    template = pod(containers=[asked])
    run.create(replica_set("php-apache", 1, template, "ReplicationController"))
    run.create(service("php-apache", {"app": "php-apache"}))
    run.advance(MINUTE)
    run.create(scaler("php-apache", "ReplicationController", "php-apache", 50))
    load(run, "php-apache", "100m", "380m", "200m", "200m", "20m")
    run.advance(360)


@focus("HPA-002", "HPA-005")
def test_lykops_hpa(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """lykops-hpa-deploy asks for a thousandth of a CPU, and is to use five hundredths of that."""
    asked = container(
        "lykops-hpa-deploy",
        "web:apache",
        requests={"cpu": "0.001", "memory": "4Mi"},
        limits={"cpu": "0.01", "memory": "16Mi"},
    )
    run.create(replica_set("lykops-hpa-deploy", 1, pod(containers=[asked]), "Deployment"))
    run.advance(MINUTE)
    run.create(scaler("lykops-hpa", "Deployment", "lykops-hpa-deploy", 5))
    load(run, "lykops-hpa-deploy", "1m", "0")
    run.advance(360)
