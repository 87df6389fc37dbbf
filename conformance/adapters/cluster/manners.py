"""What was said of containers before there were any."""

from __future__ import annotations

from collections.abc import Mapping


class Manners:
    """Orders by Pod, by container, and by what they are about."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
        self._born: dict[tuple[str, str], dict[str, dict[str, str]]] = {}

    def note(self, namespace: str, pod: str, container: str, what: str, order: str) -> None:
        """From now on this holds of a container, whoever has its name."""
        self._said.setdefault((namespace, pod), {}).setdefault(container, {})[what] = order

    def of_new(self, namespace: str, pod: str) -> Mapping[str, Mapping[str, str]]:
        """What a Pod that is made now is told from the start, by container."""
        said = self._said.get((namespace, pod), {})
        self._born[namespace, pod] = {name: dict(orders) for name, orders in said.items()}
        return self.of(namespace, pod)

    def of(self, namespace: str, pod: str) -> Mapping[str, Mapping[str, str]]:
        """What a Pod was told from the start: its containers' commands cannot be changed afterwards."""
        return self._born.get((namespace, pod), {})
