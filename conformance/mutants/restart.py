"""RESTART: kubelets that restart the wrong containers, and lose count of it."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from conformance.adapters.simulator import meta
from conformance.adapters.simulator.clock import EPOCH
from conformance.adapters.simulator.kubelet import restart
from conformance.adapters.simulator.kubelet.actions import Actions, Plan
from conformance.adapters.simulator.kubelet.runtime import PodRuntime, Run
from conformance.adapters.simulator.kubelet.status import Why
from conformance.adapters.simulator.kubelet.worker import PodWorker
from conformance.mutants import SIMULATOR, mutant

KUBELET: Final = f"{SIMULATOR}.kubelet"
ACTIONS: Final = f"{KUBELET}.actions"
RESTART: Final = f"{KUBELET}.restart"
RUNTIME: Final = f"{KUBELET}.runtime"
WORKER: Final = f"{KUBELET}.worker:PodWorker"
API: Final = f"{SIMULATOR}.api"


# RESTART-001: the word.


@mutant("RESTART-001", f"{API}.pod_spec:validate_restart_policy")
def the_case_does_not_matter(original: Any) -> Any:
    """restartPolicy is compared without its case: always, NEVER."""
    words = {"always": "Always", "onfailure": "OnFailure", "never": "Never"}
    return lambda policy, *given: original(words.get(str(policy).lower(), policy), *given)


@mutant("RESTART-001", f"{API}.pod_defaults:SPEC_DEFAULTS")
def the_default_is_on_failure(original: Any) -> Any:
    """An absent restartPolicy becomes OnFailure."""
    return {**original, "restartPolicy": "OnFailure"}


# RESTART-002 and 003: who restarts, and who does not.


@mutant("RESTART-002", f"{RESTART}:policy_restarts")
def only_code_one_is_a_failure(original: Any) -> Any:
    """Under OnFailure a container restarts after exit code 1 alone."""
    return lambda policy, code: original(policy, int(code == 1))


@mutant("RESTART-002", f"{RESTART}:policy_restarts")
def never_means_not_after_success(original: Any) -> Any:
    """Never is handled like OnFailure."""
    return lambda policy, code: original("OnFailure" if policy == "Never" else policy, code)


@mutant("RESTART-002", f"{ACTIONS}:restarts_app")
def the_policy_is_asked_for_the_pod(original: Any) -> Any:
    """Under OnFailure a container that exited 0 restarts as well when its sibling has failed."""

    def restarts_app(spec: Any, container: Any, runtime: PodRuntime) -> Any:
        runs = [runtime.kept(each["name"]) for each in spec["containers"]]
        failed = spec["restartPolicy"] == "OnFailure" and any(run and run.exit_code for run in runs)
        return failed or original(spec, container, runtime)

    return restarts_app


@mutant("RESTART-003", f"{ACTIONS}:plan_apps")
def siblings_restart_together(original: Any) -> Any:
    """When a container restarts, the others of its Pod are stopped and started with it."""

    def plan_apps(spec: Any, runtime: PodRuntime, plan: Plan) -> Any:
        alive = original(spec, runtime, plan)
        runs = [(each, runtime.kept(each["name"])) for each in spec["containers"]]
        if any(run and run.exit_code and each in plan.start for each, run in runs):
            others = [each for each, run in runs if run and run.is_running]
            plan.stop += others
            plan.start += others
        return alive

    return plan_apps


@mutant("RESTART-003", f"{WORKER}.start")
def a_restart_moves_the_pod(original: Any) -> Any:
    """The Pod gets another address when one of its containers is restarted."""

    def start(worker: PodWorker, container: Any) -> None:
        restarts = worker.runtime.current(container["name"]) is not None
        if restarts and worker.runtime.sandbox is not None:
            worker.runtime.sandbox.ip = worker.kubelet.new_ip()
        original(worker, container)

    return start


# RESTART-004: what a restart leaves behind.


@mutant("RESTART-004", f"{RUNTIME}:container_id")
def a_container_keeps_its_id(original: Any) -> Any:
    """containerID is the same for all runs of a container."""
    return lambda uid, name, _: original(uid, name, 0)


@mutant("RESTART-004", f"{RUNTIME}:next_attempt")
def a_success_does_not_count(original: Any) -> Any:
    """restartCount counts the restarts that followed a failure, and no others."""

    def next_attempt(last: Run | None) -> Any:
        return original(last) if last is None or last.exit_code else last.attempt

    return next_attempt


@mutant("RESTART-004", f"{RUNTIME}:PodRuntime.start")
def the_first_run_is_kept(original: Any) -> Any:
    """lastState shows the first run of a container for ever, not the one before this."""

    def start(runtime: PodRuntime, container: Any, *when: Any) -> Any:
        first = runtime.previous.get(container["name"])
        run = original(runtime, container, *when)
        if first is not None:
            runtime.previous[container["name"]] = first
        return run

    return start


@mutant("RESTART-004", f"{RUNTIME}:PodRuntime.start")
def a_new_sandbox_counts_from_nothing(original: Any) -> Any:
    """restartCount falls back to 0 in a new sandbox."""

    def start(runtime: PodRuntime, container: Any, *when: Any) -> Any:
        if runtime.current(container["name"]) is None:
            runtime.runs.pop(container["name"], None)
        return original(runtime, container, *when)

    return start


# RESTART-005 and 006: deletion, and templates.


@mutant("RESTART-005", f"{WORKER}.must_end")
def a_deleted_pod_goes_on_until_its_end(original: Any) -> Any:
    """A Pod that was deleted runs on, restarts included, until its deletionTimestamp."""

    def must_end(worker: PodWorker) -> Any:
        if not meta.is_deleting(worker.pod):
            return original(worker)
        end = meta.parse_time(worker.pod["metadata"]["deletionTimestamp"]) - EPOCH
        worker.wake(end)
        return worker.clock.now >= end and original(worker)

    return must_end


@mutant("RESTART-005", f"{RESTART}:should_restart")
def a_deletion_does_not_matter(original: Any) -> Any:
    """Whether a container restarts is decided without a look at deletionTimestamp."""
    return lambda pod, *given: original({"spec": pod["spec"]}, *given)


@mutant("RESTART-006", f"{API}.workloads:WorkloadStrategy.may_restart")
def any_template_may_restart_on_failure(original: Any) -> Any:
    """A template of any kind may have the policy OnFailure."""
    return lambda strategy, policy: policy == "OnFailure" or original(strategy, policy)


@mutant("RESTART-006", f"{API}.jobs:JobStrategy.allowed_restart_policies")
def a_job_may_always_restart(original: Any) -> Any:
    """The template of a Job may have the policy Always, or none."""
    return original | {"Always"}


# RESTART-007: the container's own policy.


@mutant("RESTART-007", f"{RESTART}:container_restarts")
def the_pods_policy_goes_first(original: Any) -> Any:
    """The policy of the Pod decides; that of a container is asked under Always only."""
    return lambda spec, container, code: (
        restart.policy_restarts(spec.get("restartPolicy", "Always"), code)
        and original(spec, container, code)
    )


@mutant("RESTART-007", f"{RESTART}:rule_action")
def the_last_rule_wins(original: Any) -> Any:
    """Of several restartPolicyRules that match, the last one counts."""

    def rule_action(container: Any, code: int) -> Any:
        rules = reversed(container.get("restartPolicyRules") or ())
        return original({**container, "restartPolicyRules": list(rules)}, code)

    return rule_action


@mutant("RESTART-007", f"{RESTART}:rule_matches")
def not_in_never_matches(original: Any) -> Any:
    """A rule with the operator NotIn is not understood."""
    return lambda rule, code: rule["exitCodes"]["operator"] == "In" and original(rule, code)


@mutant("RESTART-007", f"{ACTIONS}:restarts_all")
def one_restarts_where_all_should(_: Any) -> Any:
    """The action RestartAllContainers restarts the container that exited and no other."""
    return lambda *_: False


@mutant("RESTART-007", f"{API}.containers:_MOST_RULES")
def twenty_one_rules_are_not_too_many(original: Any) -> Any:
    """The bound of restartPolicyRules is off by one."""
    return original + 1


@mutant("RESTART-007", f"{API}.containers:_MOST_CODES")
def a_rule_may_list_every_code(original: Any) -> Any:
    """A rule may list all 256 exit codes."""
    return original + 1


# RESTART-008 and 009: images, and order.


@mutant("RESTART-008", f"{ACTIONS}:compute")
def another_image_needs_a_policy(original: Any) -> Any:
    """Under Never a container with a changed image is stopped, and stays so."""

    def compute(spec: Any, runtime: PodRuntime, settings: Any) -> Actions:
        step: Actions = original(spec, runtime, settings)
        if spec["restartPolicy"] != "Never" or not step.stop:
            return step
        return evolve(step, start=[each for each in step.start if each not in step.stop])

    return compute


@mutant("RESTART-008", f"{ACTIONS}:image_changed")
def a_running_container_keeps_its_image(_: Any) -> Any:
    """A changed image is used at the next restart, whenever that is."""
    return lambda *_: False


@mutant("RESTART-008", f"{ACTIONS}:plan_apps")
def another_image_restarts_the_siblings(original: Any) -> Any:
    """All app containers restart when the image of one changes."""

    def plan_apps(spec: Any, runtime: PodRuntime, plan: Plan) -> Any:
        alive = original(spec, runtime, plan)
        if plan.stop:
            runs = [(each, runtime.kept(each["name"])) for each in spec["containers"]]
            plan.stop = plan.start = [each for each, run in runs if run and run.is_running]
        return alive

    return plan_apps


@mutant("RESTART-009", f"{WORKER}.in_the_way")
def the_last_container_starts_first(original: Any) -> Any:
    """App containers are started from the last to the first, one a second."""

    def in_the_way(worker: PodWorker, container: Any) -> Any:
        apps = worker.pod["spec"]["containers"]
        later = apps[apps.index(container) + 1 :] if container in apps else []
        runs = [worker.runtime.current(each["name"]) for each in later]
        if all(run and run.started_at < worker.clock.now for run in runs):
            return original(worker, container)
        worker.nap(1)
        return Why("ContainerCreating", "")

    return in_the_way


@mutant("RESTART-009", f"{WORKER}.act")
def one_that_cannot_start_holds_up_the_next(original: Any) -> Any:
    """A container is not started while the one before it cannot be."""

    def act(worker: PodWorker, step: Actions) -> None:
        stuck = [each for each in step.start if each["name"] in worker.waiting]
        original(worker, evolve(step, start=stuck[:1] or step.start[:1]))

    return act
