"""Ways to sign in to a server of the registry; each gives the headers of one request.

Secrets are read by name when they are needed and never kept in a value that prints. AWS' signer
is loaded at the first signed request.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Protocol

from bot.adapters.transport import SignInError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.metrics import MetricsEndpoint

_SERVICE = "aps"
"""Amazon Managed Service for Prometheus, as signatures call it."""


class Sign(Protocol):
    """Gives the headers that sign one GET request."""

    def __call__(self, url: str) -> Mapping[str, str]:
        """Return the headers; SignInError when the credential cannot be had."""
        ...


def signer(
    endpoint: MetricsEndpoint,
    *,
    secret_of: Callable[[str], str | None],
    aws_credentials: Callable[[], Any] | None = None,
) -> Sign:
    """Return how requests to an endpoint are signed.

    Args:
        endpoint: Says which way.
        secret_of: Gives the secret of a name, None if it is not set.
        aws_credentials: Gives botocore credentials; its own search order when None.
    """
    if endpoint.sigv4_region is not None:
        return AwsSignature(endpoint.sigv4_region, credentials=aws_credentials)
    name = endpoint.token_env or endpoint.basic_auth_env
    if name is None:
        return Unsigned()
    return _Secret(name, secret_of, basic=endpoint.token_env is None)


class Unsigned:
    """For servers that ask for no credential, or know us by our certificate."""

    def __call__(self, url: str) -> Mapping[str, str]:
        """Return no headers."""
        return {}


class _Secret:
    """A bearer token, or user and password, read anew for every request."""

    def __init__(self, name: str, secret_of: Callable[[str], str | None], *, basic: bool) -> None:
        self._name = name
        self._secret_of = secret_of
        self._basic = basic

    def __call__(self, url: str) -> Mapping[str, str]:
        """Return the header; SignInError if the secret is missing or malformed."""
        secret = (self._secret_of(self._name) or "").strip()
        if not secret:
            raise SignInError(f"{self._name} is not set; put the credential there")
        if not (secret.isascii() and secret.isprintable()):
            # http.client would refuse it with the secret in its message.
            raise SignInError(f"{self._name} holds characters that cannot be sent")
        if not self._basic:
            return {"authorization": f"Bearer {secret}"}
        if ":" not in secret:
            raise SignInError(f"{self._name} is no user:password")
        return {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


class AwsSignature:
    """Signature version 4, with whatever credentials the process has at AWS."""

    def __init__(self, region: str, *, credentials: Callable[[], Any] | None = None) -> None:
        self._region = region
        self._credentials = credentials
        self._found: Any = None

    def __call__(self, url: str) -> Mapping[str, str]:
        """Return the signature's headers; SignInError without credentials."""
        from botocore.auth import SigV4Auth  # noqa: PLC0415 -- module docstring
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415

        request = AWSRequest(method="GET", url=url)
        try:
            if self._found is None:
                self._found = self._find()
            if self._found is None:
                raise SignInError(
                    "there are no AWS credentials; give the process a role (IRSA, pod identity,"
                    " instance profile) or the AWS variables"
                )
            SigV4Auth(self._found.get_frozen_credentials(), _SERVICE, self._region).add_auth(
                request
            )
        except BotoCoreError as error:
            raise SignInError(f"AWS credentials could not be had: {error}") from error
        return {name.lower(): str(value) for name, value in request.headers.items()}

    def _find(self) -> Any:
        if self._credentials is not None:
            return self._credentials()
        from botocore.session import get_session  # noqa: PLC0415 -- module docstring

        return get_session().get_credentials()
