"""CONFIGMAP: variables fixed at the start, files that follow, references that wait, keys and sizes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.focus import Draw, Session, focus
from strategies.config_maps import BINARY, CHANGES, LAWFUL, SEED, UNLAWFUL, datas, sources
from strategies.manifests import Manifest, config_map, container, from_key, mount, pod
from strategies.once import among

pauses = st.sampled_from([0, 1, 20, 61, 100])
longer = st.sampled_from([100, 130, 61])


def look(run: Session, name: str = "c", of: str = "a") -> None:
    """Looks into a container, where one can."""
    if run.can("inspect"):
        run.do("inspect", namespace="default", pod=of, container=name)


def edited(run: Session, data: Manifest) -> None:
    """The ConfigMap cfg gets these keys; those of before go."""
    found = run.view("ConfigMap", "cfg")
    gone = dict.fromkeys((found or {}).get("data") or {})
    run.patch("ConfigMap", "cfg", {"data": {**gone, **data}})


def shows(source: Manifest, *more: Manifest) -> Manifest:
    """A Pod that mounts a ConfigMap at /etc/cfg, and perhaps parts of it."""
    mounts = [mount("cfg", "/etc/cfg"), *more]
    volumes = [{"name": "cfg", "configMap": source}]
    return pod(containers=[container(volumeMounts=mounts)], volumes=volumes)


# -- variables ------------------------------------------------------------------------------------


@focus("CONFIGMAP-001")
def test_a_variable_is_that_of_the_start(run: Session, draw: Draw) -> None:
    """Edits before and after the start, and after a restart; a prefix, an optional key."""
    run.create(config_map(data={"k": "1", "l": "x"}))
    variables = [from_key("K", "cfg", "k"), from_key("L", "cfg", "l", optional=True)]
    more: Manifest = {"envFrom": [{"configMapRef": {"name": "cfg"}}]} if draw(st.booleans()) else {}
    run.create(pod(containers=[container(env=variables, **more)]))
    run.advance(draw(pauses))
    for value in draw(st.permutations(["2", "3"])):
        edited(run, {"k": value, **draw(st.sampled_from([{}, {"l": value}]))})
        run.advance(draw(pauses))
        look(run)
        run.advance(10)
        if run.can("container-exit"):
            run.exit("a", "c", draw(among(0, 1)))
        run.advance(30)
        look(run)


@focus("CONFIGMAP-001")
def test_other_namespaces_do_not_count(run: Session, draw: Draw) -> None:
    """A ConfigMap of the same name in another namespace, made first or last, says something else."""
    other = config_map(data={"k": "other"}, metadata={"namespace": "other"})
    for manifest in draw(st.permutations([other, config_map(data={"k": "own"})])):
        run.create(manifest)
    run.create(pod(containers=[container(env=[from_key("K", "cfg", "k")])]))
    run.advance(15)
    look(run)


@focus("CONFIGMAP-001", "CONFIGMAP-003")
def test_the_example_of_the_source(run: Session, draw: Draw) -> None:
    """cm-appvars and cm-test-pod, as they stand there."""
    run.create(config_map("cm-appvars", SEED))
    variables = [
        from_key("APPLOGLEVEL", "cm-appvars", "apploglevel"),
        from_key("APPDATADIR", "cm-appvars", "appdatadir"),
    ]
    command = ["/bin/sh", "-c", "env|grep APP"]
    of_seed = container("cm-test", "busybox", command=command, env=variables)
    run.create(pod("cm-test-pod", [of_seed]))
    run.advance(10)
    look(run, "cm-test", "cm-test-pod")
    if run.can("container-exit"):
        run.exit("cm-test-pod", "cm-test", 0)
    run.advance(draw(longer))


# -- files ----------------------------------------------------------------------------------------


@focus("CONFIGMAP-002")
def test_files_follow_edits(run: Session, draw: Draw) -> None:
    """Edits, and looks before and after the Pod is synced."""
    run.create(config_map(data=draw(datas), binaryData={"bin": "/wA="}))
    run.create(shows({"name": "cfg"}))
    run.advance(draw(pauses))
    look(run)
    for _ in range(draw(st.integers(1, 3))):
        edited(run, draw(datas))
        run.advance(draw(pauses))
        look(run)
    run.advance(100)
    look(run)


@focus("CONFIGMAP-002")
def test_only_items_are_files(run: Session, draw: Draw) -> None:
    """Keys by items at paths of their own; a key goes, and comes back."""
    run.create(config_map(data={"k": "1", "l": "2"}))
    items = [{"key": "k", "path": "deep/k.conf"}, {"key": "l", "path": "l"}]
    run.create(shows({"name": "cfg", "items": items[: draw(st.integers(1, 2))]}))
    run.advance(10)
    look(run)
    for data in draw(st.permutations([{"k": "3"}, {"l": "4"}, {"k": "5", "l": "6"}])):
        edited(run, data)
        run.advance(draw(longer))
        look(run)


@focus("CONFIGMAP-002", "CONFIGMAP-004")
def test_single_files_and_variables_stay(run: Session, draw: Draw) -> None:
    """A key by subPath beside the whole directory; edits, and a restart."""
    run.create(config_map(data={"k": "1"}))
    path = draw(among("/etc/one/k.conf", "/etc/k"))
    run.create(shows({"name": "cfg"}, mount("cfg", path, "k")))
    run.advance(draw(longer))
    look(run)
    edited(run, {"k": "2", "l": "3"})
    run.advance(draw(longer))
    look(run)
    if run.can("container-exit"):
        run.exit("a", "c", 1)
        run.advance(20)
        look(run)


@focus("CONFIGMAP-002")
def test_the_volume_is_read_only(run: Session, draw: Draw) -> None:
    """A container writes into the volume: over a key, and beside it."""
    if not run.can("file-write"):
        return
    run.create(config_map(data={"k": "1"}))
    run.create(shows({"name": "cfg"}))
    run.advance(10)
    path = draw(among("/etc/cfg/k", "/etc/cfg/new"))
    where = {"namespace": "default", "pod": "a", "container": "c"}
    run.do("write-file", **where, path=path, content="mine")
    look(run)


# -- what is missing ------------------------------------------------------------------------------


def referring(draw: Draw, **more: Any) -> Manifest:
    """A Pod that needs the ConfigMap cfg, in one way or another."""
    variable = [from_key("K", "cfg", "k", **more)]
    sources = [{"configMapRef": {"name": "cfg", **more}}]
    volume = [{"name": "cfg", "configMap": {"name": "cfg", **more}}]
    keyed = {"name": "cfg", "items": [{"key": "k", "path": "k"}], **more}
    mounts = [mount("cfg", "/etc/cfg")]
    made: Manifest = draw(
        st.sampled_from(
            [
                pod(containers=[container(env=variable)]),
                pod(containers=[container(envFrom=sources)]),
                pod(containers=[container(volumeMounts=mounts)], volumes=volume),
                pod(
                    containers=[container(volumeMounts=mounts)],
                    volumes=[{"name": "cfg", "configMap": keyed}],
                ),
                pod(containers=[container("c", env=variable), container("d")], policy="Never"),
            ]
        )
    )
    return made


@focus("CONFIGMAP-003")
def test_a_pod_waits_and_starts_by_itself(run: Session, draw: Draw) -> None:
    """The ConfigMap comes after the Pod, at first perhaps without the key."""
    run.create(referring(draw))
    run.advance(draw(among(30, 60, 200)))
    if draw(st.booleans()):
        run.create(config_map(data={"other": "1"}))
        run.advance(30)
        edited(run, {"k": "1"})
    else:
        run.create(config_map(data={"k": "1"}))
    run.advance(300)


@focus("CONFIGMAP-003")
def test_one_that_comes_first_is_no_hindrance(run: Session, draw: Draw) -> None:
    """The ConfigMap is there before the Pod; it goes later, and a container restarts."""
    run.create(config_map(data={"k": "1"}))
    run.create(referring(draw))
    run.advance(draw(pauses))
    if draw(st.booleans()):
        run.delete("ConfigMap", "cfg")
        run.advance(20)
        if run.can("container-exit"):
            run.exit("a", "c", 1)
        run.advance(60)
        run.create(config_map(data={"k": "2"}))
    run.advance(300)


@focus("CONFIGMAP-003")
def test_what_is_optional_is_not_waited_for(run: Session, draw: Draw) -> None:
    """It is not there, or comes later."""
    run.create(referring(draw, optional=True))
    run.advance(40)
    run.create(config_map(data={"k": "1"}))
    run.advance(draw(longer))
    look(run)


# -- single files ---------------------------------------------------------------------------------


@focus("CONFIGMAP-004")
def test_a_key_is_mounted_at_a_path(run: Session, draw: Draw) -> None:
    """One key of several; documented, the whole directory."""
    run.create(config_map(data={"k": "1", "l": "2"}))
    volumes = [{"name": "cfg", "configMap": {"name": "cfg"}}]
    single = mount("cfg", "/etc/app.conf", draw(among("k", "l")))
    run.create(pod(containers=[container(volumeMounts=[single])], volumes=volumes))
    run.advance(10)
    look(run)


# -- the object -----------------------------------------------------------------------------------


@focus("CONFIGMAP-005")
def test_keys_and_sizes(run: Session, draw: Draw) -> None:
    """Lawful ones at the edge, unlawful ones beyond it; the same asked of the function."""
    wanted = [*draw(st.permutations(UNLAWFUL))[:6], *draw(st.permutations(LAWFUL))[:3]]
    for manifest in wanted:
        run.create(manifest, dry_run=True)
        run.evaluate("configmap.validate", {"configmap": manifest})


@focus("CONFIGMAP-005")
def test_an_immutable_one_is_frozen(run: Session, draw: Draw) -> None:
    """It was immutable from the beginning, becomes so, or never is; then somebody changes it."""
    how = draw(among("born", "made", "made", "never"))
    born: Manifest = {"immutable": True} if how == "born" else {}
    run.create(config_map(data={"k": "1"}, **born))
    if how == "made":
        run.patch("ConfigMap", "cfg", {"immutable": True})
    for change in draw(st.permutations(CHANGES)):
        run.patch("ConfigMap", "cfg", change)


@focus("CONFIGMAP-006")
def test_what_kubectl_makes_of_files_and_literals(run: Session, draw: Draw) -> None:
    """Files, directories and literals, good and bad ones; asked of the function."""
    for _ in range(6):
        run.evaluate("configmap.from_sources", draw(sources()))


@focus("CONFIGMAP-006")
def test_the_commands_of_the_source(run: Session, draw: Draw) -> None:
    """A file by its key, a directory, and two literals; and a file that is no text."""
    odd = {"files": {"photo": BINARY, "note": "größe"}, "from_file": ["photo", "note"]}
    run.evaluate("configmap.from_sources", odd)
    files = {"source": "a=b", "config-files-dir/ui": "1", "config-files-dir/db/x": "2"}
    for from_file in (["key=source"], ["source"], ["config-files-dir"]):
        run.evaluate("configmap.from_sources", {"files": files, "from_file": from_file})
    literals = ["key1=value1", "key2=value2"]
    run.evaluate("configmap.from_sources", {"from_literal": draw(st.permutations(literals))})
