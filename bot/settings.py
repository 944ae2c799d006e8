"""Every setting there is, read once from the environment; nothing else reads the environment.

Secrets live here and nowhere else; what describes the estate lives in the registry file.
"""

from __future__ import annotations

import difflib
import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.domain.errors import SettingsError


class Role(StrEnum):
    """Which process reads the settings; each needs, and may have, its own."""

    LISTENER = "listener"
    INVESTIGATOR = "investigator"
    OPERATOR = "operator"
    CRON = "cron"
    TERMINAL = "terminal"


class SlackSettings(BaseSettings):
    """How Slack is reached."""

    model_config = SettingsConfigDict(
        env_prefix="SLACK_",
        extra="ignore",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )

    bot_token: SecretStr | None = None
    """Bot User OAuth Token, `xoxb-…`."""
    app_token: SecretStr | None = None
    """App-level token with `connections:write`, `xapp-…`; set, it means Socket Mode."""
    signing_secret: SecretStr | None = None
    """Signing secret; needed for HTTP mode, that is without an app token."""
    api_url: str = "https://slack.com/api/"
    """Base of the Web API; the demo points it at the lab."""


class ModelSettings(BaseSettings):
    """Which language models may be asked, in which order, and what they cost."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTDESK_MODEL_",
        extra="ignore",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )

    api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    """Key of the Anthropic API; without it that provider is skipped."""
    base_url: str | None = Field(default=None, validation_alias="ANTHROPIC_BASE_URL")
    """Another address of the Anthropic API, such as a gateway."""
    name: str = "claude-sonnet-5-5"
    """Model id at the Anthropic API."""
    bedrock_name: str | None = None
    """Model id or inference profile at Amazon Bedrock; unset, Bedrock is skipped."""
    bedrock_region: str | None = None
    """Region of Bedrock; needed with `bedrock_name`."""
    bedrock_url: str | None = None
    """Another address of Bedrock, such as a VPC endpoint."""
    prices: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """JSON: model id to USD per million input and output tokens; adds to the built-in table."""


class LimitSettings(BaseSettings):
    """Ceilings; at each of them a partial answer is given and says so."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTDESK_MAX_",
        extra="ignore",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )

    turns: int = Field(default=12, ge=1, le=50)
    """Model turns per answer."""
    tool_calls: int = Field(default=25, ge=1, le=200)
    """Tool calls per answer."""
    tokens: int = Field(default=200_000, ge=1_000)
    """Tokens per answer, input and output together, cached input at a tenth."""
    usd: float = Field(default=1.0, gt=0)
    """Money per answer."""
    seconds: float = Field(default=180.0, ge=5, le=1800)
    """Time per answer."""
    usd_per_thread: float = Field(default=5.0, gt=0)
    """Money per thread; beyond it answers come by rules."""
    usd_per_channel_day: float = Field(default=25.0, gt=0)
    """Money per channel in 24 hours; beyond it answers come by rules."""
    usd_per_day: float = Field(default=100.0, gt=0)
    """Money in 24 hours over everything; beyond it answers come by rules."""


