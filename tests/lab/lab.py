"""The whole lab: one world, and every simulator that shows it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import yaml

from bot.adapters.slack.manifest import manifest
from tests.lab.clock import LabClock
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.model.server import ModelLab
from tests.lab.slack.seed import MANAGERS_GROUP, ONCALL_GROUP
from tests.lab.slack.testing import SlackLab
from tests.lab.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.model.brains import Brain

LINKED = ("runbooks", "grafana", "prometheus", "alertmanager")
"""Hosts under `.example` that the lab's alerts lead to."""
WEBHOOK_SECRET = "ALERTMANAGER_TOKEN"
"""Name of the variable with the token that the lab's webhook asks for."""


class Lab:
    """Simulators on loopback ports, and the files that lead the product to them.

    With a `brain` there is a Messages API server and a key for it; without one the product has
    no model.
    """

    webhook_token = "lab-webhook-token"

    def __init__(
        self,
        scenario: str,
        *,
        home: Path,
        brain: Brain | None = None,
        registry: dict[str, object] | None = None,
        slack_port: int = 0,
    ) -> None:
        self.home = home
        self.clock = LabClock()
        self.world = World.load(scenario, clock=self.clock)
        self.slack = SlackLab(manifest=manifest(), clock=self.clock, port=slack_port)
        self.kubernetes = {
            name: KubernetesLab(cluster) for name, cluster in self.world.clusters.items()
        }
        self.metrics = {
            name: MetricsLab(build_store(cluster, scenario=scenario), clock=self.clock)
            for name, cluster in self.world.clusters.items()
        }
        self.model = ModelLab(brain) if brain is not None else None
        self._registry = registry
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start every simulator and write the files."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._stack.enter_context(self.slack)
        for server in self.kubernetes.values():
            self._stack.enter_context(server)
        for metrics in self.metrics.values():
            self._stack.enter_context(metrics)
        if self.model is not None:
            self._stack.enter_context(self.model)
        kubeconfig_for(self.kubernetes, self.kubeconfig)
        kubeconfig_for(self.kubernetes, self.operator_kubeconfig, operator=True)
        self.registry_file.write_text(yaml.safe_dump(self.registry()), encoding="utf-8")

    def stop(self) -> None:
        """Stop every simulator."""
        self._stack.close()

    @property
    def kubeconfig(self) -> Path:
        return self.home / "kubeconfig"

    @property
    def operator_kubeconfig(self) -> Path:
        return self.home / "operator-kubeconfig"

    @property
    def registry_file(self) -> Path:
        return self.home / "nightdesk.yaml"

    def channel_id(self, name: str) -> str:
        return str(self.slack.workspace.channel(name).id)

    def declare(self, **sections: object) -> None:
        """Add sections to the registry file of a lab that runs."""
        self._registry = {**self.registry(), **sections}
        self.registry_file.write_text(yaml.safe_dump(self.registry()), encoding="utf-8")

    def registry(self) -> dict[str, object]:
        """The registry in force: what was given, or every cluster for everyone."""
        if self._registry is not None:
            return self._registry
        first = next(iter(self.kubernetes))
        return {
            "clusters": [
                {
                    "name": name,
                    "environment": "staging" if "staging" in name else "prod",
                    "prometheus": {"url": self.metrics[name].url},
                    "operator": {"kubeconfig": str(self.operator_kubeconfig)},
                }
                for name in self.kubernetes
            ],
            "channels": [
                {"channel": self.channel_id("#oncall"), "name": "oncall", "cluster": first},
                {"channel": self.channel_id("#alerts"), "name": "alerts", "alerts": {}},
            ],
            "webhooks": [
                {
                    "name": "alertmanager",
                    "sender": "alertmanager",
                    "channel": self.channel_id("#alerts"),
                    "secret_env": WEBHOOK_SECRET,
                }
            ],
            "teams": [
                {"name": "oncall", "user_group": ONCALL_GROUP},
                {"name": "managers", "user_group": MANAGERS_GROUP},
            ],
            "audit": {"file": "audit.jsonl"},
            "change_records": {"file": "changes.jsonl"},
            "links": {"hosts": [f"{name}.example" for name in LINKED]},
        }

    def environment(self) -> dict[str, str]:
        """The product's environment: everything points to the lab, nothing outside it."""
        slack = self.slack
        found = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": f"{slack.api_url}/",
            "KUBECONFIG": str(self.kubeconfig),
            "NIGHTDESK_CONFIG": str(self.registry_file),
            "NIGHTDESK_HOME": str(self.home / "state"),
            "NIGHTDESK_LOG_JSON": "true",
            WEBHOOK_SECRET: self.webhook_token,
        }
        if self.model is not None:
            found |= {"ANTHROPIC_API_KEY": "lab-key", "ANTHROPIC_BASE_URL": self.model.url}
        return found
