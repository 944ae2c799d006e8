"""Which metrics may count a workload's requests, tried in this order, each with why it is tried.

Data only, for investigations and for guards alike. Names and labels are those of the exporters' own
documentation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One matcher of a way to find a workload among a metric's series."""

    label: str
    value: str
    """With `{namespace}`, `{name}` or `{pods}`, the last an expression for its pods' names."""
    is_pattern: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How a metric tells failed requests from others."""

    label: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One metric."""

    metric: str
    """Counts requests, or, of a duration, the buckets of its histogram."""
    reason: str
    ways: tuple[tuple[Want, ...], ...]
    """How series are found to be the workload's; the first that has any counts."""
    failures: tuple[Failures, ...] = ()
    unit: str = "seconds"
    """Of a duration."""
    fixed: tuple[Want, ...] = ()
    """Matchers it always needs, so that nothing is counted twice."""


_NAMESPACE = Want(label="namespace", value="{namespace}")
OWN = (
    # Pods are surest; the others are what scrape configurations without a pod label give.
    (_NAMESPACE, Want(label="pod", value="{pods}", is_pattern=True)),
    *((_NAMESPACE, Want(label=one, value="{name}")) for one in ("service", "app", "deployment")),
    *((_NAMESPACE, Want(label=one, value="{name}")) for one in ("job", "container")),
)
ISTIO = (
    (
        Want(label="destination_workload_namespace", value="{namespace}"),
        Want(label="destination_workload", value="{name}"),
    ),
)
# A scrape that keeps Prometheus' own `namespace` label moves the controller's to `exported_…`.
NGINX = tuple(
    (
        Want(label=f"{prefix}namespace", value="{namespace}"),
        Want(label=f"{prefix}{label}", value="{name}"),
    )
    for prefix in ("exported_", "")
    for label in ("service", "ingress")
)
# The Kubernetes provider's names of services: NAMESPACE-NAME-PORT@kubernetes.
TRAEFIK = (
    (Want(label="service", value="{namespace}-{name}-[a-z0-9-]+@kubernetes.*", is_pattern=True),),
)
LINKERD = ((_NAMESPACE, Want(label="deployment", value="{name}")),)

_SERVER_ERRORS = "5.."
_CODES = tuple(
    Failures(label=label, pattern=_SERVER_ERRORS)
    for label in ("code", "status", "status_code", "http_status_code", "http_response_status_code")
)
_GRPC = (
    # Codes that blame the server; the others are answers a caller may deserve.
    Failures(
        label="grpc_code",
        pattern="Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss",
    ),
)
RECEIVED = (Want(label="reporter", value="destination"),)
INBOUND = (Want(label="direction", value="inbound"),)

REQUESTS = (
    Candidate(
        metric="http_requests_total",
        reason="the name Prometheus' own guide and most client libraries use",
        ways=OWN,
        failures=_CODES,
    ),
    Candidate(
        metric="http_server_requests_seconds_count",
        reason="Micrometer, so Spring Boot and Quarkus",
        ways=OWN,
        failures=_CODES,
    ),
    Candidate(
        metric="http_server_request_duration_seconds_count",
        reason="OpenTelemetry's semantic convention for HTTP servers",
        ways=OWN,
        failures=_CODES,
    ),
    Candidate(
        metric="http_request_duration_seconds_count",
        reason="services that export only a histogram: its count counts requests",
        ways=OWN,
        failures=_CODES,
    ),
    Candidate(
        metric="grpc_server_handled_total",
        reason="go-grpc-middleware and its ports to other languages",
        ways=OWN,
        failures=_GRPC,
    ),
    Candidate(
        metric="istio_requests_total",
        reason="an Istio mesh counts for workloads that export nothing themselves",
        ways=ISTIO,
        failures=(Failures(label="response_code", pattern=_SERVER_ERRORS),),
        # Both ends of a call report it.
        fixed=RECEIVED,
    ),
    Candidate(
        metric="response_total",
        reason="a Linkerd mesh counts for workloads that export nothing themselves",
        ways=LINKERD,
        failures=(Failures(label="classification", pattern="failure"),),
        fixed=INBOUND,
    ),
    Candidate(
        metric="nginx_ingress_controller_requests",
        reason="the ingress in front of it, which sees only what comes from outside",
        ways=NGINX,
        failures=_CODES,
    ),
    Candidate(
        metric="traefik_service_requests_total",
        reason="the ingress in front of it, which sees only what comes from outside",
        ways=TRAEFIK,
        failures=_CODES,
    ),
)
