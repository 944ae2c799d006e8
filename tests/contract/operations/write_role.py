"""Writes the AWS write role from the catalogue: `python -m tests.contract.operations.write_role`.

Two files: what the role may do, and who may take it on. A session of an action may do only what
both this role and the session's own policy allow.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safe_ops.guardrails.cloud import ALLOWED, TAG
from safe_ops.guardrails.cloud_alarms import OWN_RULE
from safe_ops.model.plans import System
from safe_ops.operations.catalogue import CATALOGUE

FOLDER = Path(__file__).parents[3] / "safe_ops" / "actuators" / "policies"
ROLE, TRUST = FOLDER / "aws-write.json", FOLDER / "aws-trust.json"
SIMULATE = "iam:SimulatePrincipalPolicy"
# Resources of these are made by the action itself, so they carry no tag of their owner's.
_OWN_RULES = f"arn:*:cloudwatch:*:*:alarm-mute-rule:{OWN_RULE}*"
_DEPLOYMENTS = "arn:*:ecs:*:*:service-deployment/*"
_TAGLESS = {
    "cloudwatch:PutAlarmMuteRule": _OWN_RULES,
    "cloudwatch:DeleteAlarmMuteRule": _OWN_RULES,
    "ecs:StopServiceDeployment": _DEPLOYMENTS,
}
# DeleteAlarmMuteRule touches rules alone; the others touch something tagged besides.
_NEVER_TAGGED = {"cloudwatch:DeleteAlarmMuteRule"}


def reads() -> list[str]:
    """All reads of all operations on AWS."""
    return sorted({one for operation in _on_aws() for one in operation.rights.cloud_reads})


def writes() -> list[str]:
    """All writes of all operations on AWS."""
    return sorted({one for operation in _on_aws() for one in operation.rights.cloud_writes})


def role() -> dict[str, Any]:
    """What the role may do; the last statement keeps any other policy of it from adding to that."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("Reads", [one for one in reads() if one != SIMULATE], "*"),
            _allow("AskAboutItself", [SIMULATE], "arn:*:iam::*:role/nightdesk-*"),
            {
                **_allow("WritesOnTagged", sorted({*writes()} - _NEVER_TAGGED), "*"),
                "Condition": {"StringEquals": {f"aws:ResourceTag/{TAG}": ALLOWED}},
            },
            *(
                _allow(sid, [one for one in writes() if _TAGLESS.get(one) == arn], arn)
                for sid, arn in (("OwnMuteRules", _OWN_RULES), ("Deployments", _DEPLOYMENTS))
            ),
            {
                "Sid": "NothingElse",
                "Effect": "Deny",
                "NotAction": sorted({*reads(), *writes()}),
                "Resource": "*",
            },
        ],
    }


def trust() -> dict[str, Any]:
    """Who may take the role on: the operator, with our secret and in somebody's name."""
    operator = {"AWS": "arn:aws:iam::HUB_ACCOUNT_ID:role/nightdesk-operator"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TakeOn",
                "Effect": "Allow",
                "Principal": operator,
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"sts:ExternalId": "EXTERNAL_ID"},
                    "StringLike": {"sts:SourceIdentity": "*", "aws:RequestTag/action_id": "*"},
                },
            },
            {
                "Sid": "InSomebodysName",
                "Effect": "Allow",
                "Principal": operator,
                "Action": ["sts:SetSourceIdentity", "sts:TagSession"],
            },
        ],
    }


def written(document: dict[str, Any]) -> str:
    """A document as its file holds it."""
    return json.dumps(document, indent=2) + "\n"


def _on_aws() -> list[Any]:
    return [one for one in CATALOGUE.values() if one.system is System.AWS]


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    ROLE.write_text(written(role()), encoding="utf-8")
    TRUST.write_text(written(trust()), encoding="utf-8")
