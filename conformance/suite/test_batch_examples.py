"""The source document's own cases of batch work and daemons, as it tells them; nothing is drawn."""

from __future__ import annotations

from conformance.focus import Draw, Session, focus
from conformance.suite.owned import at_work, finish
from strategies.manifests import container, daemon_set, job, node, pod

FILES = 10
"""“例如有10个文件（Work item）,每个文件（Work item）为100G。”"""

UPDATED = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "fluentd:2"}]}}}}


@focus("JOB-003", "JOB-007")
def test_ten_files_are_ten_jobs(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """Job Template Expansion: a Job for each of ten files; one of them needs a second try."""
    names = [f"file-{number}" for number in range(FILES)]
    for name in names:
        run.create(job(name))
    finish(run, names[3], 1)
    for name in names:
        finish(run, name, 0)
    run.advance(15)
    finish(run, names[3], 0)
    run.advance(10)


@focus("JOB-004", "JOB-007")
def test_a_queue_with_a_pod_for_each_item(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """Queue with Pod Per Work Item: one Job starts N Pods, one for each item."""
    run.create(job("consumer", completions=FILES, parallelism=3))
    for _ in range(FILES):
        finish(run, "consumer", 0)
        run.advance(1)
    run.advance(10)


@focus("JOB-005", "JOB-006", "JOB-007")
def test_a_queue_with_any_number_of_pods(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """Queue with Variable Pod Count: the first that finds the queue empty is followed by the others."""
    run.create(job("consumer", parallelism=3))
    finish(run, "consumer", 0)
    run.advance(20)
    for _ in range(2):  # however many an engine brings to life
        finish(run, "consumer", 0)
        run.advance(10)


@focus("DAEMON-001")
def test_a_collector_of_logs_on_every_node(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """“在每个Node上运行一个日志采集程序：fluentd或logstach”, on a node that joins later, too."""
    run.create(daemon_set("fluentd", pod(containers=[container("c", "fluentd:1")])))
    run.create(node("joined"))
    run.advance(10)


@focus("DAEMON-006", "DAEMON-007")
def test_on_delete_is_by_hand(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """“只有旧的Pod被用户手动删除后，才触发新建操作”."""
    template = pod(containers=[container("c", "fluentd:1")])
    run.create(daemon_set("fluentd", template, updateStrategy={"type": "OnDelete"}))
    run.create(daemon_set("usual", template))
    run.advance(5)
    run.patch("DaemonSet", "fluentd", UPDATED)
    run.advance(30)
    for name in at_work(run, "fluentd"):
        run.delete("Pod", name)
        run.advance(10)


@focus("DAEMON-008")
def test_rolling_update_kills_and_creates(run: Session, draw: Draw) -> None:  # noqa: ARG001
    """“旧版本的Pod将被自动杀掉，然后自动创建新版本的DaemonSet Pod”."""
    template = pod(containers=[container("c", "fluentd:1")])
    run.create(daemon_set("fluentd", template, updateStrategy={"type": "RollingUpdate"}))
    run.advance(5)
    run.patch("DaemonSet", "fluentd", UPDATED)
    run.advance(30)
