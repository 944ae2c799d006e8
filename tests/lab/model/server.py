"""The Messages API server of the lab: routes, keys, outages; what is said is the brain's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.lab.http import LoopbackServer
from tests.lab.model.caching import MIN_CACHEABLE_TOKENS, PromptCache, prompt_tokens
from tests.lab.model.delivery import Courier
from tests.lab.model.dialects import AnthropicDialect, BedrockDialect, MantleDialect
from tests.lab.model.errors import InvalidRequestError, RequestRefusedError
from tests.lab.model.journal import Exchange, Journal
from tests.lab.model.outages import OutagePlan, Refused
from tests.lab.model.replies import cut_to
from tests.lab.model.validation import check_message_request, check_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.lab.model.brains import Brain
    from tests.lab.model.dialects import Dialect
    from tests.lab.model.outages import Outage
    from tests.lab.model.replies import Reply

DEFAULT_MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")
MAX_BODY_BYTES = 32 * 1024 * 1024
"""The API's own limit on a request."""


class ModelLab:
    """A Messages API on loopback, also as Amazon Bedrock speaks it.

    `url` serves `/v1/messages` for `Anthropic(base_url=url)` and `/model/{id}/invoke…` for
    `AnthropicBedrock(base_url=url)`; `mantle_url` is for `AnthropicBedrockMantle`.
    """

    def __init__(
        self,
        brain: Brain,
        *,
        api_key: str = "lab-key",
        models: Sequence[str] | None = None,
        alternate: bool = False,
        min_cache_tokens: int = MIN_CACHEABLE_TOKENS,
        port: int = 0,
    ) -> None:
        """Make a lab, not yet listening.

        `models` are the ids served; None serves every id with `claude` in it. `alternate` also
        refuses two messages of the same role in a row, which the API combines.
        """
        self.api_key = api_key
        self.brain = brain
        """May be exchanged while requests are served; each asks the one that is there."""
        self._models = None if models is None else tuple(models)
        self._alternate = alternate
        self._cache = PromptCache(min_tokens=min_cache_tokens)
        self._journal = Journal()
        self._plan = OutagePlan()
        self._gate = asyncio.Event()
        self._server = LoopbackServer(self._build, port=port)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def mantle_url(self) -> str:
        return f"{self.url}/anthropic"

    def outage(
        self, outage: Outage, *, times: int | None = 1, skip: int = 0, question: str = ""
    ) -> None:
        """Let the next requests suffer `outage`.

        `times` is how many (None: until `recover`), after `skip` that go well; only those count
        whose first user turn holds `question`. Outages planned earlier come first.
        """
        self._plan.add(outage, times=times, skip=skip, question=question)

    def recover(self) -> None:
        """Forget every outage that is still planned."""
        self._plan.clear()

    def release(self) -> None:
        """Let every held response go on."""
        self._server.call(self._open_gate())

    def forget_cache(self) -> None:
        """Drop the prompt cache, as five quiet minutes do."""
        self._cache.forget()

    def requests(self) -> tuple[Exchange, ...]:
        """Return every request so far, in the order received, as it stands now."""
        return self._journal.all()

    def turns(self) -> tuple[Exchange, ...]:
        """Return the requests that asked for a turn: no counting, no model lists."""
        return tuple(one for one in self._journal.all() if _asks_for_turn(one.path))

    def was_sent(self, text: str) -> bool:
        """Tell whether any request's body held `text` in any of its strings."""
        return any(text in string for one in self._journal.all() for string in one.strings)

    def wait_until(
        self,
        condition: Callable[[tuple[Exchange, ...]], object],
        *,
        timeout_s: float = 5.0,
    ) -> tuple[Exchange, ...]:
        """Return the requests once `condition` of them holds; raises TimeoutError."""
        return self._journal.wait(condition, timeout_s=timeout_s)

    async def _open_gate(self) -> None:
        self._gate.set()
        self._gate = asyncio.Event()

    def _build(self) -> web.Application:
        anthropic, mantle = AnthropicDialect(self.api_key), MantleDialect(self.api_key)
        bedrock = BedrockDialect(self.api_key)
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        for prefix, dialect in (("", anthropic), ("/anthropic", mantle)):
            app.router.add_post(f"{prefix}/v1/messages", self._route(dialect, self._turn))
            app.router.add_post(
                f"{prefix}/v1/messages/count_tokens", self._route(dialect, self._count)
            )
        app.router.add_get("/v1/models", self._route(anthropic, self._list))
        app.router.add_get("/v1/models/{model}", self._route(anthropic, self._model))
        app.router.add_post("/model/{model}/invoke", self._route(bedrock, self._turn))
        app.router.add_post(
            "/model/{model}/invoke-with-response-stream", self._route(bedrock, self._turn)
        )
        app.router.add_route("*", "/{path:.*}", self._route(anthropic, self._nowhere))
        return app

    def _route(self, dialect: Dialect, serve: Callable[..., Any]) -> Callable[[web.Request], Any]:
        async def answer(http: web.Request) -> web.StreamResponse:
            body, fault = await _read(http)
            number = self._journal.open(
                method=http.method,
                path=http.path,
                provider=dialect.provider,
                headers={name.lower(): value for name, value in http.headers.items()},
                body=body,
                model=http.match_info.get("model", "") or str(body.get("model", "")),
            )
            courier = Courier(
                http,
                dialect=dialect,
                journal=self._journal,
                number=number,
                gate=lambda: self._gate,
            )
            try:
                if fault is not None:
                    raise fault
                exchange = self._journal.all()[number]
                dialect.check_access(exchange.headers, body)
                response: web.StreamResponse = await serve(courier, exchange)
            except RequestRefusedError as refusal:
                return courier.refuse(refusal.error)
            return response

        return answer

    async def _turn(self, courier: Courier, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        check_message_request(request, alternate=self._alternate)
        self._check_model(request.model)
        outage = self._plan.next_for(request.first_user_text)
        if isinstance(outage, Refused):
            return courier.refuse(outage.error)
        # In a thread, since a test's brain may wait for something.
        reply: Reply = await asyncio.to_thread(self.brain.reply, request)
        reply = cut_to(reply, request.max_tokens)
        if outage is not None:
            reply = outage.change(reply)
        usage = self._cache.charge(request)
        self._journal.note(exchange.number, usage=usage, reply=reply)
        return await courier.deliver(reply, model=request.model, usage=usage, stream=request.stream)

    async def _count(self, courier: Courier, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        check_prompt(request, alternate=self._alternate)
        self._check_model(request.model)
        self._refuse_if_out(request.first_user_text)
        return courier.answer({"input_tokens": prompt_tokens(request)})

    async def _list(self, courier: Courier, exchange: Exchange) -> web.StreamResponse:
        del exchange
        self._refuse_if_out("")
        served = [_model_card(name) for name in self._models or DEFAULT_MODELS]
        return courier.answer(
            {
                "data": served,
                "has_more": False,
                "first_id": served[0]["id"],
                "last_id": served[-1]["id"],
            }
        )

    async def _model(self, courier: Courier, exchange: Exchange) -> web.StreamResponse:
        self._check_model(exchange.model)
        self._refuse_if_out("")
        return courier.answer(_model_card(exchange.model))

    async def _nowhere(self, courier: Courier, exchange: Exchange) -> web.StreamResponse:
        del courier
        raise InvalidRequestError(
            f"{exchange.method} {exchange.path}: Not found", status=404, kind="not_found_error"
        )

    def _check_model(self, name: str) -> None:
        served = "claude" in name if self._models is None else name in self._models
        if not served:
            raise InvalidRequestError(f"model: {name}", status=404, kind="not_found_error")

    def _refuse_if_out(self, question: str) -> None:
        outage = self._plan.next_for(question, refusals_only=True)
        if isinstance(outage, Refused):
            raise RequestRefusedError(outage.error)


def _asks_for_turn(path: str) -> bool:
    return path.endswith(("/v1/messages", "/invoke", "/invoke-with-response-stream"))


async def _read(http: web.Request) -> tuple[dict[str, Any], InvalidRequestError | None]:
    try:
        raw = await http.read()
    except web.HTTPRequestEntityTooLarge:
        return {}, InvalidRequestError(
            "Request exceeds the maximum size", status=413, kind="request_too_large"
        )
    if http.method != "POST":
        return {}, None
    try:
        body = json.loads(raw)
    except ValueError as error:
        return {}, InvalidRequestError(f"The request body is not valid JSON: {error}")
    if not isinstance(body, dict):
        return {}, InvalidRequestError("The request body is not a JSON object")
    return body, None


def _model_card(name: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
    }
