"""Every Web API method the lab's Slack knows; what is not here answers unknown_method."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.lab.slack.web_api import (
    agents,
    basics,
    chat,
    conversations,
    files,
    people,
    reactions,
    scheduling,
    streaming,
    views,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.slack.web_api.registry import Method

_FAMILIES = (
    agents,
    basics,
    chat,
    conversations,
    files,
    people,
    reactions,
    scheduling,
    streaming,
    views,
)
METHODS: Mapping[str, Method] = MappingProxyType(
    {method.name: method for family in _FAMILIES for method in family.METHODS}
)
