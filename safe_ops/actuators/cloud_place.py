"""What it takes to change one registered account; the composition root fills it from the registry.

Must not know the registry's file, the environment, or any operation.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlace:
    """One account with its write role, and where its APIs are."""

    name: str
    """As the registry names it."""
    account_id: str
    """Twelve digits; credentials of any other account are refused."""
    role_arn: str
    """The write role; its trust policy needs AssumeRole, SetSourceIdentity and TagSession."""
    external_id: str | None = field(default=None, repr=False)
    """What the role's trust policy asks for."""
    regions: tuple[str, ...]
    endpoint_url: str | None = None
    """One address for every service, such as a simulator's; AWS's own when None."""
    ca_file: str | None = None
    """Certificates to believe; botocore's choice when None."""
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    """HTTPS_PROXY and NO_PROXY decide when None."""
    read_timeout_s: float = 15.0
    write_timeout_s: float = 30.0
    """Longer than a read's: a write that is given up is one whose outcome nobody knows."""
