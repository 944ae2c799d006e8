"""What an installation is made of before anything is connected: registry, database, keys, ids."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from bot.adapters.kept_keys import kept_key
from bot.adapters.registry import read_registry, registry_from_kubeconfig
from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import check_schema, upgrade
from bot.domain import secret_text
from bot.domain.errors import SettingsError
from bot.domain.redaction.engine import Redactor

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.domain.registry import Registry
    from bot.settings import Settings


def new_id() -> str:
    """Return an id nobody can guess."""
    return uuid4().hex


def redaction_key(settings: Settings) -> bytes:
    """Return the key of this installation's placeholders."""
    chosen = settings.service.redaction_key
    return kept_key(settings.service.home) if chosen is None else chosen.get_secret_value().encode()


def build_redactor(settings: Settings) -> Redactor:
    """Return what takes secrets out, with this installation's key; installed for the process."""
    return installed_redactor(redaction_key(settings), settings)


def installed_redactor(key: bytes, settings: Settings) -> Redactor:
    """Return a redactor with this key, which is also what tools and triage use from now on."""
    redactor = Redactor(key=key, personal=settings.service.redact_personal)
    secret_text.install(redactor)
    return redactor


def load_registry(settings: Settings) -> Registry:
    """Return the estate: the registry file's, else one cluster per kubeconfig context.

    Raises:
        SettingsError: The file is wrong, or there is neither a file nor a kubeconfig.
    """
    path = settings.service.registry_file
    if path is not None:
        return read_registry(path)
    return registry_from_kubeconfig(settings.service.kubeconfig)


def current_database(settings: Settings) -> Engine:
    """Return the installation's database, whose schema is this version's.

    Raises:
        SettingsError: It is not, or as `open_database` does.
        UpstreamError: It cannot be reached.
    """
    engine = open_database(settings)
    check_schema(engine)
    return engine


def upgrade_database(settings: Settings) -> None:
    """Bring the database to this version's tables."""
    engine = open_database(settings)
    upgrade(engine)
    engine.dispose()


def open_database(settings: Settings) -> Engine:
    """Return the installation's database, whose directory is made where it is embedded.

    Raises:
        SettingsError: The directory cannot be made, or the URL cannot be used.
    """
    home = settings.service.home
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"NIGHTDESK_HOME {home} cannot be made ({error.strerror}): set one you may write"
        raise SettingsError([problem]) from error
    return open_engine(settings.service.database)


def redis_url(settings: Settings) -> str:
    """Return the Redis to use.

    Raises:
        SettingsError: None is set; only `nightdesk up` brings one along.
    """
    if settings.service.redis_url is None:
        raise SettingsError(
            ["REDIS_URL is not set: set it, or use `nightdesk up`, which starts an embedded Redis"]
        )
    return settings.service.redis_url.get_secret_value()
