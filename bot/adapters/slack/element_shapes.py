"""Block Kit's elements as a table: buttons, menus, inputs, and the objects they are made of.

Data only, with the sources of limits; it must not know which block an element stands in.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.block_rules import Flag, Free, Items, Num, Shape, Str, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.slack.block_rules import Rule


def words(*allowed: str) -> Str:
    """Return the rule that a string is one of the words."""
    return Str(among=frozenset(allowed))


def plain(longest: int) -> Text:
    """Return the rule that a text object is plain text of at most so many characters."""
    return Text(longest=longest, among=("plain_text",))


_ACTION: Final[Mapping[str, Rule]] = {"action_id": Str(longest=limits.ACTION_ID, shortest=1)}
CONFIRM = Shape(
    required={
        "title": plain(limits.CONFIRM_TITLE),
        "text": Text(longest=limits.CONFIRM_TEXT),
    },
    optional={
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
        "style": words("primary", "danger"),
    },
)
_OPTION = Shape(
    required={
        "text": Text(longest=limits.OPTION_TEXT),
        "value": Str(longest=limits.OPTION_VALUE),
    },
    optional={
        "description": Text(longest=limits.OPTION_TEXT),
        "url": Str(longest=limits.BUTTON_URL),
    },
    type_tag=False,
)
_OPTION_GROUP = Shape(
    required={
        "label": plain(limits.OPTION_TEXT),
        "options": Items(each=_OPTION, least=1, most=limits.SELECT_OPTIONS),
    },
    type_tag=False,
)
_FEEDBACK = Shape(
    required={
        "text": plain(limits.BUTTON_TEXT),
        "value": Str(longest=limits.BUTTON_VALUE),
    },
    optional={"accessibility_label": Str(longest=limits.BUTTON_ACCESSIBILITY_LABEL)},
)
IMAGE = Shape(
    required={"alt_text": Str(longest=limits.IMAGE_ALT_TEXT)},
    optional={"image_url": Str(longest=limits.IMAGE_URL), "slack_file": Free()},
    one_of=("image_url", "slack_file"),
)
_VISIBLE = Items(each=Str(shortest=1), most=limits.VISIBLE_TO_USERS)
_BUTTON = Shape(
    required={"text": plain(limits.BUTTON_TEXT)},
    optional={
        **_ACTION,
        "url": Str(longest=limits.BUTTON_URL),
        "value": Str(longest=limits.BUTTON_VALUE),
        "style": words("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": Str(longest=limits.BUTTON_ACCESSIBILITY_LABEL),
        "agent_prompt": Str(longest=limits.BUTTON_AGENT_PROMPT),
        "agent_prompt_display": Free(),
        "visible_to_user_ids": _VISIBLE,
    },
)
_CHOOSER: Final[Mapping[str, Rule]] = {
    **_ACTION,
    "placeholder": plain(limits.PLACEHOLDER),
    "confirm": CONFIRM,
    "focus_on_load": Flag(),
}
_WRITER: Final[Mapping[str, Rule]] = {
    **_ACTION,
    "placeholder": plain(limits.PLACEHOLDER),
    "focus_on_load": Flag(),
    "initial_value": Free(),
    "dispatch_action_config": Free(),
}


def _select(*extra: str, options: bool = False) -> Shape:
    lists: Mapping[str, Rule] = {
        "options": Items(each=_OPTION, least=1, most=limits.SELECT_OPTIONS),
        "option_groups": Items(each=_OPTION_GROUP, least=1, most=limits.SELECT_OPTIONS),
    }
    return Shape(
        optional={**_CHOOSER, **(lists if options else {}), **dict.fromkeys(extra, Free())},
        one_of=("options", "option_groups") if options else (),
    )


def _choice(initial: str) -> Shape:
    return Shape(
        required={"options": Items(each=_OPTION, least=1, most=limits.CHOICE_OPTIONS)},
        optional={**_ACTION, "confirm": CONFIRM, "focus_on_load": Flag(), initial: Free()},
    )


def _writer(*extra: str) -> Shape:
    return Shape(optional={**_WRITER, **dict.fromkeys(extra, Free())})


ELEMENTS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "button": _BUTTON,
        "image": IMAGE,
        "overflow": Shape(
            required={"options": Items(each=_OPTION, least=1, most=limits.OVERFLOW_OPTIONS)},
            optional={**_ACTION, "confirm": CONFIRM},
        ),
        "feedback_buttons": Shape(
            required={"positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
            optional=_ACTION,
        ),
        "icon_button": Shape(
            required={"icon": Str(shortest=1), "text": plain(limits.BUTTON_TEXT)},
            optional={
                **_ACTION,
                "value": Str(longest=limits.BUTTON_VALUE),
                "accessibility_label": Str(longest=limits.BUTTON_ACCESSIBILITY_LABEL),
                "visible_to_user_ids": _VISIBLE,
                "confirm": CONFIRM,
            },
        ),
        "workflow_button": Shape(
            required={"text": plain(limits.BUTTON_TEXT), "workflow": Free()},
            optional={
                **_ACTION,
                "style": words("primary", "danger"),
                "accessibility_label": Str(),
            },
        ),
        "checkboxes": _choice("initial_options"),
        "radio_buttons": _choice("initial_option"),
        "static_select": _select("initial_option", options=True),
        "multi_static_select": _select("initial_options", "max_selected_items", options=True),
        "external_select": _select("initial_option", "min_query_length"),
        "multi_external_select": _select(
            "initial_options", "min_query_length", "max_selected_items"
        ),
        "users_select": _select("initial_user"),
        "multi_users_select": _select("initial_users", "max_selected_items"),
        "conversations_select": _select(
            "initial_conversation",
            "default_to_current_conversation",
            "response_url_enabled",
            "filter",
        ),
        "multi_conversations_select": _select(
            "initial_conversations",
            "default_to_current_conversation",
            "max_selected_items",
            "filter",
        ),
        "channels_select": _select("initial_channel", "response_url_enabled"),
        "multi_channels_select": _select("initial_channels", "max_selected_items"),
        "datepicker": _select("initial_date"),
        "timepicker": _select("initial_time", "timezone"),
        "datetimepicker": _select("initial_date_time"),
        "plain_text_input": Shape(
            optional={
                **_WRITER,
                "initial_value": Str(longest=limits.PLAIN_INPUT),
                "multiline": Flag(),
                "min_length": Num(least=0, most=limits.PLAIN_INPUT, whole=True),
                "max_length": Num(least=1, most=limits.PLAIN_INPUT, whole=True),
            }
        ),
        "email_text_input": _writer(),
        "url_text_input": _writer(),
        "number_input": _writer("is_decimal_allowed", "min_value", "max_value"),
        "rich_text_input": _writer("min_lines", "max_lines"),
        "file_input": Shape(optional={**_ACTION, "filetypes": Free(), "max_files": Num(least=1)}),
    }
)
INPUT_KINDS: Final = frozenset(ELEMENTS) - {
    "button",
    "image",
    "overflow",
    "feedback_buttons",
    "icon_button",
    "workflow_button",
}
_FORM_ONLY: Final = frozenset(
    {"plain_text_input", "email_text_input", "url_text_input", "number_input", "file_input"}
)
ACTION_KINDS: Final = (INPUT_KINDS - _FORM_ONLY) | {"button", "overflow", "workflow_button"}
