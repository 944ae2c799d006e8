"""What an action's own AWS session may do, and in whose name: pure texts for AssumeRole.

A session policy can only take away from the role (effective rights are what both allow), so the
worst a stolen session can do is the one call that people approved.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError

if TYPE_CHECKING:
    from safe_ops.model.rights import Grant, Warrant

MAX_POLICY_CHARS = 2_048
"""Of a session policy given inline (STS API reference, AssumeRole)."""
# What STS takes as a session's name and source identity; tags may have more, but one form is
# easier to search CloudTrail for.
_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
_TAG_MAX_CHARS = 256
_DIGEST_CHARS = 16
# IAM takes `*` and `?` in a resource for wildcards, and `${` for a variable. Deployments of one
# service get their ids from ECS after the plan is made, so that only their family can be named.
_ARN = re.compile(
    r"arn:aws[a-z-]*:[a-z0-9-]+:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?P<resource>[^*?$]+|service-deployment/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/\*)"
)


def policy_of(warrant: Warrant, *, account_id: str, region: str) -> str:
    """Return the session policy as compact JSON: the reads on everything, each write on its ARN.

    Raises:
        RefusedError: `policy`: a grant is no right of the operation's, or of another account or
            region, or names more than one resource, or it all does not fit.
    """
    for grant in warrant.grants:
        _check(grant, warrant, account_id=account_id, region=region)
    reads = sorted(warrant.rights.cloud_reads)
    statements: list[dict[str, object]] = []
    if reads:
        statements.append({"Effect": "Allow", "Action": reads, "Resource": "*"})
    statements += [
        {"Effect": "Allow", "Action": list(actions), "Resource": arns}
        for actions, arns in _grouped(warrant.grants)
    ]
    if not statements:
        raise RefusedError(
            "the operation has no AWS rights at all: it cannot act on an account", code="policy"
        )
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(text) > MAX_POLICY_CHARS:
        raise RefusedError(
            f"the session policy for this action has {len(text)} characters and AWS takes"
            f" {MAX_POLICY_CHARS}: its names are too long for one action, do it by hand",
            code="policy",
        )
    return text


def session_name(warrant: Warrant) -> str:
    """Return what the session is called in CloudTrail: the action's id."""
    return _fitting(f"nightdesk-{warrant.action_id}")


def source_identity(warrant: Warrant) -> str:
    """Return who answers for the session: the first approver, the requester before there is one.

    A subject that STS would not take stands as a hash of itself.
    """
    return _fitting((*warrant.approvers, warrant.requester)[0])


def session_tags(warrant: Warrant) -> list[dict[str, str]]:
    """Return the session's tags as STS takes them; tags without a value are left out."""
    tags = {
        "action_id": _fitting(warrant.action_id),
        "requester": _fitting(warrant.requester),
        "approvers": _listed(tuple(_fitting(one) for one in warrant.approvers)),
        "digest": warrant.digest[:_DIGEST_CHARS],
    }
    return [{"Key": key, "Value": value} for key, value in tags.items() if value]


def _check(grant: Grant, warrant: Warrant, *, account_id: str, region: str) -> None:
    if grant.action not in warrant.rights.cloud_writes:
        raise RefusedError(f"{grant.action} is no right of this operation", code="policy")
    found = _ARN.fullmatch(grant.arn)
    if found is None:
        raise RefusedError(f"{grant.arn} does not name exactly one AWS resource", code="policy")
    if (found["account"], found["region"]) != (account_id, region):
        raise RefusedError(
            f"{grant.arn} is not in account {account_id}, region {region}", code="policy"
        )


def _grouped(grants: tuple[Grant, ...]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return each set of resources once, with all that may be done to exactly them."""
    by_arn: dict[str, set[str]] = {}
    for grant in grants:
        by_arn.setdefault(grant.arn, set()).add(grant.action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for arn, actions in sorted(by_arn.items()):
        by_actions.setdefault(tuple(sorted(actions)), []).append(arn)
    return list(by_actions.items())


def _fitting(text: str) -> str:
    if _NAME.fullmatch(text):
        return text
    return f"sha256-{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def _listed(subjects: tuple[str, ...]) -> str:
    together = " ".join(subjects)
    return together if len(together) <= _TAG_MAX_CHARS else _fitting(together)
