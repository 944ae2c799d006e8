"""A lab spoken to as its operator: plain requests, and what tests look at afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3

from tests.lab.estate.pod_status import is_ready
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.lab.kubernetes.server import KubernetesLab

Object = dict[str, Any]

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer."""

    code: int
    body: Object
    headers: dict[str, str]

    @property
    def message(self) -> str:
        """A refusal's sentence."""
        return str(self.body.get("message", ""))


class OperatorDesk:
    """Requests with the operator's token; nothing is repeated."""

    def __init__(self, lab: KubernetesLab) -> None:
        self.lab = lab
        self.cluster = lab.cluster

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        token: str = "",
        timeout_s: float = 5.0,
    ) -> Said:
        """The answer, of any code."""
        answer = urllib3.request(
            method,
            self.lab.url + path,
            body=None if body is None else json.dumps(body),
            headers={
                "Authorization": f"Bearer {token or self.lab.operator_token}",
                "Content-Type": kind,
            },
            timeout=timeout_s,
            retries=False,
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Said(code=answer.status, body=answer.json(), headers=headers)

    def get(self, path: str) -> Object:
        """An object as it is now."""
        said = self.ask("GET", path)
        assert said.code == 200, said.message
        return said.body

    def patch(self, path: str, body: Any, *, kind: str = STRATEGIC) -> Said:
        """A patch's answer."""
        return self.ask("PATCH", path, body, kind=kind)

    def evict(self, pod: str, *, uid: str = "", query: str = "", namespace: str = "shop") -> Said:
        """An eviction's answer."""
        body: Object = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
        }
        if uid:
            body["deleteOptions"] = {"preconditions": {"uid": uid}}
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction{query}"
        return self.ask("POST", path, body)

    def pods(self, app: str, *, namespace: str = "shop") -> list[Object]:
        """The pods of an app that are not going, by name."""
        return [
            pod
            for pod in self.cluster.listed("pods", namespace)
            if pod["metadata"]["labels"].get("app") == app
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def ready(self, app: str) -> list[Object]:
        """Those of `pods` that are ready."""
        return [pod for pod in self.pods(app) if is_ready(pod["status"])]

    def rolled_out(self, path: str, *, within_s: float = 10.0) -> Object:
        """A Deployment once all its pods are of its template and ready."""

        def done() -> Object | None:
            found = self.get(path)
            status, wanted = found["status"], found["spec"]["replicas"]
            seen = status["observedGeneration"] == found["metadata"]["generation"]
            counts = [
                status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")
            ]
            return found if seen and counts == [wanted] * 3 else None

        found = eventually(done, f"{path} is rolled out", within_s=within_s)
        assert found is not None
        return found


def condition(item: Object, type_: str) -> Object:
    """A condition of an object's status."""
    found: Object = next(one for one in item["status"]["conditions"] if one["type"] == type_)
    return found
