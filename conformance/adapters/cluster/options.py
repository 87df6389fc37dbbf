"""How a user says which cluster, and what a run may cost it: ``cluster:CONTEXT?parallel=4&pods=20``."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, field, fields, frozen
from attrs.validators import ge, in_, instance_of, matches_re

LABEL_PART: Final = r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?"


@frozen
class Options:
    """What stands behind ``cluster:``; the defaults are such as a shared cluster survives.

    Attributes:
        context: of the kubeconfig; empty for the current one, ``in-cluster`` for a Pod's own account.
        kubeconfig: the file; empty for ``$KUBECONFIG`` and ``~/.kube/config``.
        namespace: what the names of everything that is created begin with.
        kubelet: ``real``, or ``hollow``: the adapter plays the kubelet of nodes that it registers.
        image: images for puppets, commas between; the first is used first. Scenarios that change an
            image need several; of an image of Docker Hub the spellings of its name count as such.
        pull: imagePullPolicy of puppets where a scenario leaves it open.
        parallel: scenarios side by side.
        pods: Pods at the same time, all scenarios together.
        rate: requests a second, watches not counted.
        minutes: what the whole run may take; scenarios that would begin later are left out.
        reclaim: whether volumes may be recycled (by a Pod that the controller makes in ``default``).
        metrics: whether to serve ``metrics.k8s.io`` with injected usage.
        address: where the API server reaches this machine, for ``metrics``.
        manifests: the static Pod directory of the nodes.
        hook: a shell command line run on a node, ``{node}`` being its name; empty: none.
    """

    context: str = ""
    kubeconfig: str = ""
    namespace: str = field(default="kubelaws", validator=matches_re(LABEL_PART))
    kubelet: str = field(default="real", validator=in_(("real", "hollow")))
    image: str = field(default="busybox", validator=matches_re(r"\S+"))
    pull: str = field(default="IfNotPresent", validator=in_(("IfNotPresent", "Always", "Never")))
    parallel: int = field(default=8, validator=[instance_of(int), ge(1)])
    pods: int = field(default=60, validator=[instance_of(int), ge(1)])
    rate: int = field(default=20, validator=[instance_of(int), ge(1)])
    minutes: int = field(default=60, validator=[instance_of(int), ge(1)])
    reclaim: bool = field(default=False, validator=instance_of(bool))
    metrics: bool = field(default=False, validator=instance_of(bool))
    address: str = ""
    manifests: str = field(
        default="/etc/kubernetes/manifests", validator=matches_re(r"/[-\w./]*[-\w]")
    )
    hook: str = field(default="", validator=matches_re(r"|.*\{node\}.*"))


def options(context: str = "", **given: Any) -> Options:
    """The options of a target.

    Raises:
        ValueError: naming an option that there is not, or the value that it may not have.
    """
    known = [each.name for each in fields(Options)]
    for name in given:
        if name not in known:
            raise ValueError(f"option {name}: there are {', '.join(known)}")
    result = Options(context)
    for name, value in given.items():
        try:
            result = evolve(result, **{name: value})
        except (TypeError, ValueError) as error:
            raise ValueError(f"option {name}: {_reason(error)}") from error
    return result


def _reason(error: Exception) -> str:
    return " ".join(str(error.args[0] if error.args else error).split())
