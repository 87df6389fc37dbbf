"""A scenario's objects become objects of the run, and come back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.adapters.cluster import puppet
from conformance.adapters.cluster.images import Images, NoImageLeftError, spellings
from conformance.adapters.cluster.mapping import RUN_LABEL, SESSION_LABEL, Mapper
from strategies.manifests import claim, container, node, pod, replica_set, volume
from strategies.pods import policies
from strategies.resources import resources
from strategies.scheduling import REQUIRED, required, term
from strategies.volumes import only_on, storage_class, user, without_class

HOME = "kubelaws-abc123-7"


def mapper(*, hollow: bool = False, foreign: tuple[str, ...] = ("standard",)) -> Mapper:
    """A mapper of a scenario; the class ``standard`` is somebody else's."""
    return Mapper(HOME, "abc123", Images("busybox"), lambda _, name: name in foreign, hollow=hollow)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """Any object that a scenario creates, image pull policies said so that nothing is filled in."""
    one = container("c", imagePullPolicy="Always", **draw(resources))
    apps = [one, container("d", "other:2", imagePullPolicy="Never")]
    made = pod(containers=apps, init=[one | {"name": "i"}], policy=draw(policies))
    promise = {"claimRef": {"namespace": "default", "name": "c"}}
    return draw(
        st.sampled_from(
            [
                made,
                replica_set("r", 2, made),
                replica_set("r", 2, made, "Deployment"),
                claim("c", volumeName="v", storageClassName="fast"),
                claim("c", storageClassName="standard"),
                claim("c", storageClassName=""),
                volume("v", **promise, storageClassName="fast"),
                storage_class("fast"),
                user("a", "c") | {"metadata": {"name": "a", "namespace": "default"}},
            ]
        )
    )


@given(objects())
def test_inward_undoes_outward(manifest: dict[str, Any]) -> None:
    own = mapper()
    back = own.inward(own.outward(manifest))
    for each in back["spec"].get("containers", []) if "spec" in back else []:
        each.pop("imagePullPolicy", None)
    for each in manifest["spec"].get("containers", []) if "spec" in manifest else []:
        each.pop("imagePullPolicy", None)
    template = back.get("spec", {}).get("template", {}).get("metadata", {})
    assert RUN_LABEL not in (template.get("labels") or {})
    assert back == manifest


def test_everything_carries_the_runs_label() -> None:
    sent = mapper().outward(replica_set("r", 1))
    template = sent["spec"]["template"]["metadata"]
    assert sent["metadata"]["labels"][RUN_LABEL] == template["labels"][RUN_LABEL] == "abc123"


def test_default_is_the_scenarios_own_namespace() -> None:
    assert mapper().outward(pod())["metadata"]["namespace"] == HOME


def test_no_other_namespace_is_reached() -> None:
    sent = mapper().outward(pod(metadata={"namespace": "kube-system"}))
    assert sent["metadata"]["namespace"] == f"{HOME}-kube-system"


def test_cluster_scoped_names_are_the_runs_own() -> None:
    assert mapper().outward(volume("v"))["metadata"]["name"] == f"{HOME}-v"


def test_a_foreign_class_keeps_its_name() -> None:
    sent = mapper().outward(claim("c", storageClassName="standard"))
    assert sent["spec"]["storageClassName"] == "standard"


@pytest.mark.parametrize("manifest", [claim("c"), volume("v"), volume("v", storageClassName="")])
def test_what_has_no_class_is_kept_from_everybody_elses(manifest: dict[str, Any]) -> None:
    """A volume without a class could be bound by anybody's claim, and the other way round."""
    own = mapper()
    assert own.outward(manifest)["spec"]["storageClassName"] == HOME
    back = own.inward(own.outward(manifest))["spec"].get("storageClassName", "")
    assert back == ""


def test_a_claim_that_names_no_class_comes_back_so() -> None:
    own = mapper()
    manifest = without_class(claim("c"))
    assert own.inward(own.outward(manifest)) == manifest


