"""Who the caller is and what it may: the self-subject reviews of authn and authz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.estate.access import Access
from tests.lab.kubernetes.kinds import READ_VERBS
from tests.lab.kubernetes.status import StatusError

if TYPE_CHECKING:
    from tests.lab.estate.access import Identity
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

_CHANGES = ("create", "update", "patch", "delete")
_GROUPS = ("system:serviceaccounts", "system:serviceaccounts:nightdesk", "system:authenticated")


def review(cluster: SimulatedCluster, path: str, asked: Object, who: Identity) -> Object:
    """The answered review; a 404 Status if this path reviews nothing."""
    spec = asked.get("spec", {})
    name = path.rstrip("/").rsplit("/", 1)[1]
    if name == "selfsubjectaccessreviews":
        status = _access(cluster, spec, who)
    elif name == "selfsubjectrulesreviews":
        status = _rules(cluster, spec.get("namespace", ""), who)
    elif name == "selfsubjectreviews":
        status = {"userInfo": {"username": who.user, "groups": list(_GROUPS)}}
    else:
        raise StatusError(404, "the server could not find the requested resource")
    return {"metadata": {}} | asked | {"status": status}


def _access(cluster: SimulatedCluster, spec: Object, who: Identity) -> Object:
    wanted = spec.get("resourceAttributes")
    if wanted is None:
        return {"allowed": spec.get("nonResourceAttributes", {}).get("verb") == "get"}
    resource = "/".join(filter(None, (wanted.get("resource", ""), wanted.get("subresource", ""))))
    access = Access(
        verb=wanted.get("verb", ""),
        resource=resource,
        group=wanted.get("group", ""),
        namespace=wanted.get("namespace", ""),
        name=wanted.get("name", ""),
    )
    if cluster.allows(access, who):
        reason = f'RBAC: allowed by ClusterRoleBinding "nightdesk-{who.name}"'
        return {"allowed": True, "reason": reason}
    return {"allowed": False}


def _rules(cluster: SimulatedCluster, namespace: str, who: Identity) -> Object:
    rules = []
    for kind in cluster.kinds:
        for resource in (kind.plural, *(f"{kind.plural}/{part}" for part in kind.subresources)):
            verbs = [
                verb
                for verb in (*READ_VERBS, *_CHANGES)
                if cluster.allows(
                    Access(verb=verb, resource=resource, group=kind.group, namespace=namespace),
                    who,
                )
            ]
            if verbs:
                rules.append({"verbs": verbs, "apiGroups": [kind.group], "resources": [resource]})
    plain = [{"verbs": ["get"], "nonResourceURLs": ["/api", "/apis", "/openapi", "/version"]}]
    return {"resourceRules": rules, "nonResourceRules": plain, "incomplete": False}
