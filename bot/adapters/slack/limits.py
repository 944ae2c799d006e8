"""Slack's numbers in one place, each with its source, so that a change there is one line here.

Constants only: it must not know blocks, clients or settings. "Docs" is docs.slack.dev, "SDK" is
slack-sdk 3.47. Undocumented numbers name the public report they come from. Lengths are characters
of a Python string unless the name says bytes.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Whole messages and views (docs: blocks overview, chat.postMessage, chat.update).
BLOCKS_PER_MESSAGE: Final = 50
BLOCKS_PER_VIEW: Final = 100
POST_TEXT: Final = 40_000  # longer text is cut by Slack
POST_TEXT_RECOMMENDED: Final = 4_000
UPDATE_TEXT: Final = 4_000  # hard: chat.update answers msg_too_long
# Slack refuses near 13,200 (slackapi/bolt-js#2509, undocumented); we keep a margin.
MESSAGE_BLOCK_TEXT_SUM: Final = 12_000
MARKDOWN_SUM: Final = 12_000  # docs: all markdown blocks of a message together
TABLES_PER_MESSAGE: Final = 1
CHARTS_PER_MESSAGE: Final = 2  # docs: data visualization block
ATTACHMENTS_PER_MESSAGE: Final = 100

# Blocks (SDK validators and docs).
BLOCK_ID: Final = 255
SECTION_TEXT: Final = 3_000
SECTION_FIELDS: Final = 10
SECTION_FIELD_TEXT: Final = 2_000  # docs; the SDK's models do not check it
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
CONTEXT_TEXT: Final = 3_000
ACTIONS_ELEMENTS: Final = 25
CONTEXT_ACTIONS_ELEMENTS: Final = 5
INPUT_LABEL: Final = 2_000
INPUT_HINT: Final = 2_000
IMAGE_URL: Final = 3_000
IMAGE_ALT_TEXT: Final = 2_000
IMAGE_TITLE: Final = 2_000
FILE_ALT_TEXT: Final = 1_000  # docs: files.getUploadURLExternal
FILE_TITLE: Final = 200  # undocumented; longer ones are cut on screen anyway
SNIPPET_BYTES: Final = 1_000_000  # docs (help centre): a longer text is a file without preview
VIDEO_TITLE: Final = 199  # SDK compares with "<" 200
VIDEO_AUTHOR: Final = 49  # SDK compares with "<" 50
CARD_TITLE: Final = 150
CARD_BODY: Final = 200
CAROUSEL_CARDS: Final = 10
CONTAINER_CHILDREN: Final = 10
CONTAINER_TITLE: Final = 150
ALERT_TEXT: Final = 3_000  # undocumented; the limit of a section's text is taken
AUTH_PROVIDER_NAME: Final = 75
AUTH_PROVIDER_TEXT: Final = 150

# Tables and charts (docs; SDK 3.47 has no model for data_table and data_visualization).
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLE_TEXT: Final = 10_000
DATA_TABLE_ROWS: Final = 100  # without the header; a third-party crate says 201, the docs 100
DATA_TABLE_PAGE_SIZE: Final = 100
DATA_TABLE_PAGE_SIZE_DEFAULT: Final = 5
CHART_TITLE: Final = 50
CHART_SERIES: Final = 6  # docs; other senders use 12
CHART_CATEGORIES: Final = 20
CHART_LABEL: Final = 20

# Elements (SDK).
ACTION_ID: Final = 255
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
BUTTON_URL: Final = 3_000
BUTTON_ACCESSIBILITY_LABEL: Final = 75
BUTTON_AGENT_PROMPT: Final = 4_000
VISIBLE_TO_USERS: Final = 10  # docs, for icon_button; taken for button too
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
SELECT_OPTIONS: Final = 100
CHOICE_OPTIONS: Final = 10  # docs: checkboxes and radio buttons
OVERFLOW_OPTIONS: Final = 5
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
PLACEHOLDER: Final = 150
PLAIN_INPUT: Final = 3_000

# Views (SDK; docs for the stack).
CALLBACK_ID: Final = 255
MODAL_TITLE: Final = 24
MODAL_BUTTON: Final = 24
PRIVATE_METADATA: Final = 3_000
VIEW_STACK: Final = 3
TRIGGER_ID_TTL_S: Final = 3.0

# Streams.
STREAM_TTL_S: Final = 300.0  # slackapi/python-slack-sdk#1859: dies even while appended to
STREAM_ROTATE_AFTER_S: Final = 240.0  # a minute before the server would
STREAM_MAX_BYTES: Final = 11_000  # 10.6 to 11.3 kB were seen (CopilotKit#6063, openclaw#143882)
STREAM_ROTATE_BYTES: Final = 9_000
STREAM_MARKDOWN_PER_CALL: Final = 12_000  # docs: chat.appendStream
STREAM_CHUNK_BLOCKS: Final = 50  # docs: chat.stopStream; its own blocks are another 50
STREAM_STOP_BLOCKS: Final = 50

# Agent container (docs: agent sessions, assistant.threads.*).
STATUS_TTL_S: Final = 120.0
STATUS_LOADING_MESSAGES: Final = 10
SUGGESTED_PROMPTS: Final = 4
SESSION_TITLE: Final = 200

# Interaction and delivery (docs).
ACK_TIMEOUT_S: Final = 3.0
RESPONSE_URL_TTL_S: Final = 1_800.0
RESPONSE_URL_USES: Final = 5
SIGNATURE_TOLERANCE_S: Final = 300.0
SOCKETS_PER_APP: Final = 10
SCHEDULE_AHEAD_S: Final = 120 * 86_400.0
SHORTCUT_NAME: Final = 24
COMMAND_NAME: Final = 32

# Calls a minute, per method, per workspace, per app (docs: rate limits).
TIER_1: Final = 1
TIER_2: Final = 20
TIER_3: Final = 50
TIER_4: Final = 100
POSTS_PER_CHANNEL_PER_S: Final = 1.0  # chat.postMessage; short bursts pass
DEFAULT_PER_MINUTE: Final = TIER_3  # for a method not listed below
CALLS_PER_MINUTE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "apps.connections.open": TIER_1,  # the docs once said 3; the lower figure is safe
        "agents.sessions.rename": TIER_3,
        "agents.sessions.setStatus": TIER_3,
        "assistant.threads.setStatus": 60,  # per conversation, Java SDK table
        "assistant.threads.setSuggestedPrompts": TIER_3,  # 50 or 100; sources differ
        "assistant.threads.setTitle": TIER_3,
        "chat.appendStream": TIER_4,
        "chat.delete": TIER_3,
        "chat.getPermalink": TIER_4,
        "chat.postEphemeral": TIER_4,
        "chat.postMessage": 60,  # one a second in each channel
        "chat.scheduleMessage": TIER_3,
        "chat.startStream": TIER_2,
        "chat.stopStream": TIER_2,
        "chat.update": TIER_3,
        "conversations.history": TIER_3,
        "conversations.info": TIER_3,
        "conversations.list": TIER_2,
        "conversations.members": TIER_4,
        "conversations.open": TIER_3,
        "conversations.replies": TIER_3,
        "files.completeUploadExternal": TIER_4,
        "files.getUploadURLExternal": TIER_4,
        "files.info": TIER_4,
        "reactions.add": TIER_3,
        "reactions.get": TIER_3,
        "reactions.remove": TIER_2,
        "usergroups.list": TIER_2,
        "usergroups.users.list": TIER_2,
        "users.info": TIER_4,
        "users.list": TIER_2,
        "users.lookupByEmail": TIER_3,
        "views.open": TIER_4,
        "views.publish": TIER_4,
        "views.push": TIER_4,
        "views.update": TIER_4,
    }
)