def test_a_claim_may_get_the_default_class() -> None:
    own = Mapper(
        HOME, "abc123", Images("busybox"), lambda *_: False, has_default_class=lambda: True
    )
    assert "storageClassName" not in own.outward(without_class(claim("c")))["spec"]


def test_a_patch_leaves_the_class_alone() -> None:
    assert mapper().outward({"spec": {"claimRef": None}}, "PersistentVolume") == {
        "spec": {"claimRef": None}
    }


def test_no_host_path_is_that_of_somebody_else() -> None:
    sent = mapper().outward(volume("v", hostPath={"path": "/srv/data"}))
    assert sent["spec"]["hostPath"]["path"] == f"/srv/data.{HOME}"


def test_containers_become_puppets() -> None:
    (made,) = mapper().outward(pod())["spec"]["containers"]
    assert puppet.is_puppet(made)
    assert made["image"] == "busybox"


@pytest.mark.parametrize("given", [{"command": ["true"]}, {"args": ["--", "x"]}, {}])
def test_a_command_is_carried_along_and_not_run(given: dict[str, Any]) -> None:
    own, manifest = mapper(), pod(containers=[container(**given)])
    (sent,) = own.outward(manifest)["spec"]["containers"]
    assert puppet.is_puppet(sent)
    (back,) = own.inward(own.outward(manifest))["spec"]["containers"]
    assert {key: back[key] for key in ("command", "args") if key in back} == given


def sent_with(**more: Any) -> dict[str, Any]:
    """A container with more in it, as it is sent."""
    (sent,) = mapper().outward(pod(containers=[container(**more)]))["spec"]["containers"]
    return dict(sent)


@pytest.mark.parametrize(
    ("probe", "order"),
    [
        ({"exec": {"command": ["cat", "/a"]}}, "probe liveness exec 0 0"),
        ({"exec": {"command": ["false"]}}, "probe liveness exec 0 1"),
        ({"httpGet": {"port": 81}}, "probe liveness http 81 200"),
        ({"tcpSocket": {"port": "web"}}, "probe liveness tcp 80 open"),
        ({"grpc": {"port": 9}}, "probe liveness grpc 9 SERVING"),
    ],
)
def test_the_target_of_a_probe_is_the_puppet(probe: dict[str, Any], order: str) -> None:
    ports = [{"name": "web", "containerPort": 80}]
    assert order in sent_with(livenessProbe=probe, ports=ports)["command"]


def test_a_port_that_nobody_knows_has_no_target() -> None:
    sent = sent_with(livenessProbe={"tcpSocket": {"port": "http"}})
    assert not [word for word in sent["command"] if word.startswith("probe ")]


def test_probes_and_hooks_come_back_as_they_were() -> None:
    asks = {"exec": {"command": ["test", "-e", "/tmp/healthy"]}}
    hooks = {"preStop": {"exec": {"command": ["true"]}}, "postStart": {"sleep": {"seconds": 1}}}
    own, manifest = mapper(), pod(containers=[container(livenessProbe=asks, lifecycle=hooks)])
    sent = own.outward(manifest)["spec"]["containers"][0]
    assert sent["livenessProbe"]["exec"]["command"][0] == "/kubelaws/c/liveness"
    (back,) = own.inward(own.outward(manifest))["spec"]["containers"]
    assert (back["livenessProbe"], back["lifecycle"]) == (asks, hooks)


def test_what_was_said_before_the_pod_is_baked_in() -> None:
    told = {"c": {"stop": "stop never 0"}}
    sent = mapper().outward(pod(), told=told)["spec"]["containers"][0]
    assert "stop never 0" in sent["command"]


def test_the_puppets_volume_is_nobodys_business() -> None:
    own, manifest = mapper(), pod(volumes=[{"name": "v", "emptyDir": {}}])
    sent = own.outward(manifest)
    assert [each["name"] for each in sent["spec"]["volumes"]] == ["v", "kubelaws"]
    assert own.inward(sent)["spec"]["volumes"] == manifest["spec"]["volumes"]


