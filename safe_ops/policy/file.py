"""The policy file, `policy.yaml`, read into a `Policy` or refused in full.

Knows every sentence about a wrong line, and says all of them at once. What contradicts itself
although each line is well-formed is `contradictions`' to say.
"""

from __future__ import annotations

import difflib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from safe_ops.errors import PolicyError
from safe_ops.policy.contradictions import Known, find_contradictions
from safe_ops.policy.document import Document
from safe_ops.policy.policy import Policy
from safe_ops.policy.rules import OperationRule, Protected, Role, Roles
from safe_ops.policy.shape import LimitsEntry, PolicyFile

if TYPE_CHECKING:
    from collections.abc import Collection

_KEYS = {
    "operations": [one.name for one in fields(OperationRule)],
    "roles": [one.name for one in fields(Roles)],
    "oncall": [one.name for one in fields(Role)],
    "protected": [one.name for one in fields(Protected)],
    "windows": ["name", "allow", "environments", "zone", "days", "from", "to"],
    "freezes": ["reason", "environments", "zone", "from", "to"],
    "limits": list(LimitsEntry.model_fields),
}
_WHAT_TO_WRITE = {
    "bool_parsing": "is neither true nor false",
    "tuple_type": "is no list: write [one, two]",
    "dict_type": "is no set of keys",
    "string_type": "is no text",
    "missing": "is missing",
    "dataclass_type": "is no set of keys: write `name: …` lines under one dash",
    "model_type": "is no set of keys such as `environments:`",
    "int_parsing": "is no whole number",
}
"""pydantic's error types, in words for who writes the file."""
_GONE = {
    "graduated": (
        "is no key any more: what runs with one approval less is earned for one service and"
        " approved by people; take the key out and ask for each with `/nightdesk run"
        " autonomy_grant place=prod operation=rollout_restart service=shop/cart`"
    ),
}
"""Keys the file had once, with what takes their place."""


def load_policy(
    text: str,
    *,
    name: str,
    operations: Collection[str] = (),
    teams: Collection[str] = (),
    environments: Collection[str] = (),
    places: Collection[str] = (),
) -> Policy:
    """Return the policy a file's text declares.

    Args:
        text: The file.
        name: What sentences about it call it, such as `policy.yaml`.
        operations: Names of the catalogue; where given, the file may name no others.
        teams: Teams of the registry, likewise.
        environments: Environments of the registry: each has to be listed in the file.
        places: Clusters and accounts of the registry; patterns have to fit one.

    Raises:
        PolicyError: Everything that is wrong with it, each with its line.
    """
    document = Document(text, name=name)
    try:
        file = PolicyFile.model_validate(document.value)
    except ValidationError as error:
        raise PolicyError(
            [document.at(_place(found["loc"]), _explain(found)) for found in error.errors()]
        ) from None
    rules = file.value()
    known = Known(operations=operations, teams=teams, environments=environments, places=places)
    found = find_contradictions(rules, known)
    if found:
        raise PolicyError([document.at(place, problem) for place, problem in found])
    return Policy(rules=rules)


def _place(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return where in the file a model's error is: keys of mappings are marked apart there."""
    return tuple(part for part in location if part != "[key]")


def _explain(found: Any) -> str:
    kind, location = str(found["type"]), found["loc"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        if len(location) == 1 and location[0] in _GONE:
            return _GONE[str(location[0])]
        return f"is no key of it{_did_you_mean(location)}"
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind in {"enum", "literal_error"}:
        return f"{found['input']!r} is none of {found['ctx']['expected'].replace(' or ', ', ')}"
    if kind in {"greater_than_equal", "less_than_equal"}:
        (bound,) = found["ctx"].values()
        least = "least" if kind == "greater_than_equal" else "most"
        return f"is {found['input']}, and may be at {least} {bound}"
    return _WHAT_TO_WRITE.get(kind, str(found["msg"]))


def _did_you_mean(location: tuple[int | str, ...]) -> str:
    above = [str(part) for part in location[:-1] if not isinstance(part, int)]
    section = above[-1] if above else ""
    known = _KEYS["oncall"] if section in {"secondary", "manager", "ask"} else _KEYS.get(section)
    keys = known or list(PolicyFile.model_fields)
    close = difflib.get_close_matches(str(location[-1]), keys, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(keys)}"
