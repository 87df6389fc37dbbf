"""JOB: work that comes to an end."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.suite.owned import at_work, finish, pods_of, running
from strategies.jobs import BROKEN, SOUND, failure_policies
from strategies.manifests import container, job, pod
from strategies.once import among

# -- What the API makes of it ------------------------------------------------------------------------


@focus("JOB-001")
def test_containers_come_to_an_end(run: Session, draw: Draw) -> None:
    """Templates of every policy, with and without a podFailurePolicy."""
    policy = draw(among("Never", "OnFailure", "x", "Always", None))
    run.create(job("a", pod(policy=policy)), dry_run=True)
    run.create(job("b", pod(policy="OnFailure")), dry_run=True)
    if run.profile == "v1.36":
        strict = draw(among("OnFailure", "Never"))
        run.create(job("a", pod(policy=strict), **failure_policies()[0]), dry_run=True)


@focus("JOB-002")
def test_numbers_make_the_type(run: Session, draw: Draw) -> None:
    """Jobs with and without their numbers, and with such as are no good; one is changed later."""
    for _ in range(3):
        spec = draw(st.sampled_from([*SOUND, *BROKEN]))
        run.create(job("a", **spec), dry_run=True)
    run.create(job("b", completions=2))
    run.patch("Job", "b", {"spec": draw(st.sampled_from([{"completions": 3}, {"parallelism": 2}]))})


# -- Types -------------------------------------------------------------------------------------------


@focus("JOB-003")
def test_one_pod_until_one_succeeds(run: Session, draw: Draw) -> None:
    """It fails or is deleted a few times, then it succeeds."""
    run.create(job("a"))
    for _ in range(draw(st.integers(0, 2))):
        names, by_hand = at_work(run, "a"), draw(st.booleans())
        if names and by_hand:
            run.delete("Pod", names[0], grace=draw(among(None, 0)))
        else:
            finish(run, "a", 1)
        run.advance(50)
    finish(run, "a", 0)
    run.advance(30)


@focus("JOB-004")
def test_so_many_completions(run: Session, draw: Draw) -> None:
    """Several at a time, of which some fail; the parallelism may change on the way."""
    wanted, at_once = draw(among((3, 2), (2, 3), (4, 2), (2, 1)))
    run.create(job("a", completions=wanted, parallelism=at_once))
    for round_ in range(wanted + 1):
        finish(run, "a", draw(among(0, 0, 0, 1)) if round_ else 0)
        run.advance(25)
        if round_ == 0 and draw(st.booleans()):
            parallelism = draw(among(0, 1, 3))
            run.patch("Job", "a", {"spec": {"parallelism": parallelism}})
            run.advance(8)
            run.patch("Job", "a", {"spec": {"parallelism": at_once}})
            run.advance(8)
    finish(run, "a", 0, wanted)
    run.advance(10)


@focus("JOB-004")
def test_a_race_may_give_more_than_were_wanted(run: Session, draw: Draw) -> None:
    """Two Pods take their time to succeed after one of them was one too many."""
    run.create(job("a", completions=draw(among(1, 2)), parallelism=2))
    run.advance(1)
    for name in running(run, "a"):
        run.exit(name, "c", 0)
    run.advance(10)


@focus("JOB-005")
def test_a_work_queue(run: Session, draw: Draw) -> None:
    """Pods fail before and after the first success, and none comes after it."""
    run.create(job("a", parallelism=draw(among(2, 3))))
    if draw(st.booleans()):
        finish(run, "a", 1)
        run.advance(15)
    finish(run, "a", 0)
    run.advance(15)
    finish(run, "a", draw(among(0, 1)))
    run.advance(30)
    finish(run, "a", 0, 3)
    run.advance(30)


@focus("JOB-006")
def test_the_rest_of_a_work_queue_finishes_by_itself(run: Session, draw: Draw) -> None:
    """After the first success the others go on for a while, and end as they like."""
    run.create(job("a", parallelism=3))
    finish(run, "a", 0)
    run.advance(draw(among(10, 40)))
    finish(run, "a", draw(among(0, 1)))
    run.advance(15)
    finish(run, "a", 0)
    run.advance(15)


@focus("JOB-007")
def test_every_work_item_is_done(run: Session, draw: Draw) -> None:
    """Work items by each of the patterns: a Job each, a Pod each, a queue, an index each."""
    items = draw(st.integers(2, 3))
    patterns = [
        [job(f"a{item}") for item in range(items)],
        [job("a0", completions=items, parallelism=2)],
        [job("a0", parallelism=2)],
    ]
    if run.profile == "v1.36":
        indexed: dict[str, Any] = {"completionMode": "Indexed", "parallelism": 2}
        patterns.append([job("a0", completions=items, **indexed)])
    made = draw(st.sampled_from(patterns))
    for manifest in made:
        run.create(manifest)
    names = [manifest["metadata"]["name"] for manifest in made]
    for _ in range(items):
        for name in names:
            finish(run, name, draw(among(0, 0, 1)))
        run.advance(25)
    for _ in range(items):
        for name in names:
            finish(run, name, 0)
        run.advance(25)


# -- Failures ----------------------------------------------------------------------------------------


@focus("JOB-008")
def test_a_limit_to_failures(run: Session, draw: Draw) -> None:
    """One failure after the other, until it is one too many; or none is, where there is no limit."""
    limit = draw(among(0, 1, None))
    spec: dict[str, Any] = {} if limit is None else {"backoffLimit": limit}
    run.create(job("a", **spec))
    for _ in range(2 if limit is None else limit + 1):
        finish(run, "a", 1)
        run.advance(draw(among(50, 60)))
    if limit is None and run.profile == "documented":
        for wait in (90, 170, 330, 370, 370, 370):
            finish(run, "a", 1)
            run.advance(wait)


@focus("JOB-008")
def test_restarts_count_where_containers_are_restarted(run: Session, draw: Draw) -> None:
    """A container that fails again and again in its Pod, beside another one."""
    limit = draw(among(0, 1, 2))
    run.create(job("a", pod(policy="OnFailure"), backoffLimit=limit, parallelism=1))
    for _ in range(max(limit, 1)):
        if not finish(run, "a", 1):
            break
        run.advance(45)
    run.advance(10)


@focus("JOB-008")
def test_the_others_go_down_with_it(run: Session, draw: Draw) -> None:
    """Of three Pods one fails too often; the others are deleted."""
    run.create(job("a", completions=3, parallelism=3, backoffLimit=draw(among(0, 0, 1))))
    finish(run, "a", 1, 2)
    run.advance(45)


@focus("JOB-008")
def test_a_policy_says_what_a_failure_means(run: Session, draw: Draw) -> None:
    """Exit codes that are ignored, counted, or the end of all."""
    policy = draw(st.sampled_from(failure_policies())) if run.profile == "v1.36" else {}
    run.create(job("a", backoffLimit=0, **policy))
    finish(run, "a", draw(among(1, 42)))
    run.advance(50)


@focus("JOB-009")
def test_the_delay_doubles(run: Session, draw: Draw) -> None:
    """A Pod fails again and again; it may succeed in between."""
    waits = [10, 20, 40, 80, 160, 320, 600, 600]
    run.create(job("a", completions=2, backoffLimit=20))
    rounds = draw(among(2, 3, 8, 8))
    success = draw(among(None, None, 1))
    for number, wait in enumerate(waits[:rounds]):
        finish(run, "a", 0 if number == success else 1)
        run.advance(wait - 2)
        run.advance(4)
    run.advance(10)


@focus("JOB-010")
def test_a_deadline(run: Session, draw: Draw) -> None:
    """It runs for too long; it may have been suspended for a while, or fail in between."""
    run.create(job("a", activeDeadlineSeconds=30, completions=3, parallelism=2))
    run.advance(draw(among(1, 20)))
    if draw(st.booleans()):
        finish(run, "a", 0)
    if run.profile == "v1.36" and draw(st.booleans()):
        run.patch("Job", "a", {"spec": {"suspend": True}})
        run.advance(draw(among(12, 40)))
        run.patch("Job", "a", {"spec": {"suspend": False}})
        run.advance(20)
    run.advance(45)


@focus("JOB-010")
def test_a_suspended_job_rests(run: Session, draw: Draw) -> None:
    """It begins suspended, or becomes so, and nobody works until it is resumed."""
    run.create(job("a", activeDeadlineSeconds=40, suspend=draw(st.booleans())))
    run.advance(10)
    run.patch("Job", "a", {"spec": {"suspend": True}})
    run.advance(draw(among(15, 60)))
    run.patch("Job", "a", {"spec": {"suspend": False}})
    run.advance(30)
    finish(run, "a", 0)
    run.advance(20)


@focus("JOB-011")
def test_a_deleted_pod_is_replaced_at_once_or_when_it_failed(run: Session, draw: Draw) -> None:
    """A Pod that takes its time to end is deleted."""
    policies: list[dict[str, Any]] = [{}, {"podReplacementPolicy": "Failed"}]
    replacement = draw(st.sampled_from(policies))
    kept = pod(policy="Never", containers=[container()], terminationGracePeriodSeconds=60)
    run.create(job("a", kept, completions=2, parallelism=draw(among(1, 2)), **replacement))
    run.advance(2)
    name = at_work(run, "a")[0]
    if run.can("stop-signals"):
        given = {"namespace": "default", "pod": name, "container": "c", "seconds": None}
        run.do("set-stop", **given)
    run.delete("Pod", name)
    run.advance(25)
    run.advance(60)
    finish(run, "a", 0, 2)
    run.advance(20)


# -- Indexes, and the end ----------------------------------------------------------------------------


@focus("JOB-012")
def test_every_index_succeeds(run: Session, draw: Draw) -> None:
    """Pods of an Indexed Job end in any order, and some of them fail first."""
    count = draw(among(3, 4, 5))
    run.create(job("a", completions=count, parallelism=2, completionMode="Indexed"))
    for _ in range(count + 1):
        names = running(run, "a")
        if names:
            run.exit(draw(st.sampled_from(names)), "c", draw(among(0, 0, 0, 1)))
        run.advance(25)
    for _ in range(count):
        finish(run, "a", 0, 2)
        run.advance(25)


@focus("JOB-012")
def test_indexes_need_a_number_of_them(run: Session, draw: Draw) -> None:
    """With completions and without; it may grow later, together with its parallelism."""
    numbers: list[dict[str, Any]] = [{"parallelism": 2}, {"completions": 2}, {}]
    spec = draw(st.sampled_from(numbers))
    run.create(job("a", completionMode="Indexed", **spec), dry_run=True)
    run.create(job("b", completionMode="Indexed", completions=2, parallelism=2))
    change = draw(st.sampled_from([{"completions": 3, "parallelism": 3}, {"completions": 3}]))
    run.patch("Job", "b", {"spec": change})
    run.advance(10)


@focus("JOB-013")
def test_the_end_comes_in_its_steps(run: Session, draw: Draw) -> None:
    """It ends well or badly, with a Pod that takes its time to go; what has ended stays."""
    slow = pod(policy="Never", terminationGracePeriodSeconds=40)
    run.create(job("a", slow, completions=2, parallelism=2, backoffLimit=0))
    run.advance(1)
    if run.can("stop-signals"):
        for name in running(run, "a")[1:]:
            given = {"namespace": "default", "pod": name, "container": "c"}
            run.do("set-stop", **given, seconds=draw(among(20, None)), exitCode=0)
    finish(run, "a", draw(among(1, 1, 0)))
    run.advance(30)
    finish(run, "a", 0)
    run.advance(60)


@focus("JOB-013")
def test_it_lives_as_long_as_it_says(run: Session, draw: Draw) -> None:
    """With a time to live, which may change; documented it stays for ever."""
    live: dict[str, Any] = {"ttlSecondsAfterFinished": draw(among(0, 30))}
    run.create(job("a", **(live if run.profile == "v1.36" else {})))
    finish(run, "a", 0)
    run.advance(15)
    if run.view("Job", "a") is not None and draw(st.booleans()) and run.profile == "v1.36":
        run.patch("Job", "a", {"spec": {"ttlSecondsAfterFinished": 20}})
    run.advance(40)


# -- Races -------------------------------------------------------------------------------------------


@focus("JOB-003", "JOB-013")
def test_a_job_is_deleted_while_it_works(run: Session, draw: Draw) -> None:
    """Its Pods go with it; one of the same name begins anew."""
    run.create(job("a", completions=draw(among(1, 2))))
    run.advance(1)
    if draw(st.booleans()):
        finish(run, "a", draw(among(0, 1)))
    run.delete("Job", "a")
    run.create(job("a"))
    run.advance(12)
    finish(run, "a", 0)
    run.advance(40)


@focus("JOB-004")
def test_a_node_is_lost_under_it(run: Session, draw: Draw) -> None:
    """The node of a Pod stops for long; the Job goes on elsewhere."""
    run.create(job("a", completions=2, parallelism=2))
    run.advance(1)
    node = pods_of(run, "a")[0].spec.node_name
    if run.can("node-fault"):
        run.do("stop-node", node=node)
        run.advance(draw(among(60, 420)))
        run.do("start-node", node=node)
    run.advance(30)
    finish(run, "a", 0, 2)
    run.advance(60)
    finish(run, "a", 0, 2)
    run.advance(30)