def test_a_dry_run_shows_what_the_api_makes_of_the_scenarios_own_image() -> None:
    (sent,) = mapper().outward(pod(), dry=True)["spec"]["containers"]
    assert (sent["image"], "imagePullPolicy" in sent) == ("app:1", False)


def test_pull_policies_that_the_run_fills_in_are_not_shown() -> None:
    own = mapper()
    own.learn_policies("a", pod(containers=[container(imagePullPolicy="Always")]), ["c"])
    sent = own.outward(pod())
    assert sent["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    back = own.inward(sent)
    assert back["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert own.outward(back)["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_pull_policies_of_templates_are_those_that_the_api_gives() -> None:
    own = mapper()

    def made(policy: str = "") -> dict[str, Any]:
        given = {"imagePullPolicy": policy} if policy else {}
        spec = pod(containers=[container(image="app", **given)])["spec"]
        return {
            "kind": "ReplicaSet",
            "metadata": {"name": "r"},
            "spec": {"template": {"spec": spec}},
        }

    def policy_of(manifest: Any) -> str:
        (shown,) = manifest["spec"]["template"]["spec"]["containers"]
        return str(shown["imagePullPolicy"])

    assert own.templates_left_open(made(), "ReplicaSet") == ["c"]
    own.learn_template(made("Always"), "ReplicaSet", ["c"])
    sent = own.outward({"apiVersion": "apps/v1", **made()})
    back = own.inward(sent)
    assert (policy_of(sent), policy_of(back)) == ("IfNotPresent", "Always")
    assert policy_of(own.outward(back)) == "IfNotPresent"
    owned = {**pod(), "metadata": {"name": "a", "ownerReferences": [{"kind": "ReplicaSet"}]}}
    owned["spec"] = sent["spec"]["template"]["spec"]
    assert own.inward(owned)["spec"]["containers"][0]["imagePullPolicy"] == "Always"


@pytest.mark.parametrize("given", [{}, {"storageClassName": ""}])
def test_claims_of_a_set_are_of_the_run_and_bind_to_no_volume_of_others(
    given: dict[str, str],
) -> None:
    """Their labels are those of their template alone, and without a label nobody watches them."""
    own = mapper()
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], **given}}
    made = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web"},
        "spec": {"volumeClaimTemplates": [claim], "template": {"spec": pod()["spec"]}},
    }
    sent = own.outward(made)
    (template,) = sent["spec"]["volumeClaimTemplates"]
    assert template["metadata"]["labels"] == {RUN_LABEL: own.run}
    assert template["spec"]["storageClassName"] == own.home
    assert own.inward(sent)["spec"]["volumeClaimTemplates"] == [claim]
    shown = {"kind": "PersistentVolumeClaim", "metadata": {"name": "data-web-0"}}
    assert own.inward({**shown, "spec": template["spec"]})["spec"] == claim["spec"]


def test_messages_name_the_scenarios_images() -> None:
    own = mapper()
    real = own.outward(pod())["spec"]["containers"][0]["image"]
    event = {"kind": "Event", "metadata": {"name": "e"}, "message": f'Pulling image "{real}"'}
    assert own.inward(event)["message"] == 'Pulling image "app:1"'


def test_another_image_is_another_image_in_the_cluster_too() -> None:
    own = mapper()
    first, second = (
        own.outward(pod(containers=[container(image=image)]))["spec"]["containers"][0]["image"]
        for image in ("app:1", "app:2")
    )
    assert first != second


def test_a_patch_of_the_containers_keeps_the_puppets() -> None:
    own = mapper()
    stored = own.outward(pod())["spec"]["containers"][0]
    seen = own.inward({**pod(), "spec": {"containers": [stored]}})["spec"]["containers"]
    sent = own.outward({"spec": {"containers": seen}}, "Pod")
    assert sent["spec"]["containers"][0]["command"] == stored["command"]


def test_an_image_that_is_malformed_is_sent_as_it_is() -> None:
    (made,) = mapper().outward(pod(containers=[container(image=" app:1")]))["spec"]["containers"]
    assert made["image"] == " app:1"


