"""Sign-in by a kubeconfig's exec plugin, such as `aws eks get-token`.

The official client's own runner waits for ever, reads the terminal and only logs failures; a bot
needs an end and a reason. The plugin is the one the kubeconfig's owner wrote there; no text of a
person or model reaches its command line, and it is not given the bot's own secrets.
Protocol: https://kubernetes.io/docs/reference/access-authn-authz/authentication/
"""

from __future__ import annotations

import json
import subprocess  # noqa: TID251 -- a kubeconfig's plugin is a program by definition
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.adapters.transport import SignInError, one_line
from bot.settings import MODEL_SECRETS, SLACK_SECRETS, child_environment

if TYPE_CHECKING:
    from pathlib import Path

# `aws eks get-token` takes one to three seconds; a call as a whole has fifteen.
PLUGIN_TIMEOUT_S = 10.0
_STDERR_MAX_CHARS = 200
_WITHHELD = MODEL_SECRETS | SLACK_SECRETS | {"SLACK_BOT_TOKEN", "DATABASE_URL", "REDIS_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a plugin returned: a token, a client certificate, or both."""

    token: str | None
    certificate: str | None
    """PEM."""
    key: str | None
    """PEM."""
    expires_at: datetime | None
    """UTC; None when the plugin did not say."""


def run_plugin(
    spec: dict[str, Any], *, home: Path, cluster: dict[str, Any], within_s: float
) -> Credential:
    """Return the credential a plugin gives.

    Args:
        spec: The `exec` section of the kubeconfig's user.
        home: Directory of that kubeconfig, where the plugin is started.
        cluster: The kubeconfig's cluster, for plugins that ask for it.
        within_s: Time left for the read this is for; no plugin gets more than ten seconds.

    Raises:
        SignInError: It cannot be run, failed, took too long, or returned no credential.
    """
    command = spec.get("command")
    version = spec.get("apiVersion")
    if not isinstance(command, str) or not isinstance(version, str):
        raise SignInError("the `exec` section of its kubeconfig user lacks command or apiVersion")
    if spec.get("interactiveMode") == "Always":
        raise SignInError(f"`{command}` signs in at a terminal only; use one that does not ask")
    limit_s = max(min(PLUGIN_TIMEOUT_S, within_s), 0)
    try:
        ran = subprocess.run(  # noqa: S603 -- no shell; the kubeconfig is the owner's own
            [command, *(str(argument) for argument in spec.get("args") or ())],
            env=_environment(spec, version, cluster),
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except FileNotFoundError:
        raise SignInError(_not_found(command, spec)) from None
    except OSError as error:
        raise SignInError(f"`{command}` cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        raise SignInError(
            f"`{command}` gave no credential within {limit_s:.1f} s; run it by hand to see"
            " what it waits for"
        ) from None
    if ran.returncode != 0:
        said = one_line(ran.stderr.decode("utf-8", "replace"), _STDERR_MAX_CHARS)
        raise SignInError(
            f"`{command}` failed with exit code {ran.returncode}"
            + (f": {said}" if said else "; run it by hand to see why")
        )
    return _read_credential(ran.stdout, command=command, version=version)


def _environment(spec: dict[str, Any], version: str, cluster: dict[str, Any]) -> dict[str, str]:
    added = {
        str(item["name"]): str(item["value"])
        for item in spec.get("env") or ()
        if isinstance(item, dict) and "name" in item and "value" in item
    }
    request: dict[str, Any] = {"interactive": False}
    if spec.get("provideClusterInfo"):
        request["cluster"] = _cluster_for_plugin(cluster)
    added["KUBERNETES_EXEC_INFO"] = json.dumps(
        {"apiVersion": version, "kind": "ExecCredential", "spec": request}
    )
    return child_environment(without=_WITHHELD, **added)


def _cluster_for_plugin(cluster: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in cluster.items() if key != "extensions"}
    for extension in cluster.get("extensions") or ():
        if extension.get("name") == "client.authentication.k8s.io/exec":
            shown["config"] = extension.get("extension")
    return shown


def _read_credential(output: bytes, *, command: str, version: str) -> Credential:
    try:
        answer = json.loads(output)
    except ValueError:
        # The error would carry the output, which may hold a token.
        raise SignInError(f"`{command}` did not print an ExecCredential in JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("status"), dict):
        raise SignInError(f"`{command}` printed no ExecCredential with a status")
    if answer.get("apiVersion") != version:
        raise SignInError(
            f"`{command}` speaks {one_line(str(answer.get('apiVersion')), 60)}, but its kubeconfig"
            f" user says {version}; change apiVersion there"
        )
    status = answer["status"]
    token = status.get("token") or None
    certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
    if token is None and not (certificate and key):
        raise SignInError(f"`{command}` printed neither a token nor a certificate with its key")
    return Credential(
        token=token,
        certificate=certificate if certificate and key else None,
        key=key if certificate and key else None,
        expires_at=_read_expiry(status.get("expirationTimestamp"), command=command),
    )


def _read_expiry(stamp: object, *, command: str) -> datetime | None:
    if stamp is None:
        return None
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        raise SignInError(f"`{command}` printed an expirationTimestamp that is no time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _not_found(command: str, spec: dict[str, Any]) -> str:
    hint = spec.get("installHint")
    said = f": {one_line(hint, _STDERR_MAX_CHARS)}" if isinstance(hint, str) and hint else ""
    return f"the sign-in program `{command}` is not installed where Nightdesk runs{said}"
