"""``kubelaws explain``: what the law makes of a manifest, and why."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from conformance.cli import Problem
from conformance.commands.options import profile_choice

if TYPE_CHECKING:
    from spec_model.explain import Statement


@click.command("explain")
@click.argument("file", metavar="FILE|-")
@click.option("--profile", type=profile_choice, default="v1.36", show_default=True)
@click.option("--node-memory", default="8Gi", show_default=True, help="Memory of the Pod's node.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.option("--quotes/--no-quotes", default=True, help="The source's words under each statement.")
def command(file: str, profile: str, node_memory: str, form: str, quotes: bool) -> None:
    """Say what the law makes of a manifest: faults, or else QoS class, requests, phase and more.

    Reads YAML or JSON with one object or several, from a file or from stdin (-). Knows Pods (with a
    status: why one is not Ready; which probes would restart it and when; what a delete now does to it,
    second by second), what is beside a Pod (Nodes and other Pods: why it has no node, or which it may
    get; ConfigMaps and Secrets that it waits for; Services and EndpointSlices in front of it),
    PersistentVolumes and claims (together, with Pods and classes: what is bound to what, and who waits
    for it), HorizontalPodAutoscalers (with their target, its Pods and PodMetrics: how many replicas
    they want), Deployments (with their ReplicaSets and Pods: what a rollout does next), and the Pod
    templates of workloads. Exit code 1 where something is at fault.

    \b
    Examples:
      kubelaws explain pod.yaml
      kubectl get pod web -o yaml | kubelaws explain -
      kubectl get pods,services,configmaps,endpointslices,nodes -o yaml | kubelaws explain -
      kubectl get hpa,deploy,pods,podmetrics -o yaml | kubelaws explain -
    """
    from spec_model import profiles
    from spec_model.explain import explain
    from spec_model.quantity import QuantityError, nano_of, whole

    manifests = _manifests("stdin" if file == "-" else file)
    try:
        memory = whole(nano_of(node_memory))
    except QuantityError as error:
        raise Problem(f"--node-memory {node_memory!r}: {error}") from error
    told = [
        (
            manifest,
            explain(
                manifest, manifests, profile=profiles.profile(profile), node_memory_bytes=memory
            ),
        )
        for manifest in manifests
    ]
    if form == "json":
        _as_json(told)
    else:
        for manifest, statements in told:
            _as_text(manifest, statements, quotes)
    raise SystemExit(1 if any(each.fault for _, statements in told for each in statements) else 0)


def _manifests(file: str) -> list[dict[str, Any]]:
    """The objects of a file; lists are taken apart."""
    import yaml

    try:
        text = sys.stdin.read() if file == "stdin" else _read(file)
        documents = [each for each in yaml.safe_load_all(text) if each is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise Problem(f"{file}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise Problem(f"{file}: not YAML: {error}") from error
    if not documents:
        raise Problem(f"{file}: no object in it")
    found = [item for each in documents for item in _items(file, each)]
    for number, manifest in enumerate(found, start=1):
        _refuse_malformed(file, number, manifest)
    return found


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except OSError as error:
        raise Problem(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Problem(f"{file}: not text in UTF-8 (byte {error.start})") from error


def _items(file: str, document: Any) -> list[Any]:
    if isinstance(document, dict) and str(document.get("kind", "")).endswith("List"):
        items = document.get("items")
        if not isinstance(items, list):
            raise Problem(f"{file}: items: a List needs a list of items")
        return items
    return [document]


def _refuse_malformed(file: str, number: int, manifest: Any) -> None:
    from spec_model.shape import misshapen

    if not isinstance(manifest, dict):
        raise Problem(
            f"{file}: object {number}: not a Kubernetes object but {type(manifest).__name__}"
        )
    if not isinstance(manifest.get("kind"), str):
        raise Problem(f"{file}: object {number}: kind: required, such as Pod")
    if (complaint := misshapen(manifest)) is not None:
        raise Problem(f"{file}: object {number} ({manifest['kind']}): {complaint}")


def _as_text(manifest: dict[str, Any], statements: tuple[Statement, ...], quotes: bool) -> None:
    from spec_model.rules import registry

    name = (manifest.get("metadata") or {}).get("name", "without a name")
    click.secho(f"{manifest['kind']} {name}", bold=True)
    if not statements:
        click.echo("  nothing that a rule speaks of")
    width = max((len(each.about) for each in statements), default=0)
    told: set[str] = set()
    for each in statements:
        mark = click.style("✗", fg="red") if each.fault else " "
        click.echo(f"{mark} {each.about:<{width}}  {each.says}  {click.style(each.rule, dim=True)}")
        rule = registry()[each.rule]
        if quotes and each.rule not in told:
            told.add(each.rule)
            words = f"“{rule.quote}”" if rule.quote else rule.title
            click.echo(f"  {'':<{width}}  {click.style(words, dim=True)}")


def _as_json(told: list[tuple[dict[str, Any], tuple[Statement, ...]]]) -> None:
    import cattrs

    from spec_model.rules import registry

    document = [
        {
            "kind": manifest["kind"],
            "name": (manifest.get("metadata") or {}).get("name"),
            "statements": [
                {**cattrs.unstructure(each), "quote": registry()[each.rule].quote}
                for each in statements
            ],
        }
        for manifest, statements in told
    ]
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
