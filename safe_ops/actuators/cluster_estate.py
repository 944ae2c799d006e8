"""Eyes in one cluster: reads with the operator's own rights, fresh each time.

Knows lists, pages and access reviews. Must not know operations, and never changes anything: the
one POST it makes is the review of our own rights.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from safe_ops.actuators.cluster_wire import Answer, ClusterWire, LostError, NotSentError, Sent
from safe_ops.errors import GoneError, UpstreamError
from safe_ops.model.surveys import Permission

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from safe_ops.model.surveys import Object

# kubectl's own page size.
PAGE_ITEMS = 500
# A page's token ends after some minutes (410); the list is then begun anew.
_LIST_TRIES = 3
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class KubernetesEstate:
    """Reads of one cluster; implements safe_ops.ports.reach.ClusterEstate."""

    def __init__(self, api: ApiClient, *, cluster: str, wire: ClusterWire | None = None) -> None:
        self._wire = wire or ClusterWire(api, cluster=cluster)

    def get(self, path: str) -> Object | None:
        """Return the object at an API path; None if there is none.

        Raises:
            UpstreamError: It cannot be known now, or may not be read.
        """
        answer = self._ask(Sent(method="GET", path=path))
        if answer.not_served:
            return None
        return self._object(answer, path)

    def items(
        self, path: str, *, labels: str = "", fields: str = "", required: bool = False
    ) -> tuple[Object, ...]:
        """Return all objects of a list, however many pages; a kind nobody serves has none.

        Raises:
            GoneError: It is `required`, and the cluster does not serve such objects.
            UpstreamError: It cannot be known now, or may not be read.
        """
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        query = {"limit": str(PAGE_ITEMS)} | {k: v for k, v in selectors.items() if v}
        for _ in range(_LIST_TRIES):
            found = self._pages(path, query, required=required)
            if found is not None:
                return found
        raise UpstreamError(
            f"{self._wire.cluster}: {path} changed faster than it could be read; try again",
            system=self._wire.system,
        )

    def may(
        self,
        verb: str,
        *,
        group: str,
        resource: str,
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> Permission:
        """Ask the cluster whether we may; a review it does not answer raises.

        Raises:
            UpstreamError: It cannot be known now.
        """
        wanted = {
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in wanted.items() if value}},
        }
        answer = self._ask(Sent(method="POST", path=_REVIEWS, body=body))
        status = self._object(answer, _REVIEWS).get("status")
        allowed = isinstance(status, dict) and status.get("allowed") is True
        what = "/".join(filter(None, (resource, subresource))) + (f".{group}" if group else "")
        where = f" in {namespace}" if namespace else ""
        return Permission(says=" ".join(filter(None, (verb, what, name))) + where, allowed=allowed)

    def _pages(
        self, path: str, query: dict[str, str], *, required: bool
    ) -> tuple[Object, ...] | None:
        """Return the whole list; None when it has to be begun anew."""
        found: list[Object] = []
        token = ""
        while True:
            paged = query | ({"continue": token} if token else {})
            answer = self._ask(Sent(method="GET", path=path, query=paged))
            if token and answer.code == HTTPStatus.GONE:
                return None
            if answer.not_served and required:
                raise GoneError(
                    f"{self._wire.cluster} does not serve {path}", system=self._wire.system
                )
            if answer.not_served:
                return ()
            page = self._object(answer, path)
            items, metadata = page.get("items"), page.get("metadata")
            if not isinstance(items, list) or not isinstance(metadata, dict):
                raise self._unusable(path, "it is no list")
            found += items
            token = metadata.get("continue") or ""
            if not token:
                return tuple(found)

    def _ask(self, sent: Sent) -> Answer:
        try:
            return self._wire.exchange(sent)
        except (NotSentError, LostError) as error:
            raise self._unusable(sent.path, str(error)) from error

    def _object(self, answer: Answer, path: str) -> Object:
        if answer.good and isinstance(answer.body, dict):
            return answer.body
        raise UpstreamError(
            f"{self._wire.cluster} did not show {path} ({answer.code}): {answer.says}",
            system=self._wire.system,
            retry_after_s=answer.retry_after_s,
        )

    def _unusable(self, path: str, why: str) -> UpstreamError:
        return UpstreamError(
            f"{self._wire.cluster}: {path} could not be read: {why}", system=self._wire.system
        )
