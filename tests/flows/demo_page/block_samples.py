"""One message for each kind of block there is, for the tests of the demo page.

Plain dictionaries as an app would send them; it must not know the page.
"""

from __future__ import annotations

from typing import Any, Final

from tests.flows.demo_page.block_parts import (
    Block,
    button,
    line,
    mrkdwn,
    option,
    plain,
    said,
    section,
)

HOSTILE: Final = (
    '<script>alert(1)</script><img src=x onerror="alert(2)"> <!channel> \u202egnol\u202c'
)
PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
    "hgGAWjR9awAAAABJRU5ErkJggg=="
)
ANSWER: Final = """## Why `shop/cart` restarts

**Confirmed.** The container is killed for memory (`OOMKilled`), *every four minutes*.

1. The limit is 64 MiB, the working set reaches **71 MiB**.
2. The last rollout raised the cache:
   - `CACHE_MB` went from 16 to 48
   - ~~no other change~~

| pod | restarts | last state |
|:----|---------:|------------|
| cart-7d9f-x2v1 | 14 | `OOMKilled` |
| cart-7d9f-9mq4 | 12 | `OOMKilled` |

> Not checked: node pressure, because metrics are off.

```yaml
resources:
  limits:
    memory: 128Mi
```
See [the runbook](https://runbooks.example/cart) or ask <@U0LABANA1>. :mag:"""


def texts() -> list[Block]:
    """Section, header, divider, context and every mark of mrkdwn."""
    return [
        {"type": "header", "text": plain("Cart is unhealthy :fire:")},
        section(
            "*bold* _italic_ ~strike~ `code` <https://example.com/a?b=1&amp;c=2|a link>"
            " <@U0LABANA1> <#C0LABPAY1> <!subteam^S0LABONC1> :rocket:\n"
            "> since <!date^1760000000^{date_short_pretty} at {time}|2025-10-09 08:53 UTC>\n"
            "```kubectl get pods -n shop\n  --watch```"
        ),
        {
            "type": "section",
            "fields": [mrkdwn("*Cluster*\n`prod-eu`"), mrkdwn("*Since*\n14 minutes")],
            "accessory": {
                "type": "image",
                "image_url": "https://images.example/pod.png",
                "alt_text": "a pod",
            },
        },
        {"type": "divider"},
        {
            "type": "context",
            "elements": [
                {"type": "image", "image_url": PIXEL, "alt_text": "a dot"},
                mrkdwn("answered by rules · 4 reads · 2 s"),
            ],
        },
        {"type": "image", "image_url": PIXEL, "alt_text": "a pixel", "title": plain("One pixel")},
    ]


def controls() -> list[Block]:
    """Everything in a message that can be pressed or chosen."""
    confirm = {
        "title": plain("Restart cart?"),
        "text": mrkdwn("It restarts *two* pods."),
        "confirm": plain("Restart"),
        "deny": plain("Keep"),
        "style": "danger",
    }
    return [
        {
            "type": "actions",
            "elements": [
                button("Details", "details", style="primary"),
                button("Restart", "restart", style="danger", confirm=confirm),
                button("Only Marta", "secret", visible_to_user_ids=["U0LABMAR1"]),
                button("Silent", "silent"),
                {
                    "type": "static_select",
                    "action_id": "cluster",
                    "placeholder": plain("Choose a cluster"),
                    "options": [option("prod-eu", "prod-eu"), option("staging", "staging")],
                },
                {
                    "type": "overflow",
                    "action_id": "more",
                    "options": [option("Mute", "mute"), option("Hand over", "hand_over")],
                },
            ],
        },
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "rate",
                    "positive_button": {"text": plain("Helpful"), "value": "good"},
                    "negative_button": {"text": plain("Not helpful"), "value": "bad"},
                },
                {
                    "type": "icon_button",
                    "icon": "trash",
                    "text": plain("Remove"),
                    "action_id": "rm",
                },
            ],
        },
    ]


