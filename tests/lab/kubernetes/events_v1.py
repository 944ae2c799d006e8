"""Core events in the shape of events.k8s.io/v1, which shows the same stored objects."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def as_events_v1(event: Object) -> Object:
    """The event as the newer group names its fields."""
    return {
        "kind": "Event",
        "apiVersion": "events.k8s.io/v1",
        "metadata": event["metadata"],
        "eventTime": event.get("eventTime"),
        "reportingController": event.get("reportingComponent", ""),
        "reportingInstance": event.get("reportingInstance", ""),
        "reason": event.get("reason", ""),
        "regarding": event["involvedObject"],
        "note": event.get("message", ""),
        "type": event.get("type", "Normal"),
        "deprecatedSource": event.get("source", {}),
        "deprecatedFirstTimestamp": event.get("firstTimestamp"),
        "deprecatedLastTimestamp": event.get("lastTimestamp"),
        "deprecatedCount": event.get("count", 1),
    }
