"""What may stand in a step: values that Kubernetes' own grammar would accept, and nothing else.

Names come from whoever can create an object. One that Kubernetes could not have accepted is left
out, so that no name can add a word or a flag to a command that people copy. Each slot of a command
is one word of a shell, or a part of one inside single quotes; none of the patterns lets a blank or
a quotation mark in. Slots of SAID stand in sentences only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*"
_COUNT = r"[0-9]{1,9}"
_QUANTITY = r"[0-9]{1,18}(?:\.[0-9]{1,6})?(?:n|u|m|k|[KMGTPE]i?)?"
_KEY = (
    r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_VALUE = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PAIR = rf"{_KEY}={_VALUE}"
_THING = rf"(?=.{{1,317}}$)[a-z]{{1,63}}/{_LABEL}(?:\.{_LABEL}){{0,16}}"
_PORT = rf"(?:[0-9]{{1,5}}|{_LABEL})"
_OFFERED = rf"(?:-|{_LABEL}) [0-9]{{1,5}}"
_JSON_PAIR = rf'"{_KEY}":"{_VALUE}"'
_JSON_LABELS = rf"\{{{_JSON_PAIR}(?:,{_JSON_PAIR})*\}}"
_JSON_PORT = r'\{"port":[0-9]{1,5}\}'

WORDS: Final = {
    "kind": r"[a-z]{1,63}",
    "name": _SUBDOMAIN,
    "namespace": _LABEL,
    "container": _LABEL,
    "pod": _SUBDOMAIN,
    "node": _SUBDOMAIN,
    "cordoned": _SUBDOMAIN,
    "rolls": _THING,
    "shapes": _THING,
    "scales": _THING,
    "scaled": _THING,
    "thing": _THING,
    "earlier": _COUNT,
    "newest": _COUNT,
    "limit": _QUANTITY,
    "more": _QUANTITY,
    "config": _SUBDOMAIN,
    "claim": _SUBDOMAIN,
    "class": _SUBDOMAIN,
    "account": _SUBDOMAIN,
    "quota": _SUBDOMAIN,
    "resource": r"[a-z0-9](?:[-a-z0-9./]{0,120}[a-z0-9])?",
    "hard": _QUANTITY,
    "raised": _QUANTITY,
    "rerun": _LABEL,
    "right": rf"{_PAIR}(?:,{_PAIR}){{0,15}}",
    "selector": rf"{_PAIR}(?:,{_PAIR}){{0,15}}",
    "wanted": _PAIR,
    "index": r"[0-9]{1,3}",
    "listens": r"[0-9]{1,5}",
    "before": rf'(?:[0-9]{{1,5}}|"{_LABEL}")',
    "replicas": _COUNT,
    "desired": _COUNT,
    "egress": r"[0-9]{1,3}",
    "into": r"/spec/(?:in|e)gress/-",
    "out_of": r"/spec/(?:in|e)gress/[0-9]{1,3}",
    "rule": (
        rf'\{{"(?:from|to)":\[\{{(?:"namespaceSelector":\{{"matchLabels":{_JSON_LABELS}\}},)?'
        rf'"podSelector":\{{"matchLabels":{_JSON_LABELS}\}}\}}\]'
        rf'(?:,"ports":\[{_JSON_PORT}(?:,{_JSON_PORT})*\])?\}}'
    ),
    "most": _COUNT,
    "raised_most": _COUNT,
    "expected": _COUNT,
    "one_more": _COUNT,
    "scheduler": _SUBDOMAIN,
    # Short enough that role and binding are both shown whole: one without the other is nothing.
    "granted": _LABEL,
    "verb": r"get|list|watch|create|update|patch|delete",
    "asked_of": rf"(?=.{{1,63}}$){_LABEL}(?:\.{_LABEL})*(?:/{_LABEL})?",
    "asked_in": _LABEL,
    "asker": rf"(?=.{{1,80}}$){_LABEL}:{_LABEL}(?:\.{_LABEL})*",
}
"""Slots of commands, each one word or a part of one."""
SAID: Final = {
    "object": _SUBDOMAIN,
    "secret": _SUBDOMAIN,
    "key": r"[-._A-Za-z0-9]{1,253}",
    "closest": r"[-._A-Za-z0-9]{1,253}",
    "owner": _SUBDOMAIN,
    "setting": r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+",
    "file": r"/(?:[\w.-]+/)*[\w.-]+",
    "image": r"[A-Za-z0-9][\w.:/@-]{0,511}",
    "host": rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?",
    "service": _SUBDOMAIN,
    "workload": _SUBDOMAIN,
    "caller": _SUBDOMAIN,
    "gateway": _SUBDOMAIN,
    "reason": r"[A-Za-z][A-Za-z0-9_,:]{0,99}",
    "closest_service": _SUBDOMAIN,
    "port": _PORT,
    "wanted_ports": r"[0-9]{1,5}(?:, [0-9]{1,5})*",
    "ports": rf"{_OFFERED}(?:, {_OFFERED})*",
    "numbers": r"[0-9]{1,5}(?:, [0-9]{1,5})*",
    "path": r"/[\w./~%-]{0,255}",
    "seconds": _COUNT,
    "heard": r"[0-9]{1,5}",
    "address": r"[\w.*-]{0,253}/?[\w./~%-]{0,255}",
    "asked": rf"{_QUANTITY}(?: \+ {_QUANTITY})*",
    "room": _QUANTITY,
    "there": rf"(?:-|{_VALUE}(?:, {_VALUE})*)",
    "taints": rf"{_KEY}(?:={_VALUE})?:[A-Za-z]+(?:, {_KEY}(?:={_VALUE})?:[A-Za-z]+)*",
    "classes": rf"{_SUBDOMAIN.replace('(?=.{1,253}$)', '')}"
    rf"(?:, {_SUBDOMAIN.replace('(?=.{1,253}$)', '')})*",
    "conditions": r"[A-Za-z]+(?:, [A-Za-z]+)*",
    "metric": r"[A-Za-z][\w./-]{0,252}",
    "current": _QUANTITY + "%?",
    "target": _QUANTITY + "%?",
    "defect": "yes",
    "shut_in": "yes",
    "budget": r"(?:minAvailable|maxUnavailable)=[0-9]{1,6}%?",
}
"""Slots of sentences."""

_PATTERNS = {name: re.compile(pattern, re.ASCII) for name, pattern in (WORDS | SAID).items()}


def sound(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that may stand in a step; a slot nobody knows is left out, too."""
    return {
        slot: value
        for slot, value in values.items()
        if slot in _PATTERNS and _PATTERNS[slot].fullmatch(value)
    }
