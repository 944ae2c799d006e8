"""What an investigation ends in: the object people read, scripts parse and evals grade."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(StrEnum):
    """How sure the answer is."""

    CONFIRMED = "CONFIRMED"
    LIKELY = "LIKELY"
    INCONCLUSIVE = "INCONCLUSIVE"
    HEALTHY = "HEALTHY"


class Category(StrEnum):
    """Where the cause lies; `none` when nothing is wrong or nothing was found."""

    APPLICATION = "application"
    CONFIGURATION = "configuration"
    DEPENDENCY = "dependency"
    CAPACITY = "capacity"
    CHANGE = "change"
    INFRASTRUCTURE = "infrastructure"
    NONE = "none"


class Cause(StrEnum):
    """Closed list of causes; the value is the code, `meaning` its one line."""

    NONE = "none"
    UNKNOWN = "unknown"
    APPLICATION_CRASH = "application_crash"
    OUT_OF_MEMORY = "out_of_memory"
    BAD_COMMAND = "bad_command"
    MISSING_CONFIG = "missing_config"
    WRONG_CONFIG = "wrong_config"
    IMAGE_NOT_FOUND = "image_not_found"
    IMAGE_ACCESS_DENIED = "image_access_denied"
    PROBE_WRONG = "probe_wrong"
    UNSCHEDULABLE_CAPACITY = "unschedulable_capacity"
    UNSCHEDULABLE_CONSTRAINT = "unschedulable_constraint"
    QUOTA_EXCEEDED = "quota_exceeded"
    STORAGE = "storage"
    NETWORK = "network"
    DNS = "dns"
    ACCESS = "access"
    DEPENDENCY_DOWN = "dependency_down"
    CPU_STARVED = "cpu_starved"
    NODE_FAULT = "node_fault"
    JOB_FAILED = "job_failed"
    BAD_ROLLOUT = "bad_rollout"
    FUNCTION_TIMEOUT = "function_timeout"
    THROTTLED = "throttled"
    CREDENTIALS_MISSING = "credentials_missing"
    MEMORY_LEAK = "memory_leak"
    CPU_SATURATED = "cpu_saturated"
    CONNECTION_LIMIT = "connection_limit"
    LOCK_CONTENTION = "lock_contention"
    FAILOVER = "failover"
    SERVICE_SELECTOR_WRONG = "service_selector_wrong"
    SERVICE_PORT_WRONG = "service_port_wrong"
    NO_ENDPOINTS = "no_endpoints"
    ROUTE_WRONG = "route_wrong"
    NETWORK_POLICY_BLOCKS = "network_policy_blocks"
    SERVICE_ACCOUNT_MISSING = "service_account_missing"
    RBAC_DENIED = "rbac_denied"
    CERTIFICATE_EXPIRED = "certificate_expired"
    AUTOSCALER_AT_MAX = "autoscaler_at_max"
    AUTOSCALER_BLIND = "autoscaler_blind"
    DISRUPTION_BLOCKED = "disruption_blocked"
    CONTROL_PLANE = "control_plane"
    OVERLOADED = "overloaded"

    @property
    def meaning(self) -> str:
        """One line a person can read."""
        return _MEANINGS[self]


_MEANINGS = {
    Cause.NONE: "nothing is wrong now",
    Cause.UNKNOWN: "the cause was not found",
    Cause.APPLICATION_CRASH: "the program itself ends with an error",
    Cause.OUT_OF_MEMORY: "a container is killed because it reached its memory limit",
    Cause.BAD_COMMAND: "the container's command cannot be run",
    Cause.MISSING_CONFIG: "a config map, secret or key the workload refers to does not exist",
    Cause.WRONG_CONFIG: "a setting has a value the program cannot work with",
    Cause.IMAGE_NOT_FOUND: "the image or its tag does not exist in the registry",
    Cause.IMAGE_ACCESS_DENIED: "the registry refuses to hand out the image",
    Cause.PROBE_WRONG: "a probe asks the wrong port, path or too early",
    Cause.UNSCHEDULABLE_CAPACITY: "no node has room for the pod",
    Cause.UNSCHEDULABLE_CONSTRAINT: "taints, affinity or selectors leave no node for the pod",
    Cause.QUOTA_EXCEEDED: "a quota or limit range refuses the pod",
    Cause.STORAGE: "a volume cannot be bound, attached, mounted or written",
    Cause.NETWORK: "a service, endpoint, route or policy does not lead to the workload",
    Cause.DNS: "a host name does not resolve",
    Cause.ACCESS: "credentials or permissions are missing or wrong",
    Cause.DEPENDENCY_DOWN: "something the workload needs is down or slow",
    Cause.CPU_STARVED: "the workload does not get the processor time it asks for",
    Cause.NODE_FAULT: "a node or one of its services is unhealthy",
    Cause.JOB_FAILED: "a job or cron job did not finish",
    Cause.BAD_ROLLOUT: "the newest revision is worse than the one before",
    Cause.FUNCTION_TIMEOUT: "a function is ended at its time limit before its work is done",
    Cause.THROTTLED: "calls are refused because a concurrency or rate limit is reached",
    Cause.CREDENTIALS_MISSING: "the workload runs without credentials that exist for it",
    Cause.MEMORY_LEAK: "the program's memory only grows until it is killed",
    Cause.CPU_SATURATED: "the program uses all the processor time it is given",
    Cause.CONNECTION_LIMIT: "a database takes no more connections",
    Cause.LOCK_CONTENTION: "transactions wait for locks that others hold",
    Cause.FAILOVER: "a database moved to its standby",
    Cause.SERVICE_SELECTOR_WRONG: "a service selects none of the pods meant, or others beside them",
    Cause.SERVICE_PORT_WRONG: "a service leads to a port on which its pods do not listen",
    Cause.NO_ENDPOINTS: "a service has nobody behind it who could answer",
    Cause.ROUTE_WRONG: "a route leads to a missing service or port, or its gateway refuses it",
    Cause.NETWORK_POLICY_BLOCKS: "a network policy keeps out traffic that the workload needs",
    Cause.SERVICE_ACCOUNT_MISSING: "the pods' service account does not exist",
    Cause.RBAC_DENIED: "the cluster's access rules refuse what the workload asks of the API",
    Cause.CERTIFICATE_EXPIRED: "a certificate has run out",
    Cause.AUTOSCALER_AT_MAX: "an autoscaler is at its maximum and the load asks for more",
    Cause.AUTOSCALER_BLIND: "an autoscaler gets no metrics, or finds nothing to scale",
    Cause.DISRUPTION_BLOCKED: "a disruption budget allows no pod to be moved",
    Cause.CONTROL_PLANE: "a component the cluster itself runs on is down",
    Cause.OVERLOADED: "more requests come than the workload is sized for",
}


class HypothesisState(StrEnum):
    """Where a hypothesis stands."""

    SUPPORTED = "supported"
    RULED_OUT = "ruled_out"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One explanation, with the evidence that speaks for or against it."""

    statement: str
    state: HypothesisState
    evidence: tuple[str, ...]
    """Ledger labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something a person may do; each with how to see that it worked and how to take it back."""

    action: str
    check: str
    """A read-only command or query that would show the effect."""
    risk: str
    undo: str
    operation: str = ""
    """Name of the operation of the catalogue that does it; empty where none does, or may be asked
    for here."""
    parameters: dict[str, str] = field(default_factory=dict, hash=False)
    """The operation's, with `place`, as people would type them."""
    from_text: tuple[str, ...] = ()
    """Parameters that were read in free text, such as an event's message."""

    @property
    def order(self) -> str:
        """Return what to type so that it is planned and put before people; empty without one."""
        return order_of(self.operation, self.parameters) if self.operation else ""


