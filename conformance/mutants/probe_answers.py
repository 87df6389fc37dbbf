"""PROBE: kubelets that misread an answer, and API servers that misread a probe."""

from __future__ import annotations

from typing import Any, Final

from conformance.adapters.simulator.kubelet.probe_results import Answer
from conformance.mutants import SIMULATOR, mutant
from conformance.mutants.settings import SETTINGS, turned

KUBELET: Final = f"{SIMULATOR}.kubelet"
RESULTS: Final = f"{KUBELET}.probe_results"
WORKER: Final = f"{KUBELET}.prober:ProbeWorker"
POD_WORKER: Final = f"{KUBELET}.worker:PodWorker"
KILLS: Final = f"{KUBELET}.probe_kills"
API: Final = f"{SIMULATOR}.api"
START: Final = f"{KUBELET}.runtime:PodRuntime.start"


# PROBE-002 and 015: numbers, handlers and ports.


@mutant("PROBE-002", f"{API}.pod_defaults:_default_probe")
def a_zero_is_kept(original: Any) -> Any:
    """A number of a probe that is given as 0 stays 0."""

    def default_probe(probe: dict[str, Any]) -> None:
        given = {field: value for field, value in probe.items() if value == 0}
        original(probe)
        probe.update(given)

    return default_probe


@mutant("PROBE-002", f"{API}.probes:_ONLY_ONE_SUCCESS", profile="documented")
def a_liveness_probe_may_need_two_successes(_: Any) -> Any:
    """A liveness probe is accepted with a successThreshold of more than 1."""
    return frozenset()


@mutant("PROBE-002", f"{API}.probes:_COUNTERS")
def negative_numbers_will_do(_: Any) -> Any:
    """A negative number in a probe is accepted."""
    return ()


@mutant("PROBE-015", f"{API}.probes:is_port_number")
def port_zero_will_do(_: Any) -> Any:
    """A probe may ask the port 0."""
    return lambda port: isinstance(port, int) and 0 <= port <= 65535


@mutant("PROBE-015", SETTINGS)
def ports_end_at_65525(original: Any) -> Any:
    """A probe may not ask a port above 65525, as the source misprints it."""
    return turned(original, probe_highest_port=65525)


@mutant("PROBE-015", SETTINGS, profile="documented")
def ports_end_at_65535(original: Any) -> Any:
    """A probe may ask a port above 65525."""
    return turned(original, probe_highest_port=65535)


@mutant("PROBE-015", f"{API}.probes:HANDLERS")
def a_probe_need_not_ask(_: Any) -> Any:
    """A second handler of a probe is ignored."""
    return ("exec", "httpGet")


@mutant("PROBE-015", SETTINGS, profile="documented")
def grpc_is_known(original: Any) -> Any:
    """A probe may have the handler grpc, of which the source has not heard."""
    return turned(original, probe_knows_grpc=True)


# PROBE-007 to 010: what an answer means.


@mutant("PROBE-007", f"{RESULTS}:exec_passes")
def small_exit_codes_succeed(_: Any) -> Any:
    """An exec probe succeeds with the exit codes 0 to 2."""
    return lambda answer: answer.value <= 2


@mutant("PROBE-007", f"{RESULTS}:exec_passes", profile="documented")
def any_exit_code_succeeds(_: Any) -> Any:
    """An exec probe succeeds whenever its command ends."""
    return lambda _: True


@mutant("PROBE-008", f"{RESULTS}:http_passes")
def status_400_succeeds(original: Any) -> Any:
    """An httpGet probe succeeds with the status 400."""
    return lambda answer: answer.value == 400 or original(answer)


@mutant("PROBE-008", f"{RESULTS}:http_passes", profile="documented")
def only_2xx_succeeds(original: Any) -> Any:
    """An httpGet probe fails with a status from 300 to 399."""

    def passes(answer: Answer) -> Any:
        return original(answer) and not (isinstance(answer.value, int) and answer.value >= 300)

    return passes


@mutant("PROBE-008", f"{RESULTS}:MOST_REDIRECTS")
def redirects_are_followed_for_ever(_: Any) -> Any:
    """An httpGet probe follows more than nine redirects."""
    return 1000


@mutant("PROBE-008", f"{RESULTS}:http_passes")
def another_host_is_a_failure(original: Any) -> Any:
    """A redirect to another host fails an httpGet probe."""
    return lambda answer: answer.value != "elsewhere" and original(answer)


@mutant("PROBE-009", f"{RESULTS}:tcp_passes")
def a_refused_connection_succeeds(_: Any) -> Any:
    """A tcpSocket probe succeeds when the connection is refused."""
    return lambda _: True


@mutant("PROBE-009", f"{RESULTS}:tcp_passes", profile="documented")
def an_open_port_is_not_enough(_: Any) -> Any:
    """A tcpSocket probe fails although its connection opens."""
    return lambda _: False


@mutant("PROBE-009", f"{RESULTS}:grpc_passes")
def not_serving_succeeds(_: Any) -> Any:
    """A grpc probe succeeds with the status NOT_SERVING."""
    return lambda answer: answer.value in ("SERVING", "NOT_SERVING")


@mutant("PROBE-010", f"{RESULTS}:take")
def an_error_is_a_failure(original: Any) -> Any:
    """A probe that cannot be made counts as a failure."""
    return lambda tally, result, settings: original(
        tally, "failure" if result == "unknown" else result, settings
    )


@mutant("PROBE-010", SETTINGS)
def one_timeout_kills(original: Any) -> Any:
    """A liveness probe that times out once restarts the container, whatever the failureThreshold."""
    return turned(original, probe_timeout_is_fatal=True)


@mutant("PROBE-010", SETTINGS, profile="documented")
def one_timeout_is_one_failure(original: Any) -> Any:
    """A liveness probe that times out is one failure of failureThreshold."""
    return turned(original, probe_timeout_is_fatal=False)


@mutant("PROBE-010", f"{RESULTS}:take", profile="documented")
def an_error_is_a_success(original: Any) -> Any:
    """A probe that cannot be made counts as a success."""
    return lambda tally, result, settings: original(
        tally, "success" if result == "unknown" else result, settings
    )
