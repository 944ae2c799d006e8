"""A plan as a database keeps it: through JSON and back."""

from __future__ import annotations

from pydantic import TypeAdapter

from safe_ops.model.plans import Plan

_PLAN = TypeAdapter(Plan)


def plan_json(plan: Plan) -> str:
    return _PLAN.dump_json(plan).decode()


def plan_from_json(text: str) -> Plan:
    return _PLAN.validate_json(text)