def rich() -> list[Block]:
    """A rich text block with every part, and a Markdown block."""
    items = [
        {"type": "rich_text_section", "elements": [said("first")]},
        {"type": "rich_text_section", "elements": [said("second", bold=True)]},
    ]
    parts: list[Block] = [
        {
            "type": "rich_text_section",
            "elements": [
                said("see "),
                {"type": "user", "user_id": "U0LABTOM1"},
                said(" in "),
                {"type": "channel", "channel_id": "C0LABONC1"},
                said(" "),
                {"type": "emoji", "name": "wave"},
                said(" "),
                {"type": "link", "url": "https://example.com", "text": "there"},
            ],
        },
        {"type": "rich_text_list", "style": "bullet", "elements": items},
        {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": items},
        {"type": "rich_text_quote", "elements": [said("it was fine yesterday")]},
        {"type": "rich_text_preformatted", "elements": [said("NAME   READY\ncart   0/1")]},
    ]
    return [{"type": "rich_text", "elements": parts}, {"type": "markdown", "text": ANSWER}]


def pods_table() -> list[Block]:
    """A data_table of two pages whose numbers sort otherwise than its words."""
    restarts = {"cart-a": 2, "cart-b": 14, "checkout-c": 0, "payments-d": 100, "search-e": 9}
    head = [{"type": "raw_text", "text": name} for name in ("NAME", "STATUS", "RESTARTS", "AGE")]
    rows: list[list[Block]] = [
        [
            {"type": "raw_text", "text": name},
            {"type": "raw_text", "text": "Running" if count < 10 else "CrashLoopBackOff"},
            {"type": "raw_number", "value": count, "text": str(count)},
            {"type": "raw_text", "text": "3d4h"},
        ]
        for name, count in restarts.items()
    ]
    return [
        {
            "type": "data_table",
            "caption": "kubectl get pods -n shop",
            "rows": [head, *rows],
            "page_size": 3,
            "row_header_column_index": 0,
        }
    ]


def old_table() -> list[Block]:
    """The plain table, whose cells may be rich."""
    return [
        {
            "type": "table",
            "column_settings": [{"is_wrapped": True}, {"align": "right"}],
            "rows": [
                [{"type": "raw_text", "text": "What"}, {"type": "raw_text", "text": "Count"}],
                [line(said("OOM kills", bold=True)), {"type": "raw_text", "text": "26"}],
            ],
        }
    ]


def chart(kind: str) -> Block:
    """One chart of the kind."""
    hours = ["10:00", "10:15", "10:30", "10:45", "11:00"]
    if kind == "pie":
        parts = [{"label": "OOMKilled", "value": 26}, {"label": "Error", "value": 5}]
        return {
            "type": "data_visualization",
            "title": "Why containers ended",
            "chart": {"type": "pie", "segments": [*parts, {"label": "Completed", "value": 9}]},
        }
    series = [
        {
            "name": name,
            "data": [
                {"label": at, "value": value} for at, value in zip(hours, values, strict=True)
            ],
        }
        for name, values in (("cart", [31, 44, 58, 63, 71]), ("search", [22, 21, 25, 24, 23]))
    ]
    axes = {"categories": hours, "y_label": "MiB"}
    return {
        "type": "data_visualization",
        "title": f"Memory as {kind}",
        "chart": {"type": kind, "series": series, "axis_config": axes},
    }


def work() -> list[Block]:
    """A plan with a task in each state."""
    states = ("complete", "error", "in_progress", "pending")
    titles = ("Listed pods in shop", "Metrics server", "Reading logs of cart", "Compare rollouts")
    tasks: list[Block] = [
        {"type": "task_card", "task_id": str(number), "title": title, "status": state}
        for number, (title, state) in enumerate(zip(titles, states, strict=True))
    ]
    tasks[0]["output"] = line(said("3 of 5 not ready"))
    tasks[1]["output"] = line(said("unreachable: connection refused"))
    tasks[0]["sources"] = [{"url": "https://example.com/pods", "text": "pods"}]
    return [{"type": "plan", "title": "Looking into it", "tasks": tasks}]


def holders() -> list[Block]:
    """Cards, a carousel and containers that fold."""
    card: Block = {
        "type": "card",
        "title": plain("Deployment cart"),
        "subtitle": plain("prod-eu / shop"),
        "body": mrkdwn("2 of 3 replicas are not ready."),
        "actions": [button("Open", "open_card")],
    }
    return [
        card,
        {"type": "carousel", "elements": [card, {**card, "title": plain("Deployment search")}]},
        {
            "type": "container",
            "title": plain("Evidence"),
            "subtitle": plain("2 pieces"),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [section("`kubectl get pods` → 5 rows"), {"type": "divider"}],
        },
    ]


def hostile() -> list[Block]:
    """The same attack in every place that takes text."""
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    cell: Block = {"type": "raw_text", "text": HOSTILE}
    return [
        {"type": "header", "text": plain(HOSTILE[:150])},
        section(f"{escaped} <javascript:alert(3)|press me>"),
        {
            "type": "markdown",
            "text": f"{HOSTILE} [press](javascript:alert(4)) ![x](https://evil.example/x.png)",
        },
        line(said(HOSTILE), {"type": "link", "url": "javascript:alert(5)", "text": "rich"}),
        {
            "type": "actions",
            "elements": [button(HOSTILE[:75], "hostile", url="javascript:alert(6)")],
        },
        {"type": "data_table", "caption": HOSTILE, "rows": [[cell], [cell]]},
    ]


def form(*, error: bool = False) -> dict[str, Any]:
    """A modal with an input of each kind the bot may use."""
    note = {"type": "alert", "text": mrkdwn("This changes *nothing* here."), "level": "warning"}
    where = {
        "type": "static_select",
        "action_id": "where",
        "options": [option("prod-eu", "prod-eu"), option("staging", "staging")],
        "initial_option": option("staging", "staging"),
    }
    return {
        "type": "modal",
        "callback_id": "restart_form",
        "title": plain("Restart again" if error else "Restart cart"),
        "submit": plain("Restart"),
        "close": plain("Cancel"),
        "blocks": [
            note,
            {
                "type": "input",
                "block_id": "reason",
                "label": plain("Reason"),
                "hint": plain("At least ten characters."),
                "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
            },
            {"type": "input", "block_id": "where", "label": plain("Cluster"), "element": where},
            {
                "type": "input",
                "block_id": "sure",
                "optional": True,
                "label": plain("Also"),
                "element": {
                    "type": "checkboxes",
                    "action_id": "also",
                    "options": [option("Tell the channel", "tell"), option("Page me", "page")],
                },
            },
            {"type": "actions", "elements": [button("More", "push_more")]},
        ],
    }
