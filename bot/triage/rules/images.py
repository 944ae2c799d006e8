"""Images that cannot be pulled, told apart by what the registry said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Container, Estate, Pod

# https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go
PULL_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
PULL_EVENTS = ("Failed", "BackOff", "InspectFailed")

# A registry says "does not exist or may require authorization" of private images, too: what is
# only absent is judged after what is denied.
_VERDICTS = (
    (
        re.compile(
            r"unauthori[sz]ed|denied|forbidden|no basic auth|authentication required"
            r"|\b40[13]\b|toomanyrequests|\b429\b",
            re.IGNORECASE,
        ),
        ("image_denied", Cause.IMAGE_ACCESS_DENIED, Category.CONFIGURATION, 0.9),
    ),
    (
        re.compile(r"lookup \S+.*no such host|name resolution", re.IGNORECASE),
        ("image_unreachable", Cause.DNS, Category.INFRASTRUCTURE, 0.8),
    ),
    (
        re.compile(
            r"not found|manifest unknown|\b404\b|does not exist|no match for platform"
            r"|invalid reference|couldn't parse image",
            re.IGNORECASE,
        ),
        ("image_absent", Cause.IMAGE_NOT_FOUND, Category.CONFIGURATION, 0.95),
    ),
    (
        re.compile(
            r"i/o timeout|connection refused|deadline exceeded|no route|TLS handshake"
            r"|connection reset",
            re.IGNORECASE,
        ),
        ("image_unreachable", Cause.NETWORK, Category.INFRASTRUCTURE, 0.7),
    ),
)
_UNTOLD = ("image_failed", Cause.IMAGE_NOT_FOUND, Category.CONFIGURATION, 0.6)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each container whose image does not arrive."""
    for pod in estate.pods:
        if estate.is_over(pod):
            continue
        for container in pod.containers:
            if container.waiting_reason in PULL_REASONS:
                yield _judge(estate, pod, container)


def _judge(estate: Estate, pod: Pod, container: Container) -> Finding:
    events = [
        event
        for event in estate.about(pod.ref, *PULL_EVENTS)
        if event.warning and (not container.image or container.image in event.message)
    ]
    message = " ".join([container.waiting_message, *(event.message for event in events)])
    verdict = next((found for words, found in _VERDICTS if words.search(message)), _UNTOLD)
    if container.waiting_reason == "InvalidImageName":
        verdict = ("image_absent", Cause.IMAGE_NOT_FOUND, Category.CONFIGURATION, 0.95)
    phrase, cause, category, weight = verdict
    sources = ("pods", "events") if events else ("pods",)
    return Finding(
        object=estate.workload_of(pod),
        cause=cause,
        category=category,
        phrase=phrase,
        values={"pod": pod.ref.name, "container": container.name, "image": container.image},
        evidence=estate.cite(*sources, namespace=pod.ref.namespace),
        weight=weight,
        since=estate.onset(pod, *PULL_EVENTS),
        check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
        pods=(pod.ref,),
    )
