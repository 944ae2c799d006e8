"""The policy of an installation: its file's, or the built-in one.

Apart from what else guarded operations need, because whoever only proposes needs no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import SettingsError
from safe_ops.errors import PolicyError
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.policy.file import load_policy
from safe_ops.policy.standard import DEFAULT_POLICY

if TYPE_CHECKING:
    from bot.domain.registry import Account, Cluster, Registry
    from bot.settings import Settings
    from safe_ops.policy.policy import Policy


def installed_policy(settings: Settings, registry: Registry) -> Policy:
    """Return the policy of the file, or the built-in one where there is none.

    Names that neither registry nor catalogue has are refused: a misspelt one would protect nothing.

    Raises:
        SettingsError: The file cannot be used; every problem with its line.
    """
    path = settings.service.policy_file
    if path is None:
        return DEFAULT_POLICY
    places: tuple[Cluster | Account, ...] = (*registry.clusters, *registry.accounts)
    try:
        return load_policy(
            path.read_text(encoding="utf-8"),
            name=path.name,
            operations=CATALOGUE,
            teams=[team.name for team in registry.teams],
            environments={one.environment for one in places},
            places=[one.name for one in places],
        )
    except PolicyError as error:
        raise SettingsError(error.problems) from error
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path} is not a text file in UTF-8"]) from error
