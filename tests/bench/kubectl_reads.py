"""How long kubectl's reads take where they work hardest: a log of 50 MB, and the grammar.

Asked through the tool, a log is read no further back than the tool's own limits: the newest 500
lines, or 50,000 for --grep. What condensing all of the 50 MB would take is measured on such text
in memory; the yardstick is splitting it into lines.
"""

from __future__ import annotations

import re
import tempfile
import timeit
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from bot import log
from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.conversation import Scope
from bot.domain.registry import FULL_ACCESS, Cluster
from bot.tools.kubectl.grammar import parse
from bot.tools.kubectl.tool import KubectlTool
from bot.tools.log_lines import log_lines
from bot.tools.log_patterns import patterns_of
from tests.bench.rows import Row
from tests.bench.sampling import Sample, in_turn
from tests.lab.lab import Lab

CLUSTER, NAMESPACE = "prod-eu", "platform"
LOGS = "kubectl logs deployment/ingress-nginx"
SEARCH = f"{LOGS} --grep=timed"
COMMAND = "kubectl get pods,deployments -n shop -l app=cart -o wide --sort-by=.metadata.name"
LOG_MB = 50
RUNS = 3
_LINES = re.compile(r": (\d+) lines")
PARSES, REPEATS = 500, 5


def measure() -> list[Row]:
    """Return seconds for the log, the rate of condensing, and microseconds for the grammar."""
    log.configure(level="error", as_json=True, role="bench")
    parse_s = median(timeit.repeat(lambda: parse(COMMAND), number=PARSES, repeat=REPEATS)) / PARSES
    return [
        *_asked(),
        *_condensed(),
        Row(name="parse of one command", value=parse_s * 1e6, unit="µs", note=f"`{COMMAND}`"),
    ]


def _asked() -> list[Row]:
    """Return the time of whole commands on a pod that wrote 50 MB."""
    rows = []
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nd-bench-")))
        lab = stack.enter_context(Lab("huge_logs", home=home))
        tool = KubectlTool(
            KubernetesClusters(
                [Cluster(name=CLUSTER)], clock=SystemClock(), kubeconfig=str(lab.kubeconfig)
            ),
            Scope(clusters=(CLUSTER,), namespace=NAMESPACE),
            FULL_ACCESS,
            SystemClock(),
        )
        for command in (LOGS, SEARCH):
            (sample,) = in_turn(RUNS, partial(tool.kubectl, command))
            title = tool.kubectl(command).body.split("== ", 1)[1]
            found = _LINES.search(title)
            if found is None:
                raise RuntimeError(f"the answer does not say what was read: {title[:200]}")
            rows.append(
                Row(
                    name=f"`{command}`",
                    value=sample.median_s,
                    unit="s",
                    note=f"reads the newest {int(found[1]):,} lines of {LOG_MB} MB",
                )
            )
    return rows


def _condensed() -> list[Row]:
    """Return what turning a whole log into patterns takes; once, since it is long."""
    text = _written()
    condensed, split = Sample(), Sample()
    split.time(lambda: text.split("\n"))
    condensed.time(lambda: patterns_of(log_lines(text).lines))
    ratio = condensed.median_s / split.median_s
    return [
        Row(
            name=f"{LOG_MB} MB of log to patterns",
            value=condensed.median_s,
            unit="s",
            ratio=ratio,
            note="to splitting it into lines",
        ),
        Row(
            name="log to patterns",
            value=len(text) / 1_000_000 / condensed.median_s,
            unit="MB/s",
            note="the same run",
        ),
    ]


def _written() -> str:
    """Return what a busy proxy writes, with a failure now and then: 50 MB."""
    usual = '10.42.0.7 - - "GET /api/cart/{n} HTTP/1.1" 200 512 "okhttp/4.12.0" 0.{n} 10.42.0.12:80'
    failing = "[error] 31#31: *{n} upstream timed out while connecting to 10.42.0.15:8080"
    lines: list[str] = []
    size = 0
    while size < LOG_MB * 1_000_000:
        number = len(lines)
        template = failing if number % 500 == 0 else usual
        lines.append(f"2026-11-21T08:00:00.{number:09d}Z {template.replace('{n}', str(number))}")
        size += len(lines[-1]) + 1
    return "\n".join(lines)
