"""What a stimulus needs to know: the cluster, and one scenario's part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from conformance.adapters.cluster.cluster import Cluster, Inbox
from conformance.adapters.cluster.hollow.kubelet import HollowKubelets
from conformance.adapters.cluster.images import Images
from conformance.adapters.cluster.manners import Manners
from conformance.adapters.cluster.mapping import Mapper

Given = Mapping[str, Any]
"""The arguments of a stimulus."""


class Place(Protocol):
    """One scenario's place in a cluster."""

    @property
    def cluster(self) -> Cluster: ...

    @property
    def inbox(self) -> Inbox: ...

    @property
    def mapper(self) -> Mapper: ...

    @property
    def kubelets(self) -> HollowKubelets: ...

    @property
    def images(self) -> Images: ...

    manners: Manners
