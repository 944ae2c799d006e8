"""What `nightdesk doctor` says of the policy for operations, and of where they are possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.bootstrap.policy import installed_policy
from bot.domain.errors import SettingsError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.registry import Registry
    from bot.ports.probe import Probe
    from bot.settings import Settings


def policy_probe(settings: Settings, registry: Registry) -> Probe:
    """Return a look at the policy file and at the places the operator may change."""

    def look() -> list[Checkup]:
        path = settings.service.policy_file
        name = "the built-in policy" if path is None else path.name
        try:
            policy = installed_policy(settings, registry)
        except SettingsError as error:
            return [
                Checkup(
                    part="policy",
                    health=Health.FAILED,
                    found=problem,
                    next_step="mend the policy file: no process starts with it",
                )
                for problem in error.problems
            ]
        places = [one.name for one in registry.clusters if one.operator is not None]
        places += [one.name for one in registry.accounts if one.operator_role_arn is not None]
        where = f"operations in {', '.join(places)}" if places else "no operations anywhere"
        return [
            Checkup(part="policy", health=Health.OK, found=f"{name}, {policy.hash[:12]}; {where}")
        ]

    return look
