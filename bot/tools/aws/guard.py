"""The read policy for AWS: which call may leave, decided before anything is sent.

Pure functions over the list, the asker's accounts and the parameters. Rules:
    B1 the operation is not listed; B3 a parameter would reveal values; B4 it returns secrets,
    whatever the list says; B5 the name is Python's surface, not an operation; B6 it would cost or
    start too much; B7 the account or region is not registered, or not the asker's.
(B2, that the list itself holds only reads, is a test.)
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz, process

from bot.tools.aws.rules import CHECKS, too_wide
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.tools.aws.catalogue import Catalogue, Operation

MAX_DEPTH = 8
MAX_PARAM_CHARS = 20_000
"""All strings of one call together; no read needs a tenth of it."""

_SNAKE = re.compile(r"[a-z][a-z0-9_]{0,99}")
_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,49}")
# Attributes of a client that are no API methods, or sign something that works without us.
_SURFACE = (
    "get_waiter", "waiter_names", "get_paginator", "can_paginate", "generate_presigned_*",
    "generate_db_auth_token", "upload_*", "download_*", "copy", "close", "meta", "exceptions",
)  # fmt: skip
_ALIASES = {
    "elb": "elbv2", "alb": "elbv2", "sfn": "stepfunctions", "states": "stepfunctions",
    "eventbridge": "events", "cloudwatchlogs": "logs", "cloudwatch-logs": "logs",
    "asg": "autoscaling", "pricing": "ce", "performance-insights": "pi",
    "secrets": "secretsmanager",
}  # fmt: skip
# Parameters that reveal what is hidden, or wake what sleeps, in whatever operation (B3).
_REVEALING: dict[str, tuple[object, ...]] = {
    "withdecryption": (True,),
    "unmask": (True,),
    "wakeup": (True,),
    "includevalues": (True,),
    "hidepassword": (False,),
}
_LINKED = frozenset({"includelinkedaccounts", "includelinkedaccount"})
_ACCOUNT_KEYS = frozenset(
    {"accountid", "accountids", "accountidentifiers", "owningaccount", "registryid", "catalogid"}
)
_ADDRESS_KEY = re.compile(r"ur[il]s?$", re.IGNORECASE)
_ADDRESS = re.compile(r"(?i)\s*(?:fileb?|https?|ftp|s3|data):/?/?")
_QUEUE_URL = re.compile(r"https?://[\w.:-]{1,253}/(?P<account>\d{12})/[\w-]{1,80}(?:\.fifo)?")
_ARN = re.compile(r"arn:[\w*-]*:[\w*-]*:[\w*-]*:(?P<account>[^:]*):")
_ARN_OWNERS = frozenset({"", "aws"})
# Operations about accounts, whose parameters are account numbers by their nature.
_ABOUT_ACCOUNTS = frozenset({"organizations"})
_RESEMBLANCE_MIN = 60


def permitted(catalogue: Catalogue, service: str, name: str) -> Operation:
    """Return the listed operation of that name.

    Raises:
        ToolError: It is none of Python's business (B5), denied (B4, B6) or not listed (B1); the
            text names the nearest that is.
    """
    plain = _SNAKE.fullmatch(name) and _SERVICE.fullmatch(service)
    denial = catalogue.denial(service, name) if plain else None
    if denial is not None:
        problem = f"{service}.{name} is never called: {denial.reason}"
        raise refuse(denial.rule, problem, denial.instead or _nearest(catalogue, service, name))
    if not plain or any(fnmatchcase(name, pattern) for pattern in _SURFACE):
        raise refuse(
            "B5",
            f"{quoted(f'{service}.{name}')} is no API operation in boto3's spelling",
            _nearest(catalogue, service, name),
        )
    found = catalogue.find(service, name)
    if found is None:
        problem = f"{service}.{name} is not a listed read"
        raise refuse("B1", problem, _nearest(catalogue, service, name))
    return found


def service_meant(name: str) -> str:
    """Return boto3's name of a service that people may call by another."""
    return _ALIASES.get(name.casefold(), name.casefold())


def check_params(operation: Operation, params: Mapping[str, Any], *, account_id: str) -> None:
    """Return when the parameters keep the rules for that operation in that account.

    Raises:
        ToolError: They reveal (B3), cost (B6), or reach into another account (B7).
    """
    _check_size(params)
    _check_terms(operation, params)
    for key, value in _leaves(params, ""):
        _check_leaf(operation, key, value, account_id=account_id)


