"""Which metrics may time a workload's requests, tried in this order, each with why it is tried.

Data only. Which of them count requests, and how a workload is found among their series, guards of
operations know as well: that is `safe_ops.model.request_metrics`.
"""

from __future__ import annotations

from safe_ops.model.request_metrics import (
    INBOUND,
    ISTIO,
    LINKERD,
    NGINX,
    OWN,
    RECEIVED,
    TRAEFIK,
    Candidate,
)

DURATIONS = (
    Candidate(
        metric="http_request_duration_seconds_bucket",
        reason="the name Prometheus' own guide and most client libraries use",
        ways=OWN,
    ),
    Candidate(
        metric="http_server_requests_seconds_bucket",
        reason="Micrometer, so Spring Boot and Quarkus, where histograms are turned on",
        ways=OWN,
    ),
    Candidate(
        metric="http_server_request_duration_seconds_bucket",
        reason="OpenTelemetry's semantic convention for HTTP servers",
        ways=OWN,
    ),
    Candidate(
        metric="grpc_server_handling_seconds_bucket",
        reason="go-grpc-middleware and its ports to other languages",
        ways=OWN,
    ),
    Candidate(
        metric="istio_request_duration_milliseconds_bucket",
        reason="an Istio mesh measures for workloads that export nothing themselves",
        ways=ISTIO,
        unit="milliseconds",
        fixed=RECEIVED,
    ),
    Candidate(
        metric="response_latency_ms_bucket",
        reason="a Linkerd mesh measures for workloads that export nothing themselves",
        ways=LINKERD,
        unit="milliseconds",
        fixed=INBOUND,
    ),
    Candidate(
        metric="nginx_ingress_controller_request_duration_seconds_bucket",
        reason="the ingress in front of it, which sees only what comes from outside",
        ways=NGINX,
    ),
    Candidate(
        metric="traefik_service_request_duration_seconds_bucket",
        reason="the ingress in front of it, which sees only what comes from outside",
        ways=TRAEFIK,
    ),
)
