"""``kubelaws cluster``: what a real cluster gives, what a run may touch of it, what runs have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from conformance import targets
from conformance.adapter import AdapterError
from conformance.cli import Problem

if TYPE_CHECKING:
    from conformance.adapters.cluster.client import Api
    from conformance.adapters.cluster.leftovers import Leftover
    from conformance.adapters.cluster.preflight import Found

target_argument = click.argument("target", default="cluster:", metavar="[TARGET]")


@click.group("cluster")
def command() -> None:
    """Look at a real cluster before a run, and after it.

    TARGET is cluster:CONTEXT?option=value; by default the current context of the kubeconfig.

    \b
    Examples:
      kubelaws cluster check cluster:kind-kind
      kubelaws cluster rbac | kubectl apply -f -
      kubelaws cluster clean --dry-run
    """


@command.command("check")
@target_argument
def check(target: str) -> None:
    """Say what a run would create, which rights are missing, and what will be unsupported.

    Reads only. Exit codes: 0 a run is possible, 2 it is not.
    """
    raise SystemExit(preflight(target))


@command.command("rbac")
@click.option("--hollow", is_flag=True, help="With hollow nodes (?kubelet=hollow).")
@click.option("--metrics-server", is_flag=True, help="With injected metrics.")
def rbac(hollow: bool, metrics_server: bool) -> None:
    """Print the least rights that a run needs, as YAML for kubectl apply."""
    import yaml

    from conformance.adapters.cluster import rights

    wanted = rights.RIGHTS
    wanted += rights.HOLLOW if hollow else ()
    wanted += rights.METRICS if metrics_server else ()
    click.echo(yaml.safe_dump_all(rights.manifest(rights=wanted), sort_keys=False), nl=False)


@command.command("clean")
@target_argument
@click.option("--run", metavar="ID", help="Only this run's, even if it seems to be going on.")
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
@click.option("--node-hook", metavar="COMMAND", help="Remove files of static Pods from nodes, too.")
def clean(target: str, run: str | None, dry_run: bool, node_hook: str | None) -> None:
    """Remove what earlier runs have left in a cluster, and nothing else.

    A run that has given a sign of life within the last minute is left alone, unless it is named. Files
    in the static Pod directories of nodes are reached by the same hook that has put them there.
    """
    from conformance.adapters.cluster import leftovers

    api, given = _connected(target), _options(target)
    hook = node_hook or given.hook
    if hook and "{node}" not in hook:
        raise Problem("--node-hook: it must say where the node's name goes, as {node}")
    try:
        found = leftovers.find(api)
        if run and run not in {each.run for each in found}:
            raise Problem(f"no run {run!r} has anything in {api.host}")
        for each in found if run is None else [each for each in found if each.run == run]:
            if hook and not dry_run and (not each.alive or run is not None):
                leftovers.clear_nodes(api, each, hook, given.manifests)
            _clean(api, each, named=run is not None, dry_run=dry_run)
        if not found:
            click.echo(f"nothing of any run in {api.host}")
    except AdapterError as error:
        raise Problem(str(error)) from error


def _clean(api: Api, found: Leftover, *, named: bool, dry_run: bool) -> None:
    from conformance.adapters.cluster import leftovers

    click.echo(f"run {found.run}: {len(found.objects)} objects")
    for kind, name in found.objects:
        click.echo(f"  {kind} {name}")
    if found.alive and not named:
        click.echo(f"  it seems to be going on; --run {found.run} removes it all the same")
    elif not dry_run:
        remaining = leftovers.remove(api, found.run, patience=120.0)
        if remaining:
            raise Problem(f"still there after two minutes: {', '.join(remaining[:5])}")
        click.echo("  removed")


def preflight(target: str) -> int:
    """Prints what is found out about a cluster; the exit code.

    Raises:
        Problem: it is no cluster, or does not answer.
    """
    from conformance.adapters.cluster import preflight as looking

    api = _connected(target)
    try:
        found = looking.look(api, _options(target), ask_for_rights=True)
    except AdapterError as error:
        raise Problem(str(error)) from error
    _tell(found)
    return 2 if found.blocking else 0


def _tell(found: Found) -> None:
    ready = sum(is_ready for _, is_ready in found.nodes)
    nearest = "" if found.is_of_profile else ", the nearest there is"
    click.echo(
        f"{found.host}: Kubernetes {found.version}, judged by profile {found.profile}{nearest}"
    )
    click.echo(f"{len(found.nodes)} nodes, {ready} ready; StorageClasses: {_classes(found)}")
    click.echo(f"metrics API: {'there already' if found.has_metrics else 'none'}")
    _list("A run would create", found.created)
    _list(
        "Missing rights (kubelaws cluster rbac prints what is needed)",
        [
            f"{verb} {right.named}: {right.without or 'without it nothing runs'}"
            for right, verb in found.missing
        ],
    )
    _list("Capabilities", [", ".join(sorted(found.capabilities))])
    _list("Unsupported", [f"{name}: {why}" for name, why in found.unsupported])


def _classes(found: Found) -> str:
    return ", ".join(f"{name} ({by})" for name, by in found.classes) or "none"


def _list(title: str, lines: Any) -> None:
    if lines:
        click.echo(f"\n{title}:")
        for line in lines:
            click.echo(f"  {line}")


def _options(target: str) -> Any:
    from conformance.adapters.cluster.options import options

    try:
        context, given = targets.cluster_options(target)
        return options(context, **given)
    except (ValueError, targets.UnknownTargetError) as error:
        raise Problem(str(error)) from error


def _connected(target: str) -> Api:
    from conformance.adapters.cluster.client import connect

    chosen = _options(target)
    try:
        return connect(chosen.context, chosen.kubeconfig, chosen.rate)
    except AdapterError as error:
        raise Problem(str(error)) from error
