"""The lab of one world: clusters, their metrics and accounts, as the product reaches them.

One AWS lab may run in a process at a time; clusters may be many.
"""

from __future__ import annotations

from contextlib import ExitStack
from string import Template
from typing import TYPE_CHECKING, Any, Self

import yaml

from tests.lab.clock import LabClock
from tests.lab.estate.scenario import build_clusters, completed_tree
from tests.lab.estate.scenario import merged as laid_over
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.evals.case import AlarmTold, Case
    from tests.lab.aws.server import AwsLab

Object = dict[str, Any]


class EvalLab:
    """The servers of a case's world; other cases of the same place may be told to it as well."""

    def __init__(self, case: Case, *, home: Path) -> None:
        self._home = home
        self._clock = LabClock()
        self._case = case
        scenario = case.world if isinstance(case.world, str) else ""
        given = case.world if isinstance(case.world, dict) else {"extends": scenario}
        tree = completed_tree({"clusters": {}, **given})
        self.world = World(build_clusters(tree, self._clock), clock=self._clock)
        self._stack = ExitStack()
        self.kubernetes = {
            name: KubernetesLab(cluster) for name, cluster in self.world.clusters.items()
        }
        self._metrics = {
            name: MetricsLab(build_store(cluster, scenario=scenario), clock=self._clock)
            for name, cluster in self.world.clusters.items()
        }
        self.cloud: AwsLab | None = None

    def __enter__(self) -> Self:
        self._home.mkdir(parents=True, exist_ok=True)
        for server in self.kubernetes.values():
            self._stack.enter_context(server)
        for metrics in self._metrics.values():
            self._stack.enter_context(metrics)
        if self._case.cloud is not None:
            self.cloud = self._stack.enter_context(_cloud_of(self._case, self._clock))
        kubeconfig_for(self.kubernetes, self._home / "kubeconfig")
        (self._home / "nightdesk.yaml").write_text(yaml.safe_dump(self._registry()), "utf-8")
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """The product's environment: everything points to the lab, nothing outside it."""
        found = {
            "KUBECONFIG": str(self._home / "kubeconfig"),
            "NIGHTDESK_CONFIG": str(self._home / "nightdesk.yaml"),
            "NIGHTDESK_HOME": str(self._home / "state"),
        }
        return found | (self.cloud.environment() if self.cloud is not None else {})

    def account_number(self) -> str:
        """The number of the first account; empty where there is none."""
        if self.cloud is None:
            return ""
        return str(next(iter(self.cloud.tree["accounts"].values()))["id"])

    def load_balancer(self) -> str:
        """The first account's load balancer as CloudWatch's dimensions name it."""
        if self.cloud is None:
            return ""
        account = next(iter(self.cloud.tree["accounts"]))
        answer = self.cloud.client(account, "elbv2").describe_load_balancers()
        found = str(answer["LoadBalancers"][0]["LoadBalancerArn"]).partition("loadbalancer/")[2]
        self.cloud.gate.seen.clear()
        return found

    def _registry(self) -> Object:
        clusters = [
            {
                "name": name,
                "environment": "staging" if "staging" in name else "prod",
                "prometheus": {"url": self._metrics[name].url},
            }
            for name in self.kubernetes
        ]
        accounts = {"accounts": self.cloud.registry()} if self.cloud is not None else {}
        return {"clusters": clusters, **accounts}


def _cloud_of(case: Case, clock: LabClock) -> AwsLab:
    from tests.lab.aws.server import AwsLab  # noqa: PLC0415 -- moto takes seconds to load

    given = case.cloud
    if given is None:
        raise ValueError(f"{case.id} has no account")
    lab = AwsLab(given.scenario, names=given.names, clock=clock)
    words = lab.tree.get("names", {}).get(given.names, {})
    over = yaml.safe_load(Template(yaml.safe_dump(given.accounts)).safe_substitute(words))
    lab.tree = laid_over(lab.tree, {"accounts": over})
    account = next(iter(lab.tree["accounts"].values()))
    known = account.setdefault("alarms", {})
    for alarm in case.alarms:
        known.setdefault(alarm.name, _alarm_in_account(alarm))
    return lab


def _alarm_in_account(alarm: AlarmTold) -> Object:
    own = "load_balancer" in alarm.dimensions.values()
    return {
        "namespace": alarm.namespace,
        "metric": alarm.metric,
        "dimension": "load_balancer" if own else alarm.dimensions,
        "statistic": alarm.statistic,
        "threshold": alarm.threshold,
        "period": 60,
        "state": alarm.state,
        "since": alarm.starts,
        "reason": "Threshold Crossed" if alarm.state == "ALARM" else "Threshold not crossed",
        "history": [],
    }