def test_a_status_names_the_image_that_the_run_was_started_with() -> None:
    own = mapper()
    before = own.outward(pod(containers=[container(image="app:1")]))
    status = {"name": "c", "image": "docker.io/library/busybox:latest", "containerID": "x://1"}
    own.inward({**before, "status": {"containerStatuses": [status]}})
    after = own.outward(pod(containers=[container(image="app:2")]))
    seen = own.inward({**after, "status": {"containerStatuses": [status]}})
    assert seen["status"]["containerStatuses"][0]["image"] == "app:1"


def test_messages_speak_of_the_scenarios_names() -> None:
    assert mapper().text(f'{HOME}/a: volume "{HOME}-v"') == 'default/a: volume "v"'


def test_hollow_nodes_belong_to_their_scenario() -> None:
    own = mapper(hollow=True)
    sent = own.outward(node("small"))
    selector = own.outward(pod())["spec"]["nodeSelector"]
    assert sent["metadata"]["name"] == f"{HOME}-small"
    assert selector.items() <= sent["metadata"]["labels"].items()


def test_hollow_nodes_come_back_as_they_were() -> None:
    own = mapper(hollow=True)
    assert own.inward(own.outward(node("small"))) == node("small")


def test_node_affinity_means_the_scenarios_nodes() -> None:
    own = mapper(hollow=True)
    manifest = volume("v", nodeAffinity=only_on("small"))
    terms = own.outward(manifest)["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["values"] == [f"{HOME}-small"]
    assert own.inward(own.outward(manifest)) == manifest


def test_an_image_has_many_names() -> None:
    names = spellings("busybox")
    assert len(set(names)) == len(names) == 8


def test_when_the_names_are_used_up_it_is_said() -> None:
    images = Images("registry.example.com/tools:1")
    images.real("app:1")
    with pytest.raises(NoImageLeftError, match="image="):
        images.real("app:2")


def test_a_missing_image_is_nowhere() -> None:
    images = Images("busybox")
    assert images.set("gone:1", "missing")
    assert images.real("gone:1") == "kubelaws.invalid/gone:1"
    assert images.name("kubelaws.invalid/gone:1") == "gone:1"


def test_a_registry_does_not_change_its_mind() -> None:
    images = Images("busybox")
    images.set("gone:1", "missing")
    images.real("gone:1")
    assert not images.set("gone:1", "pullable")


def test_a_patch_of_taints_keeps_others_away() -> None:
    own = mapper(hollow=True)
    sent = own.outward({"spec": {"taints": None}}, "Node")
    assert [each["key"] for each in sent["spec"]["taints"]] == [SESSION_LABEL]
    more = own.outward({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}]}}, "Node")
    assert [each["key"] for each in more["spec"]["taints"]] == ["a", SESSION_LABEL]


def test_a_patch_of_a_node_says_no_more_than_it_must() -> None:
    sent = mapper(hollow=True).outward({"spec": {"unschedulable": True}}, "Node")
    assert sent == {"spec": {"unschedulable": True}}


def test_a_hollow_node_that_a_pod_names_is_one_of_its_scenario() -> None:
    own = mapper(hollow=True)
    field = {"key": "metadata.name", "operator": "In", "values": ["n0"]}
    asked = pod(affinity=required(term(fields=(field,))))
    sent = own.outward(asked)
    (selected,) = sent["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert selected["matchFields"][0]["values"] == [f"{HOME}-n0"]
    assert own.inward(sent)["spec"]["affinity"] == asked["spec"]["affinity"]


def test_two_probes_may_be_one_and_the_same() -> None:
    """A scenario writes it once and uses it twice."""
    asks = {"exec": {"command": ["cat", "/a"]}}
    sent = sent_with(livenessProbe=asks, readinessProbe=asks)
    commands = [sent[each]["exec"]["command"] for each in ("livenessProbe", "readinessProbe")]
    assert commands == [
        ["/kubelaws/c/liveness", "cat", "/a"], ["/kubelaws/c/readiness", "cat", "/a"],
    ]  # fmt: skip
