"""RESTART: who is started again, and what a restart leaves behind."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from conformance.session import accepted
from strategies.invalid import flawed, several_flawed, templated
from strategies.manifests import Manifest, container, pod
from strategies.once import among
from strategies.pods import exit_codes, failures, policies, two_containers
from strategies.restart import own_restarts, questions, rules

pauses = st.sampled_from([0, 1, 12, 25])
"""Seconds between two exits: none, some, and enough for the first delays."""


CONTROLLERS = "ReplicationController", "ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job"


@focus("RESTART-001")
def test_a_restart_policy_is_one_of_three(run: Session, draw: Draw) -> None:
    """One that is none, and one that is or is left out, which is read back."""
    run.create(draw(flawed("RESTART-001")).manifest, dry_run=True)
    run.create(pod("b", policy=draw(policies)), dry_run=True)


@focus("RESTART-002")
def test_policy_and_exit_code_decide(run: Session, draw: Draw) -> None:
    """One or two containers exit, now and then; each is restarted or not on its own account."""
    run.evaluate("container.should_restart", draw(questions(own=False)))
    names = draw(among("c", "cd"))
    run.create(pod(containers=[container(name) for name in names], policy=draw(policies)))
    for _ in range(draw(st.integers(1, 3))):
        run.exit("a", draw(st.sampled_from(names)), draw(exit_codes))
        run.advance(draw(pauses))
    run.advance(60)


@focus("RESTART-002")
def test_every_policy_meets_success_failure_and_signal(run: Session, draw: Draw) -> None:
    """The whole table, pinned; a second container runs on, so that no Pod ends."""
    for policy in ("Always", "OnFailure", "Never"):
        for code in draw(st.just((0, 1, 2, 137))):
            name = f"{policy.lower()}-{code}"
            run.create(pod(name, two_containers(), policy=policy))
            run.exit(name, "c", code)
    run.advance(60)


@focus("RESTART-002")
def test_each_container_is_asked_by_itself(run: Session, draw: Draw) -> None:
    """Of two containers one fails and one succeeds, in either order."""
    codes = draw(among((0, 1), (1, 0)))
    run.create(pod(containers=two_containers(), policy=draw(among("OnFailure", "Never"))))
    for name, code in zip(draw(st.permutations("cd")), codes, strict=True):
        run.exit("a", name, code)
        run.advance(draw(among(0, 2, 12)))
    run.advance(60)


@focus("RESTART-003")
def test_the_others_stay(run: Session, draw: Draw) -> None:
    """One of two or three containers exits, again and again."""
    names = draw(among("cd", "cde"))
    run.create(pod(containers=[container(name) for name in names], policy=draw(policies)))
    who = draw(st.sampled_from(names))
    for _ in range(draw(st.integers(1, 3))):
        run.exit("a", who, draw(failures))
        run.advance(draw(pauses))
    run.advance(30)


@focus("RESTART-004")
def test_a_restart_keeps_the_last_run(run: Session, draw: Draw) -> None:
    """A container exits with one code after another; its status is read each time."""
    run.create(pod(containers=[container("c")], policy=draw(among("Always", None))))
    for code in draw(st.lists(exit_codes, min_size=1, max_size=4)):
        run.advance(draw(among(0, 1, 30)))
        run.exit("a", "c", code)
        run.advance(draw(among(0, 15, 100)))
    run.advance(100)
    if run.can("sandbox-loss") and draw(st.booleans()):
        run.do("lose-sandbox", namespace="default", pod="a")
        run.advance(300)


@focus("RESTART-005")
def test_nothing_starts_once_the_pod_is_being_deleted(run: Session, draw: Draw) -> None:
    """A Pod is deleted while a container runs, or waits for its restart; a finalizer keeps it in sight."""
    own = run.profile != "documented"
    run.evaluate("container.should_restart", draw(questions(own=own)))
    metadata = {"finalizers": ["example.com/hold"]} if draw(st.booleans()) else {}
    run.create(
        pod(
            containers=two_containers(),
            policy=draw(among("Always", "OnFailure")),
            metadata=metadata,
        )
    )
    for _ in range(draw(st.integers(0, 3))):
        run.exit("a", "c", draw(failures))
        run.advance(draw(among(25, 50)))
    if draw(st.booleans()):
        run.exit("a", "c", draw(failures))
    run.delete("Pod", "a", grace=draw(among(None, 1, 60)))
    run.advance(100)
    if metadata:
        run.patch("Pod", "a", {"metadata": {"finalizers": None}})
        run.advance(1)


@focus("RESTART-006")
def test_controllers_restrict_the_policy(run: Session, draw: Draw) -> None:
    """The template of each controller with every policy, and with none; then with other flaws."""
    for kind in CONTROLLERS:
        for policy in ("Always", "OnFailure", "Never", None):
            run.create(templated(kind, policy), dry_run=True)
    run.create(draw(flawed("RESTART-006")).manifest, dry_run=True)


@focus("RESTART-007")
def test_a_containers_own_policy_goes_first(run: Session, draw: Draw) -> None:
    """Its policy and rules contradict those of the Pod; it exits with codes that they speak of."""
    run.evaluate("container.should_restart", draw(questions()))
    own = container("c", **draw(own_restarts()))
    run.create(pod(containers=[own, container("d")], policy=draw(policies)))
    for _ in range(draw(st.integers(1, 2))):
        run.exit("a", "c", draw(exit_codes | st.just(42)))
        run.advance(draw(pauses))
    run.advance(60)


@focus("RESTART-007")
def test_rules_have_their_form(run: Session, draw: Draw) -> None:
    """Rules that are refused, and rules that are not."""
    for flaw in draw(several_flawed("RESTART-007")):
        run.create(flaw.manifest, dry_run=True)
    run.create(pod("b", [container("c", **draw(own_restarts()))]), dry_run=True)
    many: Manifest = {"restartPolicy": "Never", "restartPolicyRules": [draw(rules())] * 20}
    run.create(pod("b", [container("c", **many)]), dry_run=True)


@focus("RESTART-007")
def test_a_rule_may_restart_all(run: Session, draw: Draw) -> None:
    """An exit code that a rule of action RestartAllContainers names, or one that it does not."""
    all_on_42 = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}
    first = container("c", restartPolicy="Never", restartPolicyRules=[all_on_42])
    run.create(pod(containers=[first, container("d")], policy=draw(policies)))
    run.advance(draw(pauses))
    run.exit("a", "c", draw(among(42, 42, 1, 0)))
    run.advance(60)


@focus("RESTART-007")
def test_the_first_rule_that_matches_wins(run: Session, draw: Draw) -> None:
    """Two rules of different actions speak of one exit code."""
    actions = draw(st.permutations(["Restart", "RestartAllContainers"]))
    codes = {"operator": "In", "values": [42]}
    both = [{"action": action, "exitCodes": codes} for action in actions]
    first = container("c", restartPolicy="Never", restartPolicyRules=both)
    run.create(pod(containers=[first, container("d")], policy=draw(policies)))
    run.exit("a", "c", 42)
    run.advance(60)


@focus("RESTART-008")
def test_another_image_restarts_what_runs_under_never(run: Session, draw: Draw) -> None:
    """Nothing else would start it again."""
    run.create(pod(containers=two_containers(), policy="Never"))
    run.advance(draw(among(0, 1)))
    first, second = run.need("Pod", "a").spec.manifest["containers"]
    run.patch("Pod", "a", {"spec": {"containers": [{**first, "image": "app:2"}, second]}})
    run.advance(60)


@focus("RESTART-008")
def test_another_image_restarts_under_any_policy(run: Session, draw: Draw) -> None:
    """A running container, or one that has ended, gets another image; its sibling does not."""
    run.create(pod(containers=two_containers(), policy=draw(policies)))
    run.advance(draw(among(0, 1)))
    if draw(among(False, False, True)):
        run.exit("a", draw(among(*"cd")), draw(exit_codes))
        run.advance(draw(among(0, 25)))
    for image in draw(st.sampled_from([["app:2"], ["app:2", "app:1"], ["app:2", "app:3"]])):
        first, second = run.need("Pod", "a").spec.manifest["containers"]
        if not accepted(
            run.patch("Pod", "a", {"spec": {"containers": [{**first, "image": image}, second]}})
        ):
            return
        run.advance(draw(among(0, 35)))
    run.advance(35)


@focus("RESTART-009")
def test_app_containers_start_in_order(run: Session, draw: Draw) -> None:
    """Two to four containers, of which one may not start at once."""
    names = draw(among("cd", "dc", "cde", "edcb"))
    run.create(pod(containers=[container(name) for name in names]))
    run.advance(draw(among(0, 2)))


@focus("RESTART-009")
def test_one_that_cannot_start_holds_up_nobody(run: Session, draw: Draw) -> None:
    """The image of one of three containers cannot be had."""
    if not run.can("images"):
        return
    run.do("set-image", image="gone:1", outcome=draw(among("missing", "invalid")))
    broken = draw(among(*"cde"))
    images = {name: "gone:1" if name == broken else "app:1" for name in "cde"}
    run.create(pod(containers=[container(name, image) for name, image in images.items()]))
    run.advance(draw(among(0, 10)))
