"""Writes the IAM policies of the read role from the list: `python -m tests.contract.aws_policy`.

A managed policy may have 6,144 characters, so the actions fill as many documents as they need. For
accounts whose registry entry says `read_code: true`, `with-code-1.json` takes the place of
`read-1.json`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.session import Session

from bot.tools.aws.catalogue import load_catalogue

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from bot.tools.aws.catalogue import Operation

POLICIES = Path(__file__).parents[2] / "bot" / "tools" / "aws" / "policies"
MAX_POLICY_CHARS = 6_144
# The statement that `with-code-1.json` has more than `read-1.json`.
_ROOM = 80
# Never granted, even if another policy of the role would: values, contents, credentials.
NEVER = (
    "codebuild:BatchGet*",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQL*",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ec2:GetConsole*",
    "ec2:GetPasswordData",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetCredentialReport",
    "kinesis:GetRecords",
    "kms:Decrypt",
    "kms:GenerateDataKey*",
    "lambda:GetFunction",
    "lambda:GetLayerVersion*",
    "lambda:Invoke*",
    "logs:Unmask",
    "s3:GetObject*",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetDocument",
    "ssm:GetParameter*",
    "ssm:StartSession",
    "sts:AssumeRole*",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
# What `read_code: true` needs: the address of a function's package.
CODE = "lambda:GetFunction"
# IAM knows API Gateway by paths: GET on these would return the keys.
KEYS_OF_APIS = ["arn:*:apigateway:*::/apikeys", "arn:*:apigateway:*::/apikeys/*"]


@cache
def service_model(service: str) -> ServiceModel:
    model: ServiceModel = Session().get_service_model(service)
    return model


def api_name(operation: Operation) -> str | None:
    """The API's name of a listed operation, None if botocore knows no such method."""
    names = {xform_name(name): name for name in service_model(operation.service).operation_names}
    return names.get(operation.name)


def actions_of(operation: Operation) -> tuple[str, ...]:
    """The IAM actions a listed operation needs."""
    if operation.actions is not None:
        return operation.actions
    return (f"{operation.prefix}:{api_name(operation)}",)


def policies() -> dict[str, dict[str, Any]]:
    """The documents, by file name; the first also denies what is never granted."""
    documents = _documents()
    first, denied = documents[0], [action for action in NEVER if action != CODE]
    allowed, (values, *others) = first["Statement"][0], first["Statement"][1:]
    code = {"Sid": "Code", "Effect": "Allow", "Action": CODE, "Resource": "*"}
    with_code = {**first, "Statement": [allowed, code, {**values, "Action": denied}, *others]}
    named = {f"read-{place}.json": one for place, one in enumerate(documents, start=1)}
    return {**named, "with-code-1.json": with_code}


def _documents() -> list[dict[str, Any]]:
    actions = sorted({action for one in load_catalogue().operations for action in actions_of(one)})
    denials = [
        {"Sid": "NeverValues", "Effect": "Deny", "Action": list(NEVER), "Resource": "*"},
        {
            "Sid": "NeverKeysOfApis",
            "Effect": "Deny",
            "Action": "apigateway:GET",
            "Resource": KEYS_OF_APIS,
        },
    ]
    documents: list[dict[str, Any]] = []
    held: list[str] = []
    for action in actions:
        fixed = denials if not documents else []
        if size(_document([*held, action], fixed)) > MAX_POLICY_CHARS - _ROOM:
            documents.append(_document(held, fixed))
            held = []
        held.append(action)
    documents.append(_document(held, denials if not documents else []))
    return documents


def size(document: dict[str, Any]) -> int:
    """Characters as IAM counts them, white space aside."""
    return len("".join(json.dumps(document).split()))


def written(document: dict[str, Any]) -> str:
    """A document as its file holds it."""
    return json.dumps(document, indent=2) + "\n"


def _document(actions: list[str], denials: list[dict[str, Any]]) -> dict[str, Any]:
    allowed = {"Sid": "Reads", "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [allowed, *denials]}


if __name__ == "__main__":
    POLICIES.mkdir(exist_ok=True)
    for stale in POLICIES.glob("*.json"):
        stale.unlink()
    for name, document in policies().items():
        (POLICIES / name).write_text(written(document), encoding="utf-8")
        print(name, size(document))
