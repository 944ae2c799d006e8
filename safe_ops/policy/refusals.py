"""What is never done here, whoever approves: operations people ask for, with what to do by hand.

A closed list. It holds above every policy file and every approval; nothing here reads either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from safe_ops.model.trust import OWN

ALLOWED_DELETIONS: Final = frozenset({"delete_stuck_job", "delete_finished_pods"})
"""The only operations of the catalogue that delete anything."""
_NO_SUCH: Final = ALLOWED_DELETIONS | OWN
"""Named like what is never done, and none of it: no right of anybody's is granted by trust."""

_DELETING: Final = frozenset(
    {"delete", "destroy", "drop", "format", "kill", "purge", "remove", "terminate", "wipe"}
)
_BY_HAND: Final = "somebody with rights of their own does it by hand, a second person looking on"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Refuses a name with one of `words` in it, and one of `verbs` where there are any."""

    words: str
    verbs: frozenset[str] = frozenset()
    says: str

    def fits(self, words: frozenset[str]) -> bool:
        named = not words.isdisjoint(self.words.split())
        return named and (not self.verbs or not words.isdisjoint(self.verbs))


_REFUSALS: Final = (
    _Refusal(
        words="pod pods",
        verbs=_DELETING,
        says="Pods are never deleted: `evict_pod` respects disruption budgets, and"
        " `delete_finished_pods` clears those that ended",
    ),
    _Refusal(
        words="job jobs",
        verbs=_DELETING,
        says="Jobs are not deleted at will: `delete_stuck_job` removes one that is stuck",
    ),
    _Refusal(
        words="ns namespace namespaces",
        verbs=_DELETING,
        says="Namespaces are never deleted by Nightdesk: list what is in it, save the manifests,"
        f" then {_BY_HAND}",
    ),
    _Refusal(
        words="pvc pvcs pv pvs volume volumes snapshot snapshots",
        verbs=_DELETING,
        says=f"Volumes are never deleted by Nightdesk: check the last backup, then {_BY_HAND}",
    ),
    _Refusal(
        words="node nodes",
        verbs=_DELETING,
        says="Nodes are never deleted: `drain_node` empties one, and the node group replaces the"
        " instance",
    ),
    _Refusal(
        words="crd crds customresourcedefinition customresourcedefinitions",
        says="A CRD is never touched by Nightdesk, for deleting one deletes all its objects:"
        f" export them, then {_BY_HAND}",
    ),
    _Refusal(
        words="pdb pdbs budget budgets",
        says="Disruption budgets are never changed: `scale_up` adds replicas until one allows the"
        " eviction",
    ),
    _Refusal(
        words="taint taints noexecute",
        says="Nodes are not tainted: `cordon` keeps new pods away, `drain_node` moves those there",
    ),
    _Refusal(
        words="exec attach forward portforward debug shell bash ssh ssm cp session command",
        says="Nightdesk opens no session in a container or on a machine: use your own `kubectl"
        " exec` or session, which your own rights limit and the cluster audits",
    ),
    _Refusal(
        words="secret secrets password passwords credential credentials token tokens",
        says=f"Secrets are neither read nor written by Nightdesk: {_BY_HAND} in the secret store",
    ),
    _Refusal(
        words="rbac role roles rolebinding rolebindings clusterrole clusterroles binding bindings"
        " iam sts kms scp organization organizations permission permissions policy policies"
        " webhook webhooks grant assume passrole",
        says="Rights, keys and admission webhooks are never changed by Nightdesk: send a change to"
        f" who owns them; in an emergency {_BY_HAND}",
    ),
    _Refusal(
        words="sg security nacl nacls acl acls networkpolicy network route routes route53 dns"
        " firewall firewalls",
        says="Network and DNS rules are never changed by Nightdesk: send a change to who owns them;"
        f" in an emergency {_BY_HAND}",
    ),
    _Refusal(
        words="instance instances ec2",
        verbs=_DELETING | {"stop"},
        says="Instances are neither stopped nor terminated: `drain_node` empties a cluster's,"
        " `ec2_reboot` restarts one, and the scaling group replaces what its health check condemns",
    ),
    _Refusal(
        words="purge",
        says="Queues are never purged, for their messages would be lost: `sqs_redrive` sends a"
        " dead-letter queue's back",
    ),
    _Refusal(
        words="rds db database databases table tables bucket buckets s3 dynamodb elasticache"
        " cluster clusters",
        verbs=_DELETING | {"modify"},
        says=f"Data stores are never changed or deleted: check the last backup, then {_BY_HAND}",
    ),
    _Refusal(
        words="cfn cloudformation stack stacks terraform pulumi",
        says="Infrastructure as code is changed where it is kept: send a change there",
    ),
    _Refusal(
        words="audit alerting alerts monitoring logging cloudtrail guardduty",
        verbs=_DELETING | {"disable", "stop", "mute"},
        says="Audit and alerting are never switched off: `cw_alarm_mute` mutes one alarm for up to"
        " four hours, and silences in Alertmanager are yours to set",
    ),
    _Refusal(
        words="image images env code deploy",
        says="What runs is changed by a deployment of yours: release through the pipeline, or go"
        " back with `rollout_undo`, `ecs_rollback_taskdef` or `lambda_alias_rollback`",
    ),
    _Refusal(
        words="apply patch edit create kubectl helm manifest",
        says="There is no free write: change the manifest in Git and let the pipeline bring it, or"
        " ask for an operation of the catalogue",
    ),
    _Refusal(
        words=" ".join(sorted(_DELETING)),
        says=f"Nothing is deleted by Nightdesk but finished pods and stuck jobs: {_BY_HAND}",
    ),
)
"""The first that fits gives the advice, so the particular ones stand first."""


def hard_refusal(operation: str) -> str:
    """Return why an operation is never done, and what to do instead; empty where it is no such.

    The name is taken as people type it: case, blanks and dashes make no difference.
    """
    words = re.findall(r"[a-z0-9]+", operation.lower())
    if "_".join(words) in _NO_SUCH:
        return ""
    return next((one.says for one in _REFUSALS if one.fits(frozenset(words))), "")
