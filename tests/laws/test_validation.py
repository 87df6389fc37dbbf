"""The laws of what the API refuses and fills in, on traces made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spec_model.events import Accepted, Act, Cause, Observation, Rejected
from strategies.manifests import container, pod, replica_set
from tests.laws.traces import Judged, done, judged, seen, status, terminated, waiting
from tests.laws.traces import pod as stored_pod

FORM = "FieldValueInvalid"


def created(manifest: dict[str, Any], response: Accepted | Rejected, **more: Any) -> Judged:
    return judged(done(0, "create", response, object=manifest), **more)


def refused(*fields: str, code: int = 422) -> Rejected:
    return Rejected(code, "Invalid", "", tuple(Cause(field, FORM) for field in fields))


def test_what_a_rule_refuses_must_not_be_accepted() -> None:
    trace = created(pod(policy="Nerver"), Accepted())
    assert "RESTART-001" in trace.broken


def test_what_a_rule_refuses_is_refused_by_its_field() -> None:
    assert created(pod(policy="Nerver"), refused("spec.restartPolicy")).held("RESTART-001")


def test_a_refusal_without_fields_is_taken_to_be_the_rules() -> None:
    assert created(pod(policy="Nerver"), refused()).held("RESTART-001")


def test_a_refusal_for_another_field_says_nothing_of_the_rule() -> None:
    trace = created(pod(policy="Nerver"), refused("spec.hostname"))
    assert "RESTART-001" not in trace.exercised


def test_a_refusal_for_another_reason_than_form_says_nothing() -> None:
    assert not created(pod(), Rejected(403, "Forbidden")).exercised
    assert not created(pod(policy="Nerver"), Rejected(409, "AlreadyExists")).exercised


def test_a_valid_object_must_not_be_refused_for_a_field_of_a_rule() -> None:
    assert created(pod(), refused("spec.restartPolicy")).broken == {"RESTART-001"}


def test_what_no_rule_owns_an_engine_may_refuse() -> None:
    assert not created(pod(), refused("spec.dnsPolicy")).findings


def test_of_several_faults_only_what_was_accepted_is_blamed() -> None:
    wrong = pod(containers=[container(image="")], policy="Nerver")
    assert created(wrong, Accepted()).broken >= {"RESTART-001", "VALIDATION-001"}
    half = created(wrong, refused("spec.containers[0].image"))
    assert half.held("VALIDATION-001")
    assert "RESTART-001" not in half.exercised


def test_a_default_is_read_back_from_the_answer() -> None:
    sent = pod(containers=[container(limits={"cpu": "1"})])
    answer = stored_pod("Pending")
    answer["spec"]["containers"] = [container(limits={"cpu": "1"}, requests={"cpu": "1000m"})]
    assert created(sent, Accepted(answer)).held("RESOURCE-004")
    answer["spec"]["containers"] = [container(limits={"cpu": "1"})]
    assert "RESOURCE-004" in created(sent, Accepted(answer)).broken


def test_a_template_is_left_alone() -> None:
    template = pod(containers=[container(limits={"cpu": "1"})])
    sent = replica_set("r", 1, template)
    filled = replica_set(
        "r", 1, pod(containers=[container(limits={"cpu": "1"}, requests={"cpu": "1"})])
    )
    assert "RESOURCE-004" in created(sent, Accepted(filled)).broken
    assert "RESOURCE-004" not in created(sent, Accepted(sent)).broken


def test_what_does_not_hold_in_a_profile_is_not_exercised_in_it() -> None:
    own = pod(containers=[container(restartPolicy="Never")])
    assert "RESTART-007" in created(own, Accepted()).exercised
    assert "RESTART-007" not in created(own, Accepted(), profile="documented").exercised


def test_the_source_wants_a_namespace() -> None:
    bare = pod()
    del bare["metadata"]["namespace"]
    assert created(bare, Accepted()).held("VALIDATION-001")
    assert "VALIDATION-001" in created(bare, Accepted(), profile="documented").broken


def test_a_manifest_of_the_wrong_shape_is_nobodys() -> None:
    wrong = pod(activeDeadlineSeconds="soon")
    assert not created(wrong, Rejected(400, "BadRequest")).exercised


@pytest.mark.parametrize(("policy", "code"), [("Nerver", 400), ("never", 422)])
def test_decoding_and_validation_both_refuse(policy: str, code: int) -> None:
    assert created(pod(policy=policy), refused(code=code)).held("RESTART-001")


# -- changes ---------------------------------------------------------------------------------------


def patched(patch: dict[str, Any], response: Accepted | Rejected, *, spec: Any = None) -> Judged:
    known = seen(0, stored_pod(statuses=[status()], phase="Pending", spec=spec), "ADDED")
    return judged(known, patch_of(patch, response))


def patch_of(patch: dict[str, Any], response: Accepted | Rejected) -> Act:
    return done(1, "patch", response, kind="Pod", namespace="default", name="a", patch=patch)


FORBIDDEN = Rejected(422, "Invalid", "", (Cause("spec", "FieldValueForbidden"),))


def test_a_fixed_field_must_not_change() -> None:
    change = {"spec": {"hostname": "other"}}
    assert patched(change, Accepted()).broken == {"VALIDATION-002"}
    assert patched(change, FORBIDDEN).held("VALIDATION-002")


def test_an_image_may_change() -> None:
    change = {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}
    assert patched(change, Accepted()).held("VALIDATION-002")
    assert patched(change, FORBIDDEN).broken == {"VALIDATION-002"}


def test_what_a_patch_leaves_out_may_have_been_filled_in_again() -> None:
    old = {"containers": [{"name": "c", "image": "app:1", "terminationMessagePath": "/dev/log"}]}
    change = {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}
    assert not patched(change, Accepted(), spec=old).findings


def test_a_deadline_may_only_be_lowered() -> None:
    higher = {"spec": {"activeDeadlineSeconds": 20}}
    assert patched(higher, Accepted(), spec={"activeDeadlineSeconds": 10}).broken == {"PHASE-012"}
    assert not patched(higher, Accepted(), spec={"activeDeadlineSeconds": 30}).findings


def test_a_label_is_not_the_business_of_a_rule() -> None:
    assert not patched({"metadata": {"labels": {"a": "b"}}}, Accepted()).exercised.count(
        "VALIDATION-002"
    )


def test_another_node_is_not_accepted() -> None:
    moved = patched({"spec": {"nodeName": "node-2"}}, Accepted())
    assert moved.broken == {"IDENTITY-002", "SCHED-008"}  # both rules speak of it


def test_a_conflict_says_nothing_of_a_change() -> None:
    assert (
        "VALIDATION-002"
        not in patched({"spec": {"hostname": "x"}}, Rejected(409, "Conflict")).exercised
    )


def test_a_change_of_what_is_not_known_is_not_judged() -> None:
    assert not judged(patch_of({"spec": {"hostname": "x"}}, Accepted())).findings


def test_what_was_written_last_counts_before_it_is_seen() -> None:
    known = versioned(seen(0, stored_pod("Pending", [status()]), "ADDED"), 1)
    lower = {"spec": {"activeDeadlineSeconds": 10}}
    answer = versioned(seen(0, stored_pod("Pending", [status()], spec=lower["spec"])), 2).object
    raised = patch_of({"spec": {"activeDeadlineSeconds": 20}}, Rejected(422, "Invalid"))
    assert judged(known, patch_of(lower, Accepted(answer)), raised).held("PHASE-012")


def versioned(observation: Observation, version: int) -> Observation:
    metadata = {**observation.object["metadata"], "resourceVersion": str(version)}
    return Observation(
        observation.at, observation.type, {**observation.object, "metadata": metadata}
    )


def test_a_replacement_is_judged_by_what_it_changes() -> None:
    old = stored_pod("Pending", [status()])
    new = {**old, "spec": {**old["spec"], "hostname": "x"}}
    trace = judged(seen(0, old, "ADDED"), done(1, "replace", Accepted(), object=new))
    assert trace.broken == {"VALIDATION-002"}


# -- the status ------------------------------------------------------------------------------------

DOWN = [status("c", terminated(0))]


def revived(policy: str, response: Accepted | Rejected, statuses: Any = None) -> Judged:
    known = seen(0, stored_pod("Running", statuses or DOWN, policy=policy), "ADDED")
    up = {"containerStatuses": [status("c", waiting())]}
    given = {"namespace": "default", "pod": "a", "status": up}
    return judged(known, done(1, "write-status", response, **given))


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_no_status_revives_who_stays_down(policy: str) -> None:
    assert revived(policy, Accepted()).broken == {"VALIDATION-004"}
    assert revived(policy, Rejected(422, "Invalid")).held("VALIDATION-004")


def test_who_is_restarted_anyway_may_be_revived() -> None:
    failed = [status("c", terminated(1))]
    assert revived("OnFailure", Accepted(), failed).held("VALIDATION-004")
    assert revived("Always", Accepted()).held("VALIDATION-004")


def test_to_forbid_a_lawful_revival_is_a_breach() -> None:
    field = Cause("status.containerStatuses[0].state", "FieldValueForbidden")
    assert revived("Always", Rejected(422, "Invalid", "", (field,))).broken == {"VALIDATION-004"}


def test_a_status_of_its_own_subresource_is_the_same() -> None:
    known = seen(0, stored_pod("Running", DOWN, policy="Never"), "ADDED")
    up = {"status": {"containerStatuses": [status("c", waiting())]}}
    whom = {"kind": "Pod", "namespace": "default", "name": "a"}
    write = done(1, "patch", Accepted(), **whom, patch=up, subresource="status")
    assert judged(known, write).broken == {"VALIDATION-004"}
