"""What an API server's admission sees of the catalogue's calls, and how it judges them by CEL.

The engine is a library's; what is left out is only what the shipped policies do not use.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from safe_ops.service.binding import bound
from tests.unit.safe_ops.applying import apply
from tests.unit.safe_ops.cases_nodes import WORLDS
from tests.unit.safe_ops.situations_workloads import ASKED, Situation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safe_ops.model.plans import Call
    from safe_ops.operations.operation import Eyes

Object = dict[str, Any]

POLICIES = Path(__file__).parents[3] / "safe_ops" / "actuators" / "policies"
BACKSTOP = POLICIES / "kubernetes-backstop.yaml"
OPERATOR = "system:serviceaccount:nightdesk:nightdesk-operator"
OPERATIONS = (*WORLDS, *ASKED)
_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/v[^/]+(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<resource>[a-z]+)/(?P<name>[^/]+)(?:/(?P<sub>[a-z]+))?"
)
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
ADMITTED_AS = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call as authorization and admission see it."""

    group: str
    resource: str
    sub: str = ""
    verb: str
    namespace: str = ""
    old: Object | None = None
    new: Object | None = None
    user: str = OPERATOR

    @property
    def full(self) -> str:
        """The resource as roles name it."""
        return f"{self.resource}/{self.sub}" if self.sub else self.resource

    def request(self) -> Object:
        """`request` in CEL: what is empty is not there."""
        named = {"subResource": self.sub, "namespace": self.namespace}
        return {
            "resource": {"group": self.group, "version": "v1", "resource": self.resource},
            "operation": ADMITTED_AS[self.verb],
            "userInfo": {"username": self.user},
            **{key: value for key, value in named.items() if value},
        }


def asked_by(operation: str) -> Iterator[Asked]:
    """The calls of a plan of the operation, and then those of its undo, one after another."""
    if operation in WORLDS:
        world = WORLDS[operation]()
        for item in world.objects.values():
            if item["kind"] == "CronJob":
                # The API server requires one; these worlds leave out what no operation reads.
                item["spec"].setdefault("jobTemplate", {"spec": {"template": {}}})
        objects, plan, subject = world.objects, world.plan(), world.subject
        opened: Callable[[], Eyes] = world.eyes
    else:
        here = Situation(operation)
        objects, plan, subject = here.objects, here.plan(), here.op
        opened = partial(getattr, here, "eyes")
    for step in (*plan.drawing.steps, *plan.drawing.undo):
        call = bound(subject, plan, step.call, opened(), label="A12")
        old = copy.deepcopy(objects.get(call.path))
        if call.action in {"PUT", "PATCH"}:
            apply(objects, call, call.body)
        new = call.body if call.action in {"POST", "PUT"} else objects.get(call.path)
        yield seen(call, old, None if call.action == "DELETE" else copy.deepcopy(new))


def seen(call: Call, old: Object | None, new: Object | None) -> Asked:
    """One call with the object before and after it."""
    found = _PATH.fullmatch(call.path)
    assert found is not None, call.path
    return Asked(
        group=found["group"] or "",
        resource=found["resource"],
        sub=found["sub"] or "",
        verb=VERBS[call.action],
        namespace=found["namespace"] or "",
        old=old,
        new=new,
    )


@dataclass
class Backstop:
    """The shipped admission policies, judged by a CEL library."""

    policies: list[Object] = field(default_factory=list)
    celpy: Any = None

    def __post_init__(self) -> None:
        self.celpy = pytest.importorskip("celpy", reason="cel-python has no wheel here")
        documents = yaml.safe_load_all(BACKSTOP.read_text(encoding="utf-8"))
        self.policies = [one for one in documents if one["kind"].endswith("AdmissionPolicy")]
        self._programs: dict[str, Any] = {}

    def refusals(self, asked: Asked) -> list[str]:
        """The messages of all validations that say no."""
        told = {"request": asked.request(), "object": asked.new, "oldObject": asked.old}
        scope = {name: self.celpy.json_to_cel(value) for name, value in told.items()}
        return [
            validation["message"]
            for policy in self.policies
            if _matches(policy, asked)
            and all(
                self._says(one["expression"], scope) for one in policy["spec"]["matchConditions"]
            )
            for validation in policy["spec"]["validations"]
            if not self._says(validation["expression"], self._with_variables(policy, scope))
        ]

    def _with_variables(self, policy: Object, scope: Object) -> Object:
        variables = self.celpy.json_to_cel({})
        for one in policy["spec"].get("variables", []):
            value = self._evaluated(one["expression"], {**scope, "variables": variables})
            variables[self.celpy.json_to_cel(one["name"])] = value
        return {**scope, "variables": variables}

    def _says(self, expression: str, scope: Object) -> bool:
        return bool(self._evaluated(expression, scope))

    def _evaluated(self, expression: str, scope: Object) -> Any:
        if expression not in self._programs:
            environment = self.celpy.Environment()
            compiled = environment.compile(expression)
            self._programs[expression] = environment.program(compiled)
        return self._programs[expression].evaluate(scope)


def _matches(policy: Object, asked: Asked) -> bool:
    return any(
        _one_of(rule["apiGroups"], asked.group)
        and _one_of(rule["operations"], ADMITTED_AS[asked.verb])
        and (rule["resources"] == ["*/*"] or asked.full in rule["resources"])
        for rule in policy["spec"]["matchConstraints"]["resourceRules"]
    )


def _one_of(named: list[str], wanted: str) -> bool:
    return named == ["*"] or wanted in named
