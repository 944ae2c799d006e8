"""How long the rules need for a namespace of five hundred pods, each API call taking 50 ms.

The yardstick is the official client listing the same pods once, over the same slow line.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from kubernetes import client, config

from bot import log
from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.conversation import Scope
from bot.domain.registry import FULL_ACCESS, Cluster
from bot.triage.answerer import RuleAnswerer
from bot.triage.brief import TriageBrief
from tests.bench.agent_bench import MemorySession
from tests.bench.rows import Goal, Row
from tests.bench.sampling import in_turn
from tests.lab.lab import Lab
from tests.lab.metrics.paced import no_metrics

RUNS = 5
CALL_S = 0.05
CLUSTER, NAMESPACE = "prod-eu", "fleet"


def measure() -> list[Row]:
    """Return the time of one answer, connecting included."""
    log.configure(level="error", as_json=True, role="bench")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-")))
        lab = stack.enter_context(Lab("big_namespace", home=home))
        lab.world.cluster(CLUSTER).slow(CALL_S)
        ours, bare = in_turn(
            RUNS, lambda: _answer(lab.kubeconfig), lambda: _list_pods(lab.kubeconfig)
        )
    return [
        Row(
            name="triage of 500 pods by rules",
            value=ours.median_s,
            unit="s",
            ratio=ours.median_s / bare.median_s,
            goal=Goal(at_most=3),
            note=f"to one list of the pods by the official client, {bare.median_s:.2f} s",
        )
    ]


def _answer(kubeconfig: Path) -> None:
    clusters = KubernetesClusters(
        [Cluster(name=CLUSTER)], clock=SystemClock(), kubeconfig=str(kubeconfig)
    )
    verdict = RuleAnswerer(
        clusters=clusters, metrics=no_metrics(SystemClock()), clock=SystemClock()
    ).answer(
        TriageBrief(
            text=f"what is failing in {NAMESPACE}?",
            scope=Scope(clusters=(CLUSTER,), namespace=NAMESPACE),
            access=FULL_ACCESS,
        ),
        MemorySession(),
    )
    if "dispatcher" not in verdict.summary:
        raise RuntimeError(f"the rules did not find what is wrong: {verdict.summary}")


def _list_pods(kubeconfig: Path) -> None:
    api = config.new_client_from_config(config_file=str(kubeconfig), context=CLUSTER)  # type: ignore[no-untyped-call]
    pods = client.CoreV1Api(api).list_namespaced_pod(NAMESPACE).items
    api.close()
    if len(pods) != 500:
        raise RuntimeError(f"the lab has {len(pods)} pods")