def order_of(operation: str, parameters: Mapping[str, str]) -> str:
    """Return the command by which a person asks for an operation."""
    words = (f"{name}={value}" for name, value in parameters.items())
    return shlex.join(("/nightdesk", "run", operation, *words))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePoint:
    """One dated fact."""

    at: str
    """ISO 8601, UTC."""
    what: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One source that was not seen whole, or not at all."""

    source: str
    scope: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was looked at, counted by code from the ledger; each entry is `source @ scope`."""

    checked: tuple[str, ...] = ()
    """Answered with content."""
    clean: tuple[str, ...] = ()
    """Answered that there is nothing."""
    truncated: tuple[Gap, ...] = ()
    unreachable: tuple[Gap, ...] = ()
    denied: tuple[Gap, ...] = ()
    not_tried: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The machine-readable answer; `nightdesk ask --json` prints exactly this."""

    status: Status
    summary: str
    """Conclusion first, in the asker's language; cites ledger labels as [E1]."""
    object: str | None = None
    """`cluster/kind/namespace/name` (lower-case kind; empty namespace for cluster objects), or the
    ARN of a cloud resource."""
    cause: Cause = Cause.NONE
    category: Category = Category.NONE
    since: str | None = None
    """ISO 8601, UTC; None when unknown."""
    trigger: str | None = None
    hypotheses: tuple[Hypothesis, ...] = ()
    timeline: tuple[TimelinePoint, ...] = ()
    mitigation: tuple[Step, ...] = ()
    """Relief for now."""
    permanent: tuple[Step, ...] = ()
    """The cure."""
    nothing_to_do: bool = False
    """True when no action is needed now; then both lists above are empty."""
    code_change: str | None = None
    """Specification an engineer or coding agent can take; None when no code change helps."""
    next_checks: tuple[str, ...] = ()
    """What would decide an INCONCLUSIVE verdict; two where that is the status."""
    proposals: tuple[str, ...] = ()
    """Operations proposed for approval, as people call them: A12."""
    unverified: tuple[str, ...] = ()
    """Names and numbers of the summary that occur in no cited evidence: hypotheses, not facts."""
    caveats: tuple[str, ...] = ()
    """Why code lowered the status, or that the work ended early; a sentence each."""
    coverage: Coverage = Coverage()
    confidence: float = 0.0
    """0 to 1, computed by code."""
    answered_by: str = "rules"
    """`anthropic:<model>`, `bedrock:<model>`, `rules` or `command`."""
    evidence: tuple[str, ...] = ()
    """Labels cited."""
    cost_usd: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    """Tool calls made."""
