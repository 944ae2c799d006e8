"""Kubeconfig files that lead real clients to the lab's API servers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.lab.kubernetes.server import KubernetesLab

Object = dict[str, Any]

_EXEC_API = "client.authentication.k8s.io/v1"


def kubeconfig_for(
    labs: Mapping[str, KubernetesLab],
    path: Path,
    *,
    exec_plugin: bool = False,
    operator: bool = False,
) -> Path:
    """Write a kubeconfig with a context per cluster (the first is current) and return its path.

    It signs in as the investigator, or as the operator, who may write.
    With `exec_plugin` the credentials come from a program written beside the file, as cloud
    providers do it, instead of standing in it.
    """
    users = []
    role = "operator" if operator else "reader"
    for name, lab in labs.items():
        token = lab.operator_token if operator else lab.token
        user = _exec_user(token, path, name) if exec_plugin else {"token": token}
        users.append({"name": f"{name}-{role}", "user": user})
    config: Object = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(labs)),
        "clusters": [{"name": n, "cluster": {"server": lab.url}} for n, lab in labs.items()],
        "users": users,
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": f"{name}-{role}"}} for name in labs
        ],
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def _exec_user(token: str, kubeconfig: Path, name: str) -> Object:
    credential = {
        "kind": "ExecCredential",
        "apiVersion": _EXEC_API,
        "status": {"token": token},
    }
    program = kubeconfig.with_name(f"{kubeconfig.stem}-{name}-credentials.py")
    program.write_text(f"print({json.dumps(credential)!r})\n", encoding="utf-8")
    return {
        "exec": {
            "apiVersion": _EXEC_API,
            "command": sys.executable,
            "args": [str(program)],
            "interactiveMode": "Never",
        }
    }
