"""A real cluster as an Adapter; one object a scenario, any number of them side by side."""

from __future__ import annotations

import atexit
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from conformance.adapter import AdapterError, FunctionNotServedError, Implementation
from conformance.adapters.cluster import hook, preflight, rest
from conformance.adapters.cluster.client import connect
from conformance.adapters.cluster.cluster import Cluster, Inbox
from conformance.adapters.cluster.containers import NotRunningError
from conformance.adapters.cluster.hollow.kubelet import HollowKubelets
from conformance.adapters.cluster.images import Images, NoImageLeftError
from conformance.adapters.cluster.manners import Manners
from conformance.adapters.cluster.mapping import Mapper
from conformance.adapters.cluster.metrics import refuse_where_served
from conformance.adapters.cluster.options import Options, options
from conformance.adapters.cluster.stimuli import VERBS
from spec_model.events import Observation, Rejected, Response, Stimulus

T = TypeVar("T")

AT_ONCE: Final = frozenset(
    {
        *("advance", "inspect", "list", "watch", "connect", "listen", "write-file"),
        *("set-hook", "set-image", "set-metrics", "set-probe", "set-stop", "set-usage"),
        *("write-manifest", "remove-manifest"),
    }
)
"""Verbs after which nothing has to come to rest."""


def open_cluster(context: str = "", **given: Any) -> ClusterAdapter:
    """The adapter that ``cluster:CONTEXT?…`` names; reads, and creates nothing yet.

    Raises:
        ValueError: an option there is not.
        AdapterError: the cluster cannot be reached, or serves what the run was to serve.
    """
    chosen = options(context, **given)
    api = connect(chosen.context, chosen.kubeconfig, chosen.rate)
    if chosen.metrics:
        refuse_where_served(api)
    return ClusterAdapter(Cluster(api, chosen), preflight.look(api, chosen))


class ClusterAdapter:
    """One scenario's view of a cluster."""

    def __init__(self, cluster: Cluster, found: preflight.Found, *, first: bool = True) -> None:
        self.cluster, self.found = cluster, found
        self._first = first
        self._epoch = 0.0
        self._inbox: Inbox | None = None
        self._mapper: Mapper | None = None
        self._images: Images | None = None
        self.manners = Manners()
        self._kubelets: HollowKubelets | None = None
        if first:
            atexit.register(self._at_exit)

    # -- several of them --------------------------------------------------------------------------

    @property
    def parallel(self) -> int:
        """How many scenarios may run side by side."""
        return self.cluster.options.parallel

    @property
    def time_limit(self) -> float:
        """Seconds that the whole run may take."""
        return self.cluster.options.minutes * 60.0

    @property
    def lag(self) -> float:
        """The largest lag that was measured so far, in seconds."""
        return self.cluster.lag.worst

    @property
    def exclusive(self) -> frozenset[str]:
        """Verbs that disturb other scenarios: a real node is everybody's, a hollow one is not."""
        return frozenset(hook.ACTIONS) if self.cluster.options.kubelet == "real" else frozenset()

    def another(self) -> ClusterAdapter:
        """An adapter for one more scenario beside this one, of the same run."""
        return ClusterAdapter(self.cluster, self.found, first=False)

    # -- the protocol -----------------------------------------------------------------------------

    def describe(self) -> Implementation:
        """The cluster, by its own version; what it can do is what the preflight found."""
        return Implementation(
            name="kubernetes",
            version=self.found.version,
            language="go",
            homepage="https://kubernetes.io",
            clock="real",
            capabilities=self.found.capabilities,
            profile=self.found.profile,
            epoch=self._epoch,
        )

    def reset(self) -> None:
        """A fresh namespace; the one before ends in the background."""
        self._leave()
        given = self.cluster.options
        inbox = self.cluster.enter()
        self._inbox, self._images, self.manners = inbox, Images(given.image), Manners()
        self._mapper = Mapper(
            inbox.home,
            self.cluster.territory.run,
            self._images,
            self.cluster.is_foreign,
            has_default_class=self.cluster.has_default_class,
            pull=given.pull,
            hollow=given.kubelet == "hollow",
        )
        if given.kubelet == "hollow":
            self._kubelets = HollowKubelets(self.cluster.api, inbox, self.cluster.territory.run)
            self._kubelets.start()
        self._epoch = time.time() + self.cluster.offset

    def apply(self, stimulus: Stimulus, /) -> Response:
        """Do it, and wait until the cluster has come to rest."""
        self.cluster.check(self.inbox)
        began = time.monotonic()
        try:
            response = VERBS[stimulus.verb](self, stimulus.arguments)
        except NotRunningError as error:
            return error.rejected
        except NoImageLeftError as error:
            return Rejected(501, "NotImplemented", str(error))
        if (
            stimulus.verb not in AT_ONCE
            and not _is_dry(stimulus)
            and not isinstance(response, Rejected)
        ):
            self._come_to_rest(began)
        return response

    def observe(self) -> Sequence[Observation]:
        """What the watches showed of this scenario since the last call, by the cluster's clock."""
        self.cluster.check(self.inbox)
        offset = self.cluster.offset - self._epoch
        return [
            Observation(shown.at + offset, shown.type, self.mapper.inward(shown.object))
            for shown in self.inbox.take()
        ]

    def evaluate(self, function: str, arguments: Mapping[str, Any], /) -> Any:
        """No cluster can be asked for a function."""
        raise FunctionNotServedError(function)

    def close(self) -> None:
        """Gives the scenario's place back; the first adapter of a run takes everything away."""
        if not self._first:
            self._leave()
            return
        atexit.unregister(self._at_exit)
        if self._kubelets is not None:
            self._kubelets.stop()
        self._inbox = None
        self.cluster.close()

    # -- how --------------------------------------------------------------------------------------

    @property
    def inbox(self) -> Inbox:
        """What this scenario sees."""
        return _begun(self._inbox)

    @property
    def mapper(self) -> Mapper:
        """How this scenario's objects are called."""
        return _begun(self._mapper)

    @property
    def images(self) -> Images:
        """The images of this scenario."""
        return _begun(self._images)

    def _come_to_rest(self, began: float) -> None:
        inbox, end = self.inbox, began + rest.LIMIT
        while (moment := time.monotonic()) < end:
            with inbox.changed:
                moving = rest.on_its_way(inbox.objects.values())
                quiet = moment - max(inbox.last, began)
                if not moving and quiet >= rest.QUIET:
                    return
                pause = end - moment if moving else rest.QUIET - quiet
                inbox.changed.wait(timeout=max(pause, 0.01))
            self.cluster.check(inbox)

    @property
    def kubelets(self) -> HollowKubelets:
        """The kubelets of this scenario's hollow nodes."""
        return _begun(self._kubelets)

    def _leave(self) -> None:
        if self._kubelets is not None:
            self._kubelets.stop()
            self._kubelets = None
        if self._inbox is not None:
            inbox, self._inbox = self._inbox, None
            self.cluster.leave(inbox)

    def _at_exit(self) -> None:
        """The process ends without having closed the run: take everything away all the same."""
        try:
            self.cluster.close()
        except AdapterError:
            return  # there is nobody left to tell; `kubelaws cluster clean` finds what remains


def _begun(part: T | None) -> T:
    if part is None:
        raise AdapterError("not reset yet")
    return part


def _is_dry(stimulus: Stimulus) -> bool:
    return bool(stimulus.arguments.get("dryRun"))


__all__ = ("ClusterAdapter", "Options", "open_cluster")
