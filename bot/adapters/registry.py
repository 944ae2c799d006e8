"""The registry file, `nightdesk.yaml`, read into `bot.domain.registry` or refused in full.

Knows YAML, and every sentence about a wrong line: all of them are said at once. What makes no
sense although each line is well-formed is `registry_rules`' to say.
"""

from __future__ import annotations

import difflib
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.adapters.cluster.faults import KubeconfigError
from bot.adapters.cluster.kubeconfig import read_kubeconfig
from bot.adapters.registry_rules import ENVIRONMENTS, find_contradictions
from bot.domain.errors import SettingsError
from bot.domain.kinds import Kind
from bot.domain.record_places import AuditPlaces, ChangeRecordPlaces
from bot.domain.registry import (
    Account,
    Channel,
    Cluster,
    Grant,
    Links,
    Registry,
    Team,
    Webhook,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.adapters.registry_rules import Place
    from bot.domain.metrics import MetricsEndpoint


class _File(BaseModel):
    """The file's top level; what is below it are the domain's own values."""

    model_config = ConfigDict(extra="forbid")

    clusters: tuple[Cluster, ...]
    accounts: tuple[Account, ...] = ()
    environments: tuple[str, ...] = ENVIRONMENTS
    channels: tuple[Channel, ...] = ()
    teams: tuple[Team, ...] = ()
    access: tuple[Grant, ...] = (Grant(),)
    webhooks: tuple[Webhook, ...] = ()
    custom_kinds: tuple[Kind, ...] = ()
    audit: AuditPlaces = Field(default_factory=AuditPlaces)
    change_records: ChangeRecordPlaces = Field(default_factory=ChangeRecordPlaces)
    links: Links = Field(default_factory=Links)


_SECTIONS: Mapping[str, type] = {
    "clusters": Cluster,
    "accounts": Account,
    "channels": Channel,
    "teams": Team,
    "access": Grant,
    "webhooks": Webhook,
    "custom_kinds": Kind,
    "audit": AuditPlaces,
    "change_records": ChangeRecordPlaces,
    "links": Links,
}
_WHAT_TO_WRITE = {
    "string_type": "is no text: put it in quotes",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "tuple_type": "is no list: write [one, two]",
    "missing": "is missing",
    "dataclass_type": "is no set of keys: write `name: …` lines under one dash",
    "model_type": "is no set of keys such as `clusters:`",
}
"""pydantic's error types, in words for who writes the file."""


def read_registry(path: Path) -> Registry:
    """Return what the file declares; relative kubeconfig paths start from its directory.

    Raises:
        SettingsError: Everything that is wrong with it, with the line, and what to write instead.
    """
    document = _Document.read(path)
    if document.problems:
        raise SettingsError(document.problems)
    try:
        file = _File.model_validate(document.value)
    except ValidationError as error:
        raise SettingsError(
            [document.at(found["loc"], _explain(found)) for found in error.errors()]
        ) from None
    registry = Registry(
        clusters=tuple(_with_path(cluster, path) for cluster in file.clusters),
        accounts=tuple(_with_certificates(account, path) for account in file.accounts),
        channels=file.channels,
        teams=file.teams,
        access=file.access,
        webhooks=file.webhooks,
        custom_kinds=file.custom_kinds,
        audit=replace(file.audit, file=_beside(path, file.audit.file)),
        change_records=replace(file.change_records, file=_beside(path, file.change_records.file)),
        links=file.links,
    )
    found = find_contradictions(registry, environments=file.environments)
    if found:
        raise SettingsError([document.at(place, problem) for place, problem in found])
    return _with_canonical_names(registry)


def registry_from_kubeconfig(path: str | None, context: str | None = None) -> Registry:
    """Return a registry of a kubeconfig alone: each context is a cluster, the current one first.

    Args:
        path: The file, or several joined as in KUBECONFIG; `~/.kube/config` when None.
        context: Take this one only.

    Raises:
        SettingsError: There is no such file or context, or it holds no context.
    """
    try:
        kubeconfig = read_kubeconfig(path)
        names = kubeconfig.context_names()
        if context is not None:
            names = (kubeconfig.context(context).name,)
    except KubeconfigError as error:
        raise SettingsError([str(error)]) from error
    if not names:
        raise SettingsError([f"{kubeconfig.location} has no contexts, so there is no cluster"])
    return Registry(
        clusters=tuple(
            Cluster(name=name, context=name, kubeconfig=path, aliases=_short_names(name, names))
            for name in names
        )
    )


class _Document:
    """The YAML tree and where in the file each part of it stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.value: object = None
        self.problems: list[str] = []
        self._lines: dict[Place, int] = {}
        self._located: set[int] = set()

    @classmethod
    def read(cls, path: Path) -> _Document:
        document = cls(path.name)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            document.problems.append(f"{path} cannot be read: {error.strerror}")
            return document
        except UnicodeDecodeError:
            document.problems.append(f"{path} is not a text file in UTF-8")
            return document
        try:
            document._load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            document.problems.append(f"{document.file}{line} is not YAML: {error.problem}")
        except (yaml.YAMLError, ValueError) as error:
            reason = " ".join(str(error).split())
            document.problems.append(f"{document.file} is not YAML: {reason}")
        return document

    def at(self, place: Iterable[int | str], problem: str) -> str:
        """Return a problem with the line and path it belongs to."""
        wanted = tuple(place)
        shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in wanted)
        known = next(
            (wanted[:end] for end in range(len(wanted), -1, -1) if wanted[:end] in self._lines), ()
        )
        line = f"{self.file}:{self._lines.get(known, 1)}"
        return " ".join(filter(None, (line, shown.lstrip("."), problem)))

    def _load(self, text: str) -> None:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                self.problems.append(f"{self.file} is empty: it needs `clusters:`")
                return
            self._locate(node, ())
            self.value = loader.construct_document(node)
        finally:
            loader.dispose()

    def _locate(self, node: yaml.Node, place: Place) -> None:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if id(node) in self._located:
            # An anchor used again, perhaps inside itself.
            return
        self._located.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, part in enumerate(node.value):
                self._locate(part, (*place, index))
        if isinstance(node, yaml.MappingNode):
            self._locate_keys(node, place)

    def _locate_keys(self, node: yaml.MappingNode, place: Place) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            here = (*place, name)
            self._lines[here] = key.start_mark.line + 1
            if name in seen:
                self.problems.append(self.at(here, "stands there twice; keep one"))
            seen.add(name)
            self._locate(value, here)


def _explain(found: Any) -> str:
    kind = str(found["type"])
    place = found["loc"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"is no key of it{_did_you_mean(place)}"
    if kind == "string_type" and place[-1] == "account_id":
        return 'is read as a number: put it in quotes, "012345678901"'
    return _WHAT_TO_WRITE.get(kind, str(found["msg"]))


def _did_you_mean(place: tuple[int | str, ...]) -> str:
    section = _SECTIONS.get(str(place[0])) if len(place) > 1 else None
    keys = list(_File.model_fields) if section is None else [f.name for f in fields(section)]
    close = difflib.get_close_matches(str(place[-1]), keys, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(keys)}"


def _with_path(cluster: Cluster, registry_path: Path) -> Cluster:
    """Return the cluster with its files found from the registry's directory."""
    found = partial(_beside, registry_path)
    return replace(
        cluster,
        kubeconfig=found(cluster.kubeconfig),
        operator=cluster.operator
        and replace(cluster.operator, kubeconfig=found(cluster.operator.kubeconfig)),
        prometheus=cluster.prometheus and _with_its_certificates(cluster.prometheus, found),
        loki=cluster.loki and _with_its_certificates(cluster.loki, found),
        alertmanager=cluster.alertmanager and _with_its_certificates(cluster.alertmanager, found),
    )


def _with_its_certificates(
    endpoint: MetricsEndpoint, found: Callable[[str | None], str | None]
) -> MetricsEndpoint:
    return replace(
        endpoint,
        ca_file=found(endpoint.ca_file),
        client_cert=found(endpoint.client_cert),
        client_key=found(endpoint.client_key),
    )


def _with_certificates(account: Account, registry_path: Path) -> Account:
    """Return the account with its files found from the registry's directory."""
    found = partial(_beside, registry_path)
    return replace(
        account,
        ca_file=found(account.ca_file),
        client_cert=found(account.client_cert),
        client_key=found(account.client_key),
    )


def _beside(registry_path: Path, name: str | None) -> str | None:
    """Return a path as it is meant in the registry, absolute; None stays None."""
    return None if name is None else str(registry_path.absolute().parent / Path(name).expanduser())


def _with_canonical_names(registry: Registry) -> Registry:
    """Put clusters' own names where the file uses an alias."""

    def canonical(name: str) -> str:
        cluster = registry.cluster(name)
        return cluster.name if cluster is not None else name

    return replace(
        registry,
        channels=tuple(
            replace(entry, cluster=canonical(entry.cluster)) if entry.cluster else entry
            for entry in registry.channels
        ),
        access=tuple(
            replace(grant, clusters=tuple(canonical(name) for name in grant.clusters))
            for grant in registry.access
        ),
    )


def _short_names(name: str, all_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what people call a context that a cloud provider's tool named.

    `arn:aws:eks:eu-west-1:1234:cluster/shop` and `gke_project_zone_shop` are both `shop`, unless
    two contexts would be.
    """
    short = _last_part(name)
    taken = [_last_part(other) for other in all_names]
    return (short,) if short != name and taken.count(short) == 1 and short not in all_names else ()


def _last_part(name: str) -> str:
    if name.startswith("arn:"):
        return name.rpartition("/")[2]
    if name.startswith("gke_"):
        return name.rpartition("_")[2]
    return name
