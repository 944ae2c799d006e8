"""Kubeconfig files, merged as kubectl merges them, with every path in them made absolute.

Knows the format and where the files are looked for. Must not open connections or run plugins, and
does not load the Kubernetes client, so that the command line can list contexts quickly.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.adapters.cluster.faults import KubeconfigError
from bot.adapters.transport import one_line

USUAL_KUBECONFIG = "~/.kube/config"
"""Where a kubeconfig is looked for when nobody names one."""
_PATH_KEYS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A named cluster, user or context, and the directory its relative paths start from."""

    name: str
    body: dict[str, Any]
    home: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubeconfig:
    """One or more files read as one; of two entries with one name the first counts."""

    location: str
    """The files, as a person would name them."""
    contexts: dict[str, Entry]
    clusters: dict[str, Entry]
    users: dict[str, Entry]
    current: str | None

    def context_names(self) -> tuple[str, ...]:
        """Return the contexts, the current one first, the others in the order of the files."""
        others = tuple(name for name in self.contexts if name != self.current)
        return others if self.current not in self.contexts else (str(self.current), *others)

    def context(self, name: str) -> Entry:
        """Return a context.

        Raises:
            KubeconfigError: There is none of that name; the text says which there are.
        """
        try:
            return self.contexts[name]
        except KeyError:
            raise KubeconfigError(
                f"{self.location} has no context {name!r}; {_alternatives(name, self.contexts)}"
            ) from None

    def cluster_of(self, context: Entry) -> Entry:
        """Return the cluster a context names.

        Raises:
            KubeconfigError: There is none of that name, or it has no server.
        """
        named = context.body.get("cluster")
        if named not in self.clusters:
            raise KubeconfigError(
                f"{self.location}: context {context.name!r} names cluster {named!r}, which has no"
                " entry under `clusters`"
            )
        cluster = self.clusters[named]
        if not isinstance(cluster.body.get("server"), str):
            raise KubeconfigError(f"{self.location}: cluster {named!r} has no `server`")
        return cluster

    def user_of(self, context: Entry) -> Entry | None:
        """Return the user a context names; None when it names none.

        Raises:
            KubeconfigError: There is none of that name.
        """
        named = context.body.get("user")
        if named is None:
            return None
        if named not in self.users:
            raise KubeconfigError(
                f"{self.location}: context {context.name!r} names user {named!r}, which has no"
                " entry under `users`"
            )
        return self.users[named]


def read_kubeconfig(location: str | None) -> Kubeconfig:
    """Return the kubeconfig at a path, or at several joined as in KUBECONFIG.

    Raises:
        KubeconfigError: No file exists, or one cannot be read; the text names it.
    """
    wanted = location or USUAL_KUBECONFIG
    paths = [Path(part).expanduser() for part in wanted.split(os.pathsep) if part]
    present = [path for path in paths if path.exists()]
    if not present:
        raise KubeconfigError(
            f"there is no kubeconfig at {wanted}; set KUBECONFIG, or `kubeconfig` or `in_cluster`"
            " for the cluster in nightdesk.yaml"
        )
    files = [(path, _read(path)) for path in present]
    return Kubeconfig(
        location=os.pathsep.join(str(path) for path in present),
        contexts=_merged(files, "contexts", "context"),
        clusters=_merged(files, "clusters", "cluster"),
        users=_merged(files, "users", "user"),
        current=next((str(c) for _, body in files if (c := body.get("current-context"))), None),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KubeconfigError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = one_line(error.problem or "not YAML")
        raise KubeconfigError(f"{path} is not YAML{line}: {problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise KubeconfigError(f"{path} is not a text file in YAML") from None
    if not isinstance(body, dict):
        raise KubeconfigError(f"{path} is not a kubeconfig: it holds no keys such as `clusters`")
    return body


def _merged(files: list[tuple[Path, dict[str, Any]]], plural: str, kind: str) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for path, body in files:
        listed = body.get(plural) or []
        if not isinstance(listed, list):
            raise KubeconfigError(f"{path}: `{plural}` is not a list")
        for item in listed:
            name = item.get("name") if isinstance(item, dict) else None
            fields = item.get(kind) if isinstance(item, dict) else None
            if not isinstance(name, str) or not isinstance(fields, dict | None):
                raise KubeconfigError(f"{path}: an entry of `{plural}` lacks `name` or `{kind}`")
            home = path.absolute().parent
            entries.setdefault(
                name, Entry(name=name, body=_absolute(fields or {}, home), home=home)
            )
    return entries


def _absolute(fields: dict[str, Any], home: Path) -> dict[str, Any]:
    return fields | {
        key: str(home / fields[key]) for key in _PATH_KEYS if isinstance(fields.get(key), str)
    }


def _alternatives(name: str, known: dict[str, Entry]) -> str:
    if not known:
        return "it has no contexts at all"
    close = difflib.get_close_matches(name, known, n=1)
    names = ", ".join(sorted(known)[:20])
    return f"did you mean {close[0]}? It has: {names}" if close else f"it has: {names}"
