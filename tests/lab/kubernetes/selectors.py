"""Label and field selectors, parsed and matched as the API server does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.lab.kubernetes.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

Object = dict[str, Any]

_SET = re.compile(r"(?P<key>[^\s,!=()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)")
_EQUALITY = re.compile(r"(?P<key>[^\s,!=()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s,()]*)")
_EXISTS = re.compile(r"(?P<not>!?)\s*(?P<key>[^\s,!=()]+)")

_ANYWHERE = {"metadata.name", "metadata.namespace"}
_FIELDS: dict[str, set[str]] = {
    "pods": {
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.nominatedNodeName",
        "status.phase",
        "status.podIP",
    },
    "events": {
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.resourceVersion",
        "involvedObject.uid",
        "reason",
        "reportingComponent",
        "source",
        "type",
    },
    "events.events.k8s.io": {
        "reason",
        "regarding.kind",
        "regarding.name",
        "regarding.namespace",
        "regarding.uid",
        "reportingController",
        "type",
    },
    "namespaces": {"status.phase"},
    "nodes": {"spec.unschedulable"},
    "replicasets.apps": {"status.replicas"},
    "jobs.batch": {"status.successful"},
    "secrets": {"type"},
    "services": {"spec.clusterIP", "spec.type"},
}


def label_filter(selector: str) -> Callable[[Object], bool]:
    """A test of an object's labels; 400 if the selector cannot be parsed."""
    tests = _label_tests(selector)
    return lambda item: all(test(item["metadata"].get("labels") or {}) for test in tests)


def _label_tests(selector: str) -> list[Callable[[dict[str, str]], bool]]:
    tests: list[Callable[[dict[str, str]], bool]] = []
    rest = selector.strip()
    while rest:
        match = _SET.match(rest) or _EQUALITY.match(rest) or _EXISTS.match(rest)
        if match is None:
            raise StatusError(400, f"unable to parse requirement: found '{rest}'")
        tests.append(_label_test(match))
        rest = rest[match.end() :].lstrip()
        if rest and not rest.startswith(","):
            raise StatusError(400, f"unable to parse requirement: found '{rest}', expected: ','")
        rest = rest[1:].lstrip()
    return tests


def _label_test(match: re.Match[str]) -> Callable[[dict[str, str]], bool]:
    parts = match.groupdict()
    key = parts["key"]
    if "values" in parts:
        values = {value.strip() for value in parts["values"].split(",")}
        if parts["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if "value" in parts:
        value = parts["value"]
        if parts["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if parts["not"]:
        return lambda labels: key not in labels
    return lambda labels: key in labels


def selects(selector: Object | None, item: Object) -> bool:
    """Whether a LabelSelector object (matchLabels, matchExpressions) matches an object's labels."""
    if selector is None:
        return False
    labels = item["metadata"].get("labels") or {}
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return wanted.items() <= labels.items() and all(_meets(one, labels) for one in expressions)


def _meets(expression: Object, labels: dict[str, str]) -> bool:
    has = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return has in expression["values"]
        case "NotIn":
            return has not in expression["values"]
        case "Exists":
            return has is not None
        case _:
            return has is None


def field_filter(selector: str, resource_key: str) -> Callable[[Object], bool]:
    """A test of an object's fields; 400 if this resource cannot be selected by one of them."""
    known = _ANYWHERE | _FIELDS.get(resource_key, set())
    tests: list[tuple[str, str, bool]] = []
    for term in filter(None, selector.split(",")):
        match = re.fullmatch(r"([^=!]+?)(==|=|!=)(.*)", term)
        if match is None:
            raise StatusError(400, f"invalid selector: '{term}'; can't understand '{term}'")
        field, operator, value = match.groups()
        if field not in known:
            raise StatusError(400, f"field label not supported: {field}")
        tests.append((field, value, operator != "!="))
    return lambda item: all((_field(item, f) == value) is wanted for f, value, wanted in tests)


def _field(item: Object, path: str) -> str:
    if path == "source":
        source: str = item.get("source", {}).get("component", "")
        return source
    if path == "status.successful":
        return str(item.get("status", {}).get("succeeded", 0))
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if path in {"spec.unschedulable", "spec.hostNetwork"} and value is None:
        return "false"
    return "" if value is None else str(value)