class ServiceSettings(BaseSettings):
    """The processes themselves."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTDESK_",
        extra="ignore",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )

    home: Path = Path(".nightdesk")
    """Directory for the embedded database and the embedded Redis."""
    config: Path | None = None
    """The registry file; `nightdesk.yaml` in the working directory when that exists."""
    kubeconfig: str | None = Field(default=None, validation_alias="KUBECONFIG")
    """Kubeconfig of clusters that name none; the usual search order when unset."""
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """SQLAlchemy URL, `postgresql+psycopg://…`; an SQLite file in `home` when unset."""
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """`redis://…`; `nightdesk up` starts an embedded server when unset."""
    redaction_key: SecretStr | None = None
    """Key of the placeholders that stand for secrets, any long random text; made and kept in `home`
    when unset. All processes of an installation need the same one."""
    redact_personal: bool = False
    """True hides mail addresses, telephone, card and account numbers as well, as secrets are."""
    policy: Path | None = None
    """The policy file for operations; `nightdesk.policy.yaml` in the working directory when that
    exists, else the built-in policy."""
    audit_key: SecretStr | None = None
    """Ed25519 private key, PEM, that signs the audit's checkpoints; made and kept in `home` when
    unset. Cron and operator need the same one."""
    factor_key: SecretStr | None = None
    """Key that second factors' secrets are encrypted with, any long random text; made and kept in
    `home` when unset. All processes of an installation need the same one."""
    public_url: str | None = None
    """Where people's browsers reach the web entry point, `https://…`; security keys need it."""
    http_host: str = "127.0.0.1"
    """Address the web entry point binds to."""
    http_port: int = Field(default=8080, ge=0, le=65535)
    """Port of the web entry point: Slack's HTTP mode, health and readiness."""
    question_workers: int = Field(default=2, ge=1, le=32)
    """Worker processes for questions that `nightdesk up` starts."""
    runbooks: Path | None = None
    """Directory with the team's own runbooks, Markdown with a head; ours are there as well."""
    alert_workers: int = Field(default=1, ge=1, le=32)
    """Worker processes for alerts that `nightdesk up` starts; people never wait for them."""
    operators: int = Field(default=2, ge=1, le=8)
    """Operator processes that `nightdesk up` starts, beside one that only plans; each is with one
    action until it is verified, which may take an hour."""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """debug, info, warning or error."""
    log_json: bool | None = None
    """True for JSON lines, false for text; by default JSON unless a terminal reads."""
    lease_s: float = Field(default=15.0, ge=1, le=300)
    """How long a silent worker keeps a thread; it renews five times as often."""
    sweep_s: float = Field(default=5.0, ge=0.2, le=300)
    """How often the sweeper looks for work that nobody was told of."""
    burst_s: float = Field(default=1.0, ge=0, le=10)
    """How long a person must be quiet before their messages are taken as one question."""
    cluster_timeout_s: float = Field(default=15.0, ge=1, le=120)
    """Longest wait for one answer of a cluster."""

    @property
    def lease(self) -> timedelta:
        """The lease as a duration."""
        return timedelta(seconds=self.lease_s)

    @property
    def database(self) -> str:
        """The database's URL, embedded or not."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'nightdesk.db'}"

    @property
    def policy_file(self) -> Path | None:
        """The policy file to read, or None for the built-in policy."""
        if self.policy is not None:
            return self.policy
        usual = Path("nightdesk.policy.yaml")
        return usual if usual.exists() else None

    @property
    def registry_file(self) -> Path | None:
        """The registry file to read, or None when there is none."""
        if self.config is not None:
            return self.config
        usual = Path("nightdesk.yaml")
        return usual if usual.exists() else None


class Settings(BaseModel):
    """The whole tree."""

    model_config = ConfigDict(frozen=True)

    slack: SlackSettings
    model: ModelSettings
    limits: LimitSettings
    service: ServiceSettings

    @property
    def has_model(self) -> bool:
        """Tell whether any language model is configured."""
        return self.model.api_key is not None or self.model.bedrock_name is not None


_GROUPS: tuple[type[BaseSettings], ...] = (
    SlackSettings,
    ModelSettings,
    LimitSettings,
    ServiceSettings,
)


def variable_names() -> dict[str, str]:
    """Return every environment variable that is read, with its meaning."""
    names: dict[str, str] = {}
    for group in _GROUPS:
        prefix = group.model_config.get("env_prefix", "")
        for field_name, field in group.model_fields.items():
            alias = field.validation_alias
            name = alias if isinstance(alias, str) else f"{prefix}{field_name}".upper()
            names[name] = field.description or ""
    return names


def load(role: Role, *, env_file: Path | None = None) -> Settings:
    """Return the settings of one process, complete for its role.

    Raises:
        SettingsError: Lists everything that is missing or wrong, a line each.
    """
    file_environment(env_file)
    problems = _misspelt()
    groups: list[BaseSettings] = []
    for group in _GROUPS:
        try:
            groups.append(group(_env_file=env_file))
        except ValidationError as error:
            problems += [_explain(group, dict(found)) for found in error.errors()]
    if problems:
        raise SettingsError(problems)
    slack, model, limits, service = groups
    settings = Settings.model_validate(
        {"slack": slack, "model": model, "limits": limits, "service": service}
    )
    problems = _missing(settings, role)
    if problems:
        raise SettingsError(problems)
    return settings


def named_secret(name: str) -> str | None:
    """Return the secret that the registry names by its environment variable; None if not set."""
    return os.environ.get(name) or None


def child_environment(*, without: frozenset[str], **added: str) -> dict[str, str]:
    """Return this process's environment for a child, less what the child may not hold."""
    return {name: value for name, value in {**os.environ, **added}.items() if name not in without}


def file_environment(env_file: Path | None) -> dict[str, str]:
    """Return the settings of a file as variables for child processes; none without a file.

    Raises:
        SettingsError: The file does not exist.
    """
    if env_file is None:
        return {}
    if not env_file.is_file():
        raise SettingsError([f"{env_file} does not exist; see README, 'Connect a workspace'"])
    return {name: value for name, value in dotenv_values(env_file).items() if value is not None}


MODEL_SECRETS = frozenset({"ANTHROPIC_API_KEY"})
"""What the operator may never hold: with a model key it could be talked to (D4)."""
SLACK_SECRETS = frozenset({"SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"})
"""What only the listener needs."""


def _missing(settings: Settings, role: Role) -> list[str]:
    problems: list[str] = []
    slack = settings.slack
    if role in {Role.LISTENER, Role.INVESTIGATOR, Role.OPERATOR} and slack.bot_token is None:
        problems.append("SLACK_BOT_TOKEN is not set: the Bot User OAuth Token, xoxb-…")
    if role is Role.LISTENER and slack.app_token is None and slack.signing_secret is None:
        problems.append(
            "SLACK_APP_TOKEN (Socket Mode, xapp-…) or SLACK_SIGNING_SECRET (HTTP mode) is not set:"
            " set one of them"
        )
    if role is Role.OPERATOR and settings.model.api_key is not None:
        problems.append(
            "ANTHROPIC_API_KEY is set, but the operator may not hold a model key: unset it here"
        )
    if settings.model.bedrock_name is not None and settings.model.bedrock_region is None:
        problems.append("NIGHTDESK_MODEL_BEDROCK_REGION is not set, but a Bedrock model is")
    config = settings.service.config
    if config is not None and not config.is_file():
        problems.append(f"NIGHTDESK_CONFIG names {config}, which is not a file")
    policy = settings.service.policy
    if policy is not None and not policy.is_file():
        problems.append(f"NIGHTDESK_POLICY names {policy}, which is not a file")
    return problems


def _misspelt() -> list[str]:
    known = variable_names()
    return [
        f"{name} is not a setting" + _did_you_mean(name, known)
        for name in sorted(os.environ)
        if name.startswith("NIGHTDESK_") and name not in known
    ]


def _did_you_mean(name: str, known: dict[str, str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {close[0]}?" if close else ": see the configuration table in README"


def _explain(group: type[BaseSettings], found: dict[str, object]) -> str:
    location = found["loc"]
    first = str(location[0]) if isinstance(location, tuple) and location else "?"
    prefix = str(group.model_config.get("env_prefix", ""))
    name = first if first.isupper() else f"{prefix}{first}".upper()
    return f"{name} is wrong: {found['msg']}"
