"""assistant.threads.* and agents.sessions.*: what a reader sees while the agent works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack import conversation
from tests.lab.slack.args import bad_argument
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import Json, Session, Status
from tests.lab.slack.web_api.registry import Method

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace

STATUSES = frozenset({"active", "processing", "suspended", "closed"})
_STOP_WARNING = "missing_agent_session_stopped_event_subscription"


def set_session(
    workspace: Workspace, key: tuple[str, str], status: str, *, title: str = "", initiator: str = ""
) -> Session:
    """Set the status of a thread's session, created if there is none."""
    if status not in STATUSES:
        raise bad_argument("status", f"must be one of {sorted(STATUSES)}")
    if len(title) > limits.SESSION_TITLE:
        raise bad_argument("title", f"must be at most {limits.SESSION_TITLE} characters")
    with workspace.changing():
        session = workspace.sessions.get(key)
        if session is None:
            session = Session(status=status, title=title, initiator=initiator)
            workspace.sessions[key] = session
        session.status = status
        session.history.append(status)
        return session


def _set_status(workspace: Workspace, args: Args) -> Json:
    status = args.required("status")
    session = set_session(
        workspace,
        _thread(workspace, args),
        status,
        title=args.text("title"),
        initiator=args.text("initiator_user_id"),
    )
    answer: Json = {"status": session.status, "agent_status": session.status}
    answer["title"] = session.title
    if not workspace.manifest.subscribes("agent_session_stopped"):
        answer |= {"warning": _STOP_WARNING, "response_metadata": {"warnings": [_STOP_WARNING]}}
    return answer


def _rename(workspace: Workspace, args: Args) -> Json:
    title = args.required("title")
    if len(title) > limits.SESSION_TITLE:
        raise bad_argument("title", f"must be at most {limits.SESSION_TITLE} characters")
    session = workspace.sessions.get(_thread(workspace, args))
    if session is None:
        raise SlackError("session_not_found")
    session.title = title
    return {"title": title}


def _thread_status(workspace: Workspace, args: Args) -> Json:
    loading = args.rows("loading_messages") or []
    if len(loading) > limits.STATUS_LOADING_MESSAGES:
        raise bad_argument("loading_messages", f"at most {limits.STATUS_LOADING_MESSAGES} items")
    args.required("thread_ts")
    conversation.set_status(
        workspace,
        _thread(workspace, args),
        Status(
            text=args.text("status"),
            set_at=workspace.clock.now(),
            loading_messages=[str(one) for one in loading],
        ),
    )
    return {}


def _title(workspace: Workspace, args: Args) -> Json:
    args.required("thread_ts")
    workspace.titles[_thread(workspace, args)] = args.required("title")
    return {}


def _prompts(workspace: Workspace, args: Args) -> Json:
    prompts = args.rows("prompts") or []
    if not 1 <= len(prompts) <= limits.SUGGESTED_PROMPTS:
        raise bad_argument("prompts", f"1 to {limits.SUGGESTED_PROMPTS} prompts")
    for index, prompt in enumerate(prompts):
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise bad_argument(f"prompts/{index}", "needs title and message")
    workspace.prompts[_thread(workspace, args)] = {
        "title": args.text("title"),
        "prompts": prompts,
    }
    return {}


def _thread(workspace: Workspace, args: Args) -> tuple[str, str]:
    channel = workspace.joined_channel(args.required("channel_id"))
    thread_ts = args.text("thread_ts")
    return channel.id, workspace.root(channel, thread_ts).root_ts if thread_ts else ""


_SESSION = ("chat:write",)
_ASSISTANT = ("assistant:write", "chat:write")
METHODS = (
    Method(name="agents.sessions.setStatus", run=_set_status, scopes=_SESSION),
    Method(name="agents.sessions.rename", run=_rename, scopes=_SESSION),
    Method(name="assistant.threads.setStatus", run=_thread_status, scopes=_ASSISTANT),
    Method(name="assistant.threads.setTitle", run=_title, scopes=("assistant:write",)),
    Method(name="assistant.threads.setSuggestedPrompts", run=_prompts, scopes=("assistant:write",)),
)
