"""JOB-012: the indexes of an Indexed Job, on its Pods and in its status."""

from __future__ import annotations

from typing import Final

from spec_model.events import Manifest
from spec_model.law import Verdict, expect, law
from spec_model.laws.job_memory import SUCCEEDED, Case, case_of_job, case_of_pod
from spec_model.objects import EMPTY
from spec_model.workloads import job_pods, jobs
from spec_model.world import Breach, Outcome, Seen

VARIABLE: Final = "JOB_COMPLETION_INDEX"


@law("JOB-012", on="Pod", when="of a Job")
def a_pod_knows_its_index(seen: Seen) -> Verdict:
    """By annotation, label, hostname and variable; and it is the lowest that is free."""
    if not seen.fresh or seen.before is not None:
        return None
    case = case_of_pod(seen)
    if case is None or not job_pods.is_indexed(case.spec, seen.profile):
        return None
    index = job_pods.index_of(seen.manifest)
    if index is None:
        return Breach(f"annotation {job_pods.INDEX}", "none")
    return (*_told(seen.manifest, case.key[2], index), _is_next(case, seen.now.uid, index))


def _told(pod: Manifest, job: str, index: int) -> list[Outcome]:
    label = (pod["metadata"].get("labels") or EMPTY).get(job_pods.INDEX)
    hostname = pod["spec"].get("hostname")
    untold = [
        container["name"]
        for group in ("containers", "initContainers")
        for container in pod["spec"].get(group) or ()
        if not any(each.get("name") == VARIABLE for each in container.get("env") or ())
    ]
    return [
        expect(label == str(index), f"label {job_pods.INDEX}={index}", f"{label}"),
        expect(hostname == f"{job}-{index}", f"hostname {job}-{index}", f"{hostname}"),
        expect(not untold, f"{VARIABLE} in every container", f"not in {', '.join(untold)}"),
    ]


def _is_next(case: Case, uid: str, index: int) -> Outcome:
    """Of those that are created together any may come first; the lowest free ones they are."""
    completions = jobs.completions_of(case.spec) or 0
    taken = {run.index for each, run in case.memory.runs.items() if each != uid and run.active}
    taken |= case.done_indexes | set(job_pods.indexes_in(case.status.get("completedIndexes") or ""))
    lower = sum(each not in taken for each in range(min(index, completions)))
    at_once = jobs.parallelism_of(case.spec)
    is_free = index not in taken and index < completions
    told = f"the lowest free index of {completions}"
    return expect(is_free and lower < at_once, told, f"{index}, with {lower} free ones below")


@law("JOB-012", on="Job")
def the_status_lists_the_indexes_that_succeeded(seen: Seen) -> Verdict:
    """As intervals, as many as have succeeded, and each of them by a Pod of its own."""
    case = case_of_job(seen)
    text = case.status.get("completedIndexes") or ""
    if seen.type == "DELETED" or not text or not job_pods.is_indexed(case.spec, seen.profile):
        return None
    before = ((seen.before or EMPTY).get("status") or EMPTY).get("completedIndexes")
    if before == text and not _is_new_end(seen, case):
        return None
    return tuple(_listed(seen, case, text))


def _listed(seen: Seen, case: Case, text: str) -> list[Outcome]:
    try:
        indexes = list(job_pods.indexes_in(text))
    except ValueError:
        return [Breach("intervals of indexes", repr(text))]
    wanted = job_pods.intervals(indexes)
    said: list[Outcome] = [
        expect(text == wanted, wanted, text),
        expect(
            case.status.get("succeeded") == len(indexes), f"{len(indexes)} succeeded", "another"
        ),
    ]
    if case.whole and seen.world.setting.clock == "virtual":
        shown = {run.index for run in case.memory.runs.values() if run.fate == SUCCEEDED}
        unseen = sorted(set(indexes) - shown)
        said.append(expect(not unseen, "indexes whose Pods succeeded", f"{unseen} besides"))
    if case.condition("Complete") is not None:
        completions = jobs.completions_of(case.spec) or 0
        said.append(expect(len(indexes) >= completions, f"all {completions} indexes", text))
    return said


def _is_new_end(seen: Seen, case: Case) -> bool:
    if seen.before is None or case.condition("Complete") is None:
        return False
    return not any(
        each.get("type") == "Complete" and each.get("status") == "True"
        for each in (seen.before.get("status") or EMPTY).get("conditions") or ()
    )
