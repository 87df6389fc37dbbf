"""What scenarios of probes do: answer them, and wait until they are found well."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.session import Session
from strategies.manifests import Manifest

handlers = st.sampled_from(["exec", "http", "tcp"])
moments = st.sampled_from([0, 0.5, 1, 7])


def answer(run: Session, kind: str, said: int | str, name: str = "c", **more: Any) -> None:
    """The target of a probe of the Pod ``a`` answers so from now on."""
    run.do(
        "set-probe",
        namespace="default",
        pod="a",
        container=name,
        probe=kind,
        answer=said,
        **more,
    )


def created(run: Session, manifest: Manifest, *, age: float = 20) -> None:
    """Creates a Pod, and waits until its probes have surely found it well."""
    run.create(manifest)
    run.advance(age)


def knows_startup(run: Session) -> bool:
    """Whether the profile has heard of startup probes."""
    return run.profile != "documented"
