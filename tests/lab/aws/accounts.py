"""A scenario's accounts as the product is told of them: pure, and quick to load.

Must not know moto, which takes seconds to import.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import yaml

from bot.adapters.cloud.connection import AccountConnection
from bot.domain.registry import Account

SCENARIOS = Path(__file__).parent / "scenarios"
OWN_KEY = "AKIAIOSFODNN7EXAMPLE"
OWN_SECRET = "lab-hub"
Object = dict[str, Any]


def read_scenario(name: str, *, names: str | None = None) -> Object:
    """The tree of `scenarios/<name>.yaml`, its `$words` filled from one of its sets of `names`."""
    text = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    tree: Object = yaml.safe_load(text)
    if names is not None:
        tree = yaml.safe_load(Template(text).safe_substitute(tree["names"][names]))
    return tree


def role_of(account: Object) -> str:
    """ARN of an account's read role."""
    return f"arn:aws:iam::{account['id']}:role/nightdesk-read"


def connections_of(tree: Object, url: str) -> tuple[AccountConnection, ...]:
    """The accounts of a scenario, all at one address."""
    return tuple(
        AccountConnection(
            account=Account(
                name=name,
                account_id=given["id"],
                environment=given["environment"],
                regions=tuple(given["regions"]),
                aliases=tuple(given.get("aliases", ())),
                read_code=given.get("read_code", False),
            ),
            role_arn=role_of(given),
            external_id=given["external_id"],
            endpoint_url=url,
        )
        for name, given in tree["accounts"].items()
    )


def registry_of(tree: Object, url: str) -> list[Object]:
    """The accounts as a registry file declares them."""
    return [
        {
            "name": one.account.name,
            "account_id": one.account.account_id,
            "environment": one.account.environment,
            "regions": list(one.account.regions),
            "aliases": list(one.account.aliases),
            "read_code": one.account.read_code,
            "role_arn": one.role_arn,
            "external_id_env": f"LAB_EXTERNAL_ID_{number}",
            "endpoint_url": one.endpoint_url,
        }
        for number, one in enumerate(connections_of(tree, url))
    ]


def environment_of(tree: Object) -> dict[str, str]:
    """What the product needs in its environment to take on the accounts' roles."""
    return {
        "AWS_ACCESS_KEY_ID": OWN_KEY,
        "AWS_SECRET_ACCESS_KEY": OWN_SECRET,
        **{
            f"LAB_EXTERNAL_ID_{number}": given["external_id"]
            for number, given in enumerate(tree["accounts"].values())
        },
    }
