"""What is known for a step: names and numbers of a finding and of what stands around it.

Only what was seen is given; a proposal such as a larger limit is reckoned from a number seen.
Whether a value may stand in a command is not decided here but in `sound`.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from bot.domain.kinds import kind_named
from bot.tools.kubectl.quantity import amount, cores
from bot.triage.remedies import cluster_facts, network_facts
from bot.triage.remedies.sound import sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.triage.estate import Estate
    from bot.triage.finding import Finding, LastWords
    from bot.triage.rules.rollouts import Change

Fact = tuple[str, str]
"""Slot and value."""

_ROLLED = frozenset({"deployment", "statefulset", "daemonset"})
_SCALED = frozenset({"deployment", "statefulset"})
# Kinds whose template `kubectl set resources` can change; a pod's or a job's is fixed.
_SHAPED = _ROLLED | {"cronjob"}
# Values of findings that are slots under the same name.
_SAME = (
    "container", "pod", "node", "closest", "account", "service", "workload", "caller", "scheduler",
    "claim", "image", "path", "seconds", "port", "ports", "address", "taints", "classes",
    "conditions", "most", "metric", "current", "asked", "room", "resource", "selector",
    "gateway", "reason",
)  # fmt: skip
_MISSING = re.compile(
    r"(?P<kind>configmap|secret) (?P<name>\S+)"
    r"|(?P<key>\S+) in (?:configmap|secret) (?:[^\s/]+/)?(?P<owner>\S+)"
)
_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^\s,]+), requested: (?P<asked>\S+), used: (?P<used>\S+),"
    r" limited: (?P<hard>\S+)"
)
_FORBIDDEN = re.compile(
    r'system:serviceaccount:(?P<space>[^\s:"]+):(?P<account>[^\s":]+)"? cannot (?P<verb>[a-z]+)'
    r' resource "(?P<resource>[^"\s/]+)(?P<part>/[^"\s]+)?" in API group "(?P<group>[^"\s]*)"'
    r'(?: in the namespace "(?P<where>[^"\s]+)")?'
)
_SCALED_DOWN = re.compile(r"\bfrom ([0-9]{1,6}) to 0\s*$")
# What a log line is about, as slots; a line about a setting may name a file instead.
_SUBJECTS = {
    "log_setting": ("setting", "file"),
    "log_value": ("setting", "file"),
    "log_disk": ("file",),
    "log_dns": ("host",),
    "log_dependency": ("host",),
    "log_certificate": ("host",),
    "log_listens": ("heard",),
}
# How many name servers a cluster has when nobody chose: kubeadm and the clouds start two.
_NAME_SERVERS = 2


def facts_of(
    estate: Estate, found: Finding, change: Change | None, *, defect: bool
) -> Mapping[str, str]:
    """Return what may stand in steps about a finding, slot to value.

    Args:
        estate: The cluster it was found in.
        found: The finding.
        change: The rollout it began with, if one did.
        defect: Its cure is a change of code that was specified.
    """
    values = dict(_itself(found))
    values |= {slot: found.values[slot] for slot in _SAME if found.values.get(slot)}
    values |= dict(_rollout(estate, found, change))
    values |= dict(_memory(estate, found))
    values |= dict(_scale(estate, found))
    values |= dict(_refused(found))
    values |= dict(_words(found.words))
    values |= dict(network_facts.of(estate, found))
    values |= dict(cluster_facts.of(estate, found))
    if defect:
        values["defect"] = "yes"
    return sound(values)


def _itself(found: Finding) -> Iterator[Fact]:
    ref = found.object
    yield from (("kind", ref.kind), ("name", ref.name), ("namespace", ref.namespace))
    named = f"{ref.kind}/{ref.name}"
    yield "object", ref.name if "object" in sound({"object": ref.name}) else ref.kind
    for slot, kinds in (("rolls", _ROLLED), ("scales", _SCALED), ("shapes", _SHAPED)):
        if ref.kind in kinds:
            yield slot, named
    if kind_named(ref.kind) is not None:
        yield "thing", named
    if ref.kind == "node":
        yield "node", ref.name
    if ref.kind == "cronjob":
        yield "rerun", f"{ref.name[:50]}-by-hand"
    if found.container:
        yield "container", found.container
    if found.pods:
        yield "pod", found.pods[0].name


def _rollout(estate: Estate, found: Finding, change: Change | None) -> Iterator[Fact]:
    if change is None:
        return
    earlier = [
        one.number
        for one in estate.revisions_of(found.object)
        if one.number < change.revision.number
    ]
    if earlier:
        yield "earlier", str(max(earlier))
        yield "newest", str(change.revision.number)


def _memory(estate: Estate, found: Finding) -> Iterator[Fact]:
    """Yield the memory limit seen, and twice of it."""
    name = found.values.get("container") or found.container
    pods = [pod for ref in found.pods if (pod := estate.pod(ref)) is not None]
    limits = [one.memory_limit for pod in pods for one in pod.containers if one.name == name]
    limit = next(iter(limits), "")
    number = re.match(r"[0-9]{1,15}(?=[A-Za-z]*$)", limit)
    if number is not None and int(number[0]):
        yield "limit", limit
        yield "more", f"{2 * int(number[0])}{limit[number.end() :]}"


def _scale(estate: Estate, found: Finding) -> Iterator[Fact]:
    """Yield how many replicas there are, and how many there should be."""
    workload = estate.workload(found.object)
    if found.phrase == "names_scaled_down":
        yield from (("desired", "0"), ("replicas", str(_NAME_SERVERS)))
    elif workload is None:
        return
    elif found.phrase == "service_scaled_down":
        told = [_SCALED_DOWN.search(one.message) for one in estate.about(found.object)]
        before = next((match[1] for match in told if match is not None), "1")
        yield from (("desired", "0"), ("replicas", before))
    elif workload.desired and not cluster_facts.is_scaled_for(estate, found.object):
        yield "desired", str(workload.desired)
        yield "replicas", str(workload.desired + math.ceil(workload.desired / 2))


def _refused(found: Finding) -> Iterator[Fact]:
    """Yield what a refusal names: a missing reference, or the quota that is used up."""
    missing = _MISSING.fullmatch(found.values.get("missing", ""))
    if missing is not None and missing["kind"]:
        yield "config" if missing["kind"] == "configmap" else "secret", missing["name"]
    elif missing is not None:
        yield from (("key", missing["key"]), ("owner", missing["owner"]))
    told = _QUOTA.search(found.values.get("message", ""))
    if told is not None:
        yield from _quota(told, count=found.affected)


def _quota(told: re.Match[str], *, count: int) -> Iterator[Fact]:
    yield "quota", told["quota"]
    asked, used, hard = (_amounts(told[name]) for name in ("asked", "used", "hard"))
    for resource in asked.keys() & used.keys() & hard.keys():
        sums = [amount(one[resource]) for one in (asked, used, hard)]
        if None in sums:
            continue
        wanted, taken, bound = (one or 0.0 for one in sums)
        if taken + wanted > bound:
            yield "resource", resource
            yield "hard", hard[resource]
            yield "raised", _written(resource, taken + wanted * count)
            return


def _amounts(listed: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in listed.split(","))
    return {key: value for key, _, value in pairs}


def _written(resource: str, value: float) -> str:
    if "memory" in resource or "storage" in resource:
        return f"{math.ceil(value / 2**20)}Mi"
    return cores(value) if "cpu" in resource else str(math.ceil(value))


def _words(words: LastWords | None) -> Iterator[Fact]:
    """Yield what the log names."""
    if words is None:
        return
    for slot in _SUBJECTS.get(words.phrase, ()):
        yield slot, words.subject
    told = _FORBIDDEN.search(words.line)
    if told is None:
        return
    resource = told["resource"]
    yield "verb", told["verb"]
    yield "asked_of", ".".join(filter(None, (resource, told["group"]))) + (told["part"] or "")
    yield "asker", f"{told['space']}:{told['account']}"
    yield "granted", f"{told['account']}-{told['verb']}-{resource}"
    if told["where"]:
        yield "asked_in", told["where"]
