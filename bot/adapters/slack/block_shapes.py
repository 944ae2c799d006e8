"""Block Kit's blocks as a table: every block of 2026-11 with its fields, limits and surfaces.

Data only; the meaning of a rule is in block_rules, whole-message rules are in validation. Sources
are those of limits. Blocks are plain objects because the SDK's models drop what they do not know.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.block_rules import Flag, Free, Items, Num, Shape, Str, Tagged, Text
from bot.adapters.slack.chart_shapes import CHART
from bot.adapters.slack.element_shapes import (
    ACTION_KINDS,
    ELEMENTS,
    IMAGE,
    INPUT_KINDS,
    plain,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.slack.block_rules import Rule

_RICH_TEXT = Shape(
    required={
        "elements": Items(
            each=Tagged(
                table=dict.fromkeys(
                    (
                        "rich_text_section",
                        "rich_text_list",
                        "rich_text_preformatted",
                        "rich_text_quote",
                    ),
                    Shape(
                        required={"elements": Items(each=Free())},
                        optional={
                            "style": words("bullet", "ordered"),
                            "indent": Num(least=0, most=8, whole=True),
                            "offset": Num(least=0, whole=True),
                            "border": Num(least=0, most=1, whole=True),
                            "language": Str(),
                        },
                    ),
                )
            )
        )
    },
    optional={"block_id": Str(longest=limits.BLOCK_ID)},
)
_RAW_CELLS: Final[Mapping[str, Rule]] = {
    "raw_text": Shape(required={"text": Str(shortest=1)}),
    "raw_number": Shape(required={"value": Num(), "text": Str(shortest=1)}),
}
_CELL = Tagged(table={**_RAW_CELLS, "rich_text": _RICH_TEXT})
_ROW = Items(each=_CELL, least=1, most=limits.TABLE_COLUMNS)
_ID: Final[Mapping[str, Rule]] = {"block_id": Str(longest=limits.BLOCK_ID, shortest=1)}
_BUTTONS = Tagged(table=ELEMENTS, only=frozenset({"button"}))
_CONTEXT_ITEM = Tagged(
    table={
        "plain_text": Text(longest=limits.CONTEXT_TEXT),
        "mrkdwn": Text(longest=limits.CONTEXT_TEXT),
        "image": IMAGE,
    }
)
_TASK_CARD = Shape(
    required={
        "task_id": Str(shortest=1),
        "title": Str(shortest=1),
        "status": words("pending", "in_progress", "complete", "error"),
    },
    optional={
        **_ID,
        "details": _RICH_TEXT,
        "output": _RICH_TEXT,
        "sources": Items(
            each=Shape(required={"url": Str(longest=limits.BUTTON_URL)}, optional={"text": Str()})
        ),
    },
)
_CARD = Shape(
    optional={
        **_ID,
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": Text(longest=limits.CARD_TITLE),
        "subtitle": Text(longest=limits.CARD_TITLE),
        "body": Text(longest=limits.CARD_BODY),
        "actions": Items(each=_BUTTONS),
    },
    one_of=("hero_image", "title", "actions", "body"),
)
_BASE: Final[Mapping[str, Rule]] = {
    "divider": Shape(optional=_ID),
    "section": Shape(
        optional={
            **_ID,
            "text": Text(longest=limits.SECTION_TEXT),
            "fields": Items(
                each=Text(longest=limits.SECTION_FIELD_TEXT), least=1, most=limits.SECTION_FIELDS
            ),
            "accessory": Tagged(table=ELEMENTS, only=ACTION_KINDS | {"image"}),
            "expand": Flag(),
        },
        one_of=("text", "fields"),
    ),
    "header": Shape(required={"text": plain(limits.HEADER_TEXT)}, optional=_ID),
    "image": Shape(
        required={"alt_text": Str(longest=limits.IMAGE_ALT_TEXT)},
        optional={
            **_ID,
            "image_url": Str(longest=limits.IMAGE_URL),
            "slack_file": Free(),
            "title": plain(limits.IMAGE_TITLE),
        },
        one_of=("image_url", "slack_file"),
    ),
    "context": Shape(
        required={"elements": Items(each=_CONTEXT_ITEM, least=1, most=limits.CONTEXT_ELEMENTS)},
        optional=_ID,
    ),
    "actions": Shape(
        required={
            "elements": Items(
                each=Tagged(table=ELEMENTS, only=ACTION_KINDS),
                least=1,
                most=limits.ACTIONS_ELEMENTS,
            )
        },
        optional=_ID,
    ),
    "context_actions": Shape(
        required={
            "elements": Items(
                each=Tagged(table=ELEMENTS, only=frozenset({"feedback_buttons", "icon_button"})),
                least=1,
                most=limits.CONTEXT_ACTIONS_ELEMENTS,
            )
        },
        optional=_ID,
    ),
    "input": Shape(
        required={
            "label": plain(limits.INPUT_LABEL),
            "element": Tagged(table=ELEMENTS, only=INPUT_KINDS),
        },
        optional={
            **_ID,
            "hint": plain(limits.INPUT_HINT),
            "optional": Flag(),
            "dispatch_action": Flag(),
        },
    ),
    "file": Shape(required={"external_id": Str(), "source": words("remote")}, optional=_ID),
    "call": Shape(
        required={"call_id": Str()},
        optional={**_ID, "api_decoration_available": Flag(), "call": Free()},
    ),
    "markdown": Shape(
        required={"text": Str(longest=limits.MARKDOWN_SUM, shortest=1)}, optional=_ID
    ),
    "video": Shape(
        required={
            "alt_text": Str(longest=limits.IMAGE_ALT_TEXT),
            "title": plain(limits.VIDEO_TITLE),
            "thumbnail_url": Str(longest=limits.IMAGE_URL),
            "video_url": Str(longest=limits.IMAGE_URL),
        },
        optional={
            **_ID,
            "author_name": Str(longest=limits.VIDEO_AUTHOR),
            "description": plain(limits.VIDEO_TITLE),
            "provider_icon_url": Str(longest=limits.IMAGE_URL),
            "provider_name": Str(),
            "title_url": Str(longest=limits.IMAGE_URL),
        },
    ),
    "rich_text": _RICH_TEXT,
    "table": Shape(
        required={"rows": Items(each=_ROW, least=1, most=limits.TABLE_ROWS)},
        optional={**_ID, "column_settings": Items(each=Free(), most=limits.TABLE_COLUMNS)},
    ),
    "data_table": Shape(
        required={
            "caption": Str(shortest=1),
            "rows": Items(each=_ROW, least=2, most=limits.DATA_TABLE_ROWS + 1),
        },
        optional={
            **_ID,
            "page_size": Num(least=1, most=limits.DATA_TABLE_PAGE_SIZE, whole=True),
            "row_header_column_index": Num(least=0, most=limits.TABLE_COLUMNS - 1, whole=True),
        },
    ),
    "data_visualization": Shape(
        required={"title": Str(longest=limits.CHART_TITLE, shortest=1), "chart": CHART},
        optional=_ID,
    ),
    "task_card": _TASK_CARD,
    "plan": Shape(
        required={"title": Str(shortest=1)},
        optional={
            **_ID,
            "tasks": Items(each=Tagged(table={"task_card": _TASK_CARD})),
        },
    ),
    "card": _CARD,
    "carousel": Shape(
        required={
            "elements": Items(
                each=Tagged(table={"card": _CARD}), least=1, most=limits.CAROUSEL_CARDS
            )
        },
        optional=_ID,
    ),
    "alert": Shape(
        required={"text": Text(longest=limits.ALERT_TEXT)},
        optional={**_ID, "level": words("default", "info", "warning", "error", "success")},
    ),
    "auth_provider": Shape(
        required={
            "value": Str(longest=limits.AUTH_PROVIDER_TEXT, shortest=1),
            "name": plain(limits.AUTH_PROVIDER_NAME),
            "is_connected": Flag(),
        },
        optional={
            **_ID,
            "description": plain(limits.AUTH_PROVIDER_TEXT),
            "connected_identity": plain(limits.AUTH_PROVIDER_NAME),
            "connected_context": plain(limits.AUTH_PROVIDER_NAME),
            "icon_url": Str(longest=limits.IMAGE_URL),
            "auth_url": Str(longest=limits.IMAGE_URL),
            "disconnect_url": Str(longest=limits.IMAGE_URL),
            "accessory": Tagged(table=ELEMENTS, only=frozenset({"overflow"})),
            "fallback": Free(),
        },
    ),
}
# A container holds blocks but no container: the SDK's docstring calls it a wrapper of blocks.
_CONTAINER = Shape(
    required={
        "child_blocks": Items(each=Tagged(table=_BASE), least=1, most=limits.CONTAINER_CHILDREN)
    },
    optional={
        **_ID,
        "title": plain(limits.CONTAINER_TITLE),
        "rich_text_title": _RICH_TEXT,
        "subtitle": Text(longest=limits.CONTAINER_TITLE),
        "icon": IMAGE,
        "width": words("narrow", "standard", "wide", "full"),
        "is_collapsible": Flag(),
        "default_collapsed": Flag(),
        "has_header_divider": Flag(),
    },
    one_of=("title", "rich_text_title"),
)
BLOCKS: Final[Mapping[str, Rule]] = MappingProxyType({**_BASE, "container": _CONTAINER})

# Docs, blocks.json "available-in-surfaces"; where it names none, messages only (the safe value).
_MESSAGE: Final = frozenset({"message"})
_EVERYWHERE: Final = frozenset({"message", "modal", "home"})
SURFACES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys(BLOCKS, _MESSAGE),
        **dict.fromkeys(
            (
                "actions",
                "auth_provider",
                "card",
                "context",
                "divider",
                "header",
                "image",
                "input",
                "rich_text",
                "section",
                "video",
            ),
            _EVERYWHERE,
        ),
        "carousel": frozenset({"message", "home"}),
        # Docs and two SDK issues (node-slack-sdk#2567, java-slack-sdk#1624): despite its name.
        "alert": frozenset({"modal"}),
    }
)
