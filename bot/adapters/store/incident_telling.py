"""One alert as it is told, with all that is stored to find it by; it knows no SQL.

Names in it came from outside: they are cut to what an index takes and stripped of what a database
refuses, while the alert itself is kept as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.domain.alert import Alert, AlertStatus, Origin
from bot.domain.alert_identity import fingerprint_of, stable_labels
from bot.domain.alert_keys import Key, Place, Tie, keys_of, place_of, workloads_of
from bot.domain.incident import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME = 200
"""Characters of an indexed column; PostgreSQL refuses index entries from 2.7 kB on."""
OF_NO_STORM = frozenset({Tie.WORD, Tie.RULE})
_SEPARATOR = "\x1f"
_EMPTY_GROUPS = ("{}", ":{}")
"""How Alertmanager's group keys end when it groups by nothing: everything is one group then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An alert, how it came, and the names it is stored under."""

    alert: Alert
    origin: Origin
    watch: Watch
    now: datetime
    fingerprint: str
    identity: str
    """The same for another incarnation of the alert; the fingerprint when it lacks labels."""
    grouped_by: str | None
    trouble: str
    delivery_id: str
    keys: tuple[Key, ...]

    @property
    def name(self) -> str:
        """The rule's name as it is stored."""
        return plain(self.alert.name)

    @property
    def fires(self) -> bool:
        """Tell whether it counts as firing until it is resolved."""
        return self.alert.status not in {AlertStatus.RESOLVED, AlertStatus.NOTICE}

    @property
    def rank(self) -> tuple[bool, str]:
        """What `bot.domain.incident_life.outranks` compares."""
        return self.alert.is_partial, self.origin.road


def telling_of(alert: Alert, *, origin: Origin, watch: Watch, now: datetime) -> Telling:
    """Return the alert with its names."""
    fingerprint = plain(alert.fingerprint)
    is_told_fully = not alert.is_partial and bool(stable_labels(alert.labels))
    grouped = f"{alert.source.value}{_SEPARATOR}{alert.group_key}"
    groups = bool(alert.group_key) and not alert.group_key.endswith(_EMPTY_GROUPS)
    return Telling(
        alert=alert,
        origin=origin,
        watch=watch,
        now=now,
        fingerprint=fingerprint,
        identity=fingerprint_of(alert.source, alert.name, alert.labels)
        if is_told_fully
        else fingerprint,
        grouped_by=plain(grouped) if groups else None,
        trouble=plain(_SEPARATOR.join((grouped if groups else fingerprint, alert.name))),
        delivery_id=plain(origin.delivery_id),
        keys=keys_of(alert, road=origin.road),
    )


def plain(text: str) -> str:
    """Return text that every database stores and indexes; different texts stay different."""
    kept = text.replace("\x00", "").encode(errors="replace").decode()
    if len(kept) <= MAX_NAME:
        return kept
    digest = sha256(kept.encode()).hexdigest()
    return f"{kept[: MAX_NAME - len(digest)]}{digest}"


def alert_columns(told: Telling) -> dict[str, Any]:
    """Return what is stored of the alert itself, without what became of it."""
    place = place_of(told.alert)
    return {
        "identity": told.identity,
        "grouped_by": told.grouped_by,
        "trouble": told.trouble,
        "name": told.name,
        "cluster": plain(place.cluster),
        "namespace": plain(place.namespace),
        "workload": plain(next(iter(workloads_of(told.alert)), "")),
        "is_partial": told.alert.is_partial,
    }


def key_columns(keys: Iterable[Key], *, of_storm: bool) -> list[dict[str, Any]]:
    """Return rows without an incident, each once.

    A storm is found by places only: of its many rules and words each would lead to it.
    """
    rows = {}
    for key in keys:
        if of_storm and key.tie in OF_NO_STORM:
            continue
        row = {
            "key": key_text(key),
            "place": plain(
                _SEPARATOR.join(
                    (key.place.cluster, key.place.account, key.place.region, key.place.namespace)
                )
            ),
            "road": key.road,
            "subject": plain(key.subject),
        }
        rows[tuple(row.values())] = row | {"words": key.words}
    return list(rows.values())


def key_text(key: Key) -> str:
    """Return the key as it is looked up."""
    return plain(f"{key.tie.value}:{key.value}")


def tie_of(text: str) -> Tie:
    """Return what a key that is looked up ties by."""
    return Tie(text.partition(":")[0])


def key_from(row: Any) -> Key:
    """Return the key of a stored row."""
    tie, _, value = row["key"].partition(":")
    cluster, account, region, namespace = (row["place"].split(_SEPARATOR) + [""] * 4)[:4]
    return Key(
        tie=Tie(tie),
        value=value,
        place=Place(cluster=cluster, account=account, region=region, namespace=namespace),
        road=row["road"],
        subject=row["subject"],
        words=row["words"],
    )
