"""One Web API call from bytes to answer: recorded, authorised, limited, faulted, run.

It must not know sockets or personas; methods see only typed arguments.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import web

from tests.lab.slack.args import Args, parse_body
from tests.lab.slack.errors import RateLimitedError, SlackError
from tests.lab.slack.traffic import Call
from tests.lab.slack.web_api.table import METHODS

if TYPE_CHECKING:
    from tests.lab.slack.faults import Fault, Faults
    from tests.lab.slack.records import Json
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.tiers import Tiers
    from tests.lab.slack.web_api.registry import Method

APP_TOKEN_PREFIX = "xapp-"
# What the header says when there is no manifest to ask.
_ALL_SCOPES = frozenset(scope for method in METHODS.values() for scope in method.scopes)


class WebApi:
    """Serves `/api/<method>`."""

    def __init__(self, workspace: Workspace, faults: Faults, tiers: Tiers) -> None:
        self._workspace = workspace
        self._faults = faults
        self._tiers = tiers

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; every call is recorded, whatever becomes of it."""
        method = request.match_info["method"]
        body = await request.read()
        call = Call(method=method, args={}, at=self._workspace.clock.now())
        with self._workspace.changing():
            self._workspace.calls.append(call)
        fault = self._faults.take(method)
        if fault is not None and fault.latency_s:
            await asyncio.sleep(fault.latency_s)
        if fault is not None and fault.drop == "before":
            self._close(call, error="connection_dropped")
            return _cut(request)
        response = self._answer(call, request, body, fault)
        if fault is not None and fault.drop == "after":
            return _cut(request)
        return response

    def _answer(
        self, call: Call, request: web.Request, body: bytes, fault: Fault | None
    ) -> web.Response:
        try:
            raw = parse_body(request.content_type, body, dict(request.query))
            call.token = _token(request, raw)
            call.args = Args(raw).raw
            if fault is not None and fault.status:
                return self._fail_with_status(call, fault)
            if fault is not None and fault.error:
                raise SlackError(fault.error)  # noqa: TRY301  # one road for every refusal
            with self._workspace.changing():
                result = self._run(call)
        except RateLimitedError as limited:
            self._close(call, error="ratelimited", status=429)
            return _json(
                {"ok": False, "error": "ratelimited"}, status=429, retry=limited.retry_after_s
            )
        except SlackError as error:
            answer = {"ok": False, "error": error.code, **error.extra}
            self._close(call, error=error.code, result=answer)
            return _json(answer)
        answer = {"ok": True, **result}
        self._close(call, result=answer)
        granted = self._workspace.manifest.scopes()
        return _json(answer, scopes=_ALL_SCOPES if granted is None else granted)

    def _run(self, call: Call) -> Json:
        method = METHODS.get(call.method)
        if method is None:
            self._workspace.unknown_methods.append(call.method)
            raise SlackError("unknown_method", req_method=call.method)
        self._authorise(method, call.token)
        self._tiers.spend(call.method, str(call.args.get("channel") or ""))
        return method.run(self._workspace, Args(call.args))

    def _authorise(self, method: Method, token: str) -> None:
        if method.token == "none":
            return
        if not token:
            raise SlackError("not_authed")
        state = self._workspace.tokens.get(token)
        if state is None:
            raise SlackError("invalid_auth")
        if state:
            raise SlackError(state)
        if (method.token == "app") != token.startswith(APP_TOKEN_PREFIX):
            raise SlackError("not_allowed_token_type")
        granted = self._workspace.manifest.scopes()
        if granted is None or not method.scopes or granted & set(method.scopes):
            return
        raise SlackError(
            "missing_scope", needed=",".join(method.scopes), provided=",".join(sorted(granted))
        )

    def _fail_with_status(self, call: Call, fault: Fault) -> web.Response:
        limited = fault.status == 429
        error = fault.error or ("ratelimited" if limited else "internal_error")
        self._close(call, error=error, status=fault.status)
        retry = fault.retry_after_s or (1 if limited else 0)
        return _json({"ok": False, "error": error}, status=fault.status, retry=retry)

    def _close(
        self, call: Call, *, error: str = "", status: int = 200, result: Json | None = None
    ) -> None:
        with self._workspace.changing():
            call.error, call.status, call.done = error, status, True
            call.result = result or {}


def _token(request: web.Request, raw: Json) -> str:
    header = request.headers.get("Authorization", "")
    sent = raw.pop("token", None)
    return header.removeprefix("Bearer ").strip() or str(sent or "")


def _json(
    answer: Json, *, status: int = 200, retry: int = 0, scopes: frozenset[str] | None = None
) -> web.Response:
    headers = {"Retry-After": str(retry)} if retry else {}
    if scopes is not None:
        headers["x-oauth-scopes"] = ",".join(sorted(scopes))
    return web.Response(
        text=json.dumps(answer), status=status, headers=headers, content_type="application/json"
    )


def _cut(request: web.Request) -> web.Response:
    """Close the connection so that the client never gets an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
