"""The controllers: each reacts to the store and moves the cluster towards what its objects say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.simulator.controllers.controller import Controller
from conformance.adapters.simulator.controllers.endpoints import EndpointsController
from conformance.adapters.simulator.controllers.hpa.controller import (
    HorizontalPodAutoscalerController,
)
from conformance.adapters.simulator.controllers.nodes.affinity import AffinityController
from conformance.adapters.simulator.controllers.nodes.eviction import TaintEvictionController
from conformance.adapters.simulator.controllers.nodes.lifecycle import NodeLifecycleController
from conformance.adapters.simulator.controllers.nodes.podgc import PodGarbageCollector
from conformance.adapters.simulator.controllers.ownership import Ownership
from conformance.adapters.simulator.controllers.volumes.binder import PersistentVolumeController
from conformance.adapters.simulator.controllers.volumes.protection import (
    StorageProtectionController,
)
from conformance.adapters.simulator.controllers.workloads.daemons import DaemonSetController
from conformance.adapters.simulator.controllers.workloads.deployments import DeploymentController
from conformance.adapters.simulator.controllers.workloads.foreground import ForegroundCollector
from conformance.adapters.simulator.controllers.workloads.garbage import GarbageCollector
from conformance.adapters.simulator.controllers.workloads.jobs import JobController
from conformance.adapters.simulator.controllers.workloads.replicas import ReplicaController
from conformance.adapters.simulator.controllers.workloads.stateful import StatefulSetController
from conformance.adapters.simulator.controllers.workloads.ttl import FinishedJobCollector

if TYPE_CHECKING:
    from conformance.adapters.simulator.engine import Engine


def all_controllers(engine: Engine) -> list[Controller]:
    """One of each, in the order in which they take their turns."""
    owned = Ownership(engine.store)
    return [
        HorizontalPodAutoscalerController(engine),
        DeploymentController(engine, owned),
        ReplicaController(engine, owned),
        DaemonSetController(engine, owned),
        JobController(engine, owned),
        FinishedJobCollector(engine),
        ForegroundCollector(engine, owned),
        StatefulSetController(engine, owned),
        GarbageCollector(engine, owned),
        PersistentVolumeController(engine),
        StorageProtectionController(engine),
        NodeLifecycleController(engine),
        AffinityController(engine),
        TaintEvictionController(engine),
        PodGarbageCollector(engine),
        EndpointsController(engine),
    ]