def _check_terms(operation: Operation, params: Mapping[str, Any]) -> None:
    for name, values in operation.forbid:
        if name in params and params[name] in values:
            raise refuse("B3", f"{operation.title} may not have {name}={quoted(params[name])}")
    for name in operation.require:
        if params.get(name) in (None, "", []):
            raise refuse("B6", f"{operation.title} needs {name}, so that it stays small")
    for name, most in operation.most:
        given = params.get(name)
        size = len(given) if isinstance(given, list) else given
        if isinstance(size, int | float) and size > most:
            raise refuse("B6", f"{operation.title} allows {name} up to {most}, not {size}")
    if operation.window is not None:
        _refuse_if(operation, too_wide(params, operation.window))
    for check in operation.check:
        _refuse_if(operation, CHECKS[check](params))


def _refuse_if(operation: Operation, problem: str | None) -> None:
    if problem:
        raise refuse("B6", f"{operation.title}: {problem}")


def _check_leaf(operation: Operation, key: str, value: Any, *, account_id: str) -> None:
    folded = key.casefold()
    if folded in _REVEALING and value in _REVEALING[folded]:
        raise refuse("B3", f"{operation.title} may not have {key}={quoted(value)}")
    if folded in _LINKED and value is not False:
        raise refuse("B7", f"{key} reads other accounts; ask each account by its own name")
    if folded in _ACCOUNT_KEYS and operation.service not in _ABOUT_ACCOUNTS:
        _check_account(key, str(value), account_id)
    if isinstance(value, str):
        _check_text(operation, key, value, account_id=account_id)


def _check_text(operation: Operation, key: str, value: str, *, account_id: str) -> None:
    queue = _QUEUE_URL.fullmatch(value) if operation.service == "sqs" else None
    if queue is not None and key == "QueueUrl":
        _check_account(key, queue["account"], account_id)
        return
    if _ADDRESS.match(value) or _ADDRESS_KEY.search(key):
        hint = "a queue's URL as sqs.list_queues returns it" if key == "QueueUrl" else None
        raise refuse("B3", f"{key} holds an address or a file name, which no read may fetch", hint)
    arn = _ARN.match(value)
    if arn is not None and operation.service not in _ABOUT_ACCOUNTS:
        _check_account(key, arn["account"], account_id)


def _check_account(key: str, named: str, account_id: str) -> None:
    if "*" in named or "?" in named:
        raise refuse("B3", f"{key} names accounts by a wildcard", "one account, by its name")
    if named not in _ARN_OWNERS and named != account_id:
        raise refuse(
            "B7",
            f"{key} belongs to account {quoted(named)}, not to the one asked",
            "the same read with `account` set to that account, if it is registered",
        )


def _check_size(params: Mapping[str, Any]) -> None:
    total = sum(len(str(value)) + len(key) for key, value in _leaves(params, ""))
    if total > MAX_PARAM_CHARS:
        raise refuse("B6", f"the parameters hold {total} characters; {MAX_PARAM_CHARS} are allowed")


def _leaves(value: Any, key: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield every value that holds no others, with the nearest key above it."""
    if depth > MAX_DEPTH:
        raise refuse("B6", f"the parameters are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _leaves(entry, str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _leaves(entry, key, depth + 1)
    else:
        yield key, value


def _nearest(catalogue: Catalogue, service: str, name: str) -> str:
    """Return listed reads that come close, or the services there are."""
    wanted = service_meant(service)
    known = catalogue.of(wanted)
    if not known:
        close = process.extract(
            wanted, catalogue.services(), limit=3, score_cutoff=_RESEMBLANCE_MIN
        )
        names = [found for found, _score, _place in close] or list(catalogue.services())
        return f"a read of {', '.join(names)}"
    titles = [operation.title for operation in known]
    nouns = [_noun(operation.name) for operation in known]
    close_places = process.extract(
        _noun(name.replace("-", "_")),
        nouns,
        scorer=fuzz.WRatio,
        limit=2,
        score_cutoff=_RESEMBLANCE_MIN,
    )
    return " or ".join(titles[place] for _noun_, _score, place in close_places) or titles[0]


def _noun(name: str) -> str:
    """Return what an operation is about: its name without the verb."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:100]).casefold()
    verb, _, noun = snake.partition("_")
    return noun or verb
