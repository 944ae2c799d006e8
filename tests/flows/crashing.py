"""What the scripted model reads and concludes about shop/cart, which crash-loops in prod-eu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.model.brains import call, conclude

if TYPE_CHECKING:
    from tests.lab.model.replies import ToolCall

PODS = call("kubectl", command="kubectl get pods -n shop")
WARNINGS = call("kubectl", command="kubectl events -n shop --types=Warning")
ROLLOUTS = call("kubectl", command="kubectl get replicasets -n shop")
LAST_WORDS = call("kubectl", command="kubectl logs deploy/cart -n shop --previous --tail=200")
SUMMARY = "cart is in CrashLoopBackOff"


def verdict(summary: str) -> ToolCall:
    return conclude(
        status="CONFIRMED",
        summary=summary,
        object="prod-eu/deployment/shop/cart",
        cause="application_crash",
        category="application",
        hypotheses=[{"statement": "cart crashes", "state": "supported", "evidence": ["E1"]}],
    )


CRASHING = verdict(f"{SUMMARY} [E1].")
ONE_READ: list[object] = [PODS, CRASHING]
TWO_READS: list[object] = [
    [PODS, WARNINGS],
    verdict(f"{SUMMARY} [E1], and its containers are restarted again and again [E2]."),
]
