"""The audit of an installation, without the rest of it: its key, and what reads it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.adapters.clock import SystemClock
from bot.adapters.kept_keys import AUDIT_KEY_FILE, kept_key
from bot.adapters.store.action_index import SqlActionIndex
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.kept_calls import SqlKeptCalls
from bot.bootstrap.installation import current_database, new_id
from bot.domain.errors import SettingsError
from safe_ops.audit import read_private_key
from safe_ops.errors import AuditError

if TYPE_CHECKING:
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What of the database tells of actions; nothing in it is for changing them."""

    trail: SqlTrail
    book: SqlActionBook
    index: SqlActionIndex
    calls: SqlKeptCalls


def open_archive(settings: Settings) -> Archive:
    """Return the installation's audit and actions.

    Raises:
        SettingsError: The database is not at this version's schema.
        UpstreamError: It cannot be reached.
    """
    engine, clock = current_database(settings), SystemClock()
    return Archive(
        trail=SqlTrail(engine, clock, new_id),
        book=SqlActionBook(engine, clock, new_id),
        index=SqlActionIndex(engine, clock, new_id),
        calls=SqlKeptCalls(engine, clock, new_id),
    )


def audit_key(settings: Settings) -> Ed25519PrivateKey:
    """Return the key that signs the audit's checkpoints, made first if there is none.

    Raises:
        SettingsError: What is set is no such key.
    """
    chosen = settings.service.audit_key
    if chosen is not None:
        pem = chosen.get_secret_value()
    else:
        pem = kept_key(settings.service.home, name=AUDIT_KEY_FILE, make=_new_key).decode()
    try:
        return read_private_key(pem)
    except AuditError as error:
        raise SettingsError([f"NIGHTDESK_AUDIT_KEY cannot be used: {error}"]) from error


def has_audit_key(settings: Settings) -> bool:
    """Tell whether this installation has a key already, so that looking makes none."""
    service = settings.service
    return service.audit_key is not None or (service.home / AUDIT_KEY_FILE).exists()


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
