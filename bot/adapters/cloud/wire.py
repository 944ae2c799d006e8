"""One AWS call after the gates: client, pages, faults, and what AWS marks as sensitive hidden.

Loads botocore, which costs about 20 MB; so it is imported at the first read only. A method is only
ever looked up among those botocore generated for the API, never as an attribute somebody named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from botocore import exceptions as boto

from bot.adapters.cloud.clients import Clients
from bot.adapters.cloud.code import MAX_PACKAGE_BYTES, fetched, too_large, unpacked
from bot.adapters.cloud.faults import is_stale, refused, unreadable, unusable
from bot.adapters.cloud.paging import Paging, collected
from bot.adapters.cloud.sensitive import without_sensitive
from bot.domain.errors import ToolError
from bot.ports.cloud import CloudCall, CloudReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.session import Session

    from bot.adapters.cloud.connection import AccountConnection
    from bot.adapters.cloud.pace import Pacer
    from bot.domain.redaction.placeholder import Seal
    from bot.ports.clock import Clock
    from bot.ports.cloud import CloudPlace, CodeFile

_Answer = TypeVar("_Answer")

# The kind in a placeholder over what AWS's API model marks as sensitive.
_KIND = "aws"
# No API of AWS answers a read with these; proxies and sign-in pages do.
_PAGE = ("text/html", "text/plain")


class Wire:
    """Makes calls with an account's own clients; shared between threads."""

    def __init__(
        self,
        *,
        seal: Seal,
        pacer: Pacer,
        clock: Clock,
        timeout_s: float,
        own: Session | None = None,
    ) -> None:
        self._seal = seal
        self._pacer = pacer
        self._clock = clock
        self._timeout_s = timeout_s
        self._clients = Clients(clock=clock, timeout_s=timeout_s, own=own)

    def read(self, connection: AccountConnection, place: CloudPlace, call: CloudCall) -> CloudReply:
        """Return the answer of one operation; raises what the port promises."""
        return self._renewing(connection, place, call, lambda: self._read(connection, place, call))

    def code(
        self,
        connection: AccountConnection,
        place: CloudPlace,
        function: str,
        paths: tuple[str, ...],
    ) -> tuple[CodeFile, ...]:
        """Return files of a function's package; raises what the port promises.

        The answer that holds the package's address is seen here only.
        """
        call = CloudCall(
            service="lambda", operation="get_function", params={"FunctionName": function}
        )
        deadline_s = self._clock.monotonic() + self._timeout_s

        def ask() -> dict[str, Any]:
            client = self._clients.client(connection, region=place.region, service=call.service)
            return self._answering(client.get_function, place, call)(**call.params)

        answer = self._renewing(connection, place, call, ask)
        size = int(answer.get("Configuration", {}).get("CodeSize") or 0)
        if size > MAX_PACKAGE_BYTES:
            raise too_large(size)
        location = str(answer.get("Code", {}).get("Location") or "")
        if not location:
            raise ToolError(f"{place.title} hands out no package for {function}")
        package = fetched(
            location,
            connection,
            timeout_s=self._timeout_s,
            in_time=lambda: self._clock.monotonic() < deadline_s,
        )
        return unpacked(package, paths)

    def _renewing(
        self,
        connection: AccountConnection,
        place: CloudPlace,
        call: CloudCall,
        work: Callable[[], _Answer],
    ) -> _Answer:
        """Return what the work returns, with a new credential if the one there was is stale."""
        try:
            return work()
        except boto.ClientError as error:
            if not is_stale(error):
                raise refused(error, place=place, call=call) from error
        except boto.BotoCoreError as error:
            raise unusable(error, place=place, call=call) from error
        # The credential may have been revoked or have expired early: one more try with a new one.
        self._clients.forget(connection, place.region)
        try:
            return work()
        except boto.ClientError as error:
            raise refused(error, place=place, call=call) from error
        except boto.BotoCoreError as error:
            raise unusable(error, place=place, call=call) from error

    def _read(
        self, connection: AccountConnection, place: CloudPlace, call: CloudCall
    ) -> CloudReply:
        client = self._clients.client(
            connection, region=place.region, service=call.service, home=call.home
        )
        # The mapping holds the API's operations and nothing else of the client.
        api_name = client.meta.method_to_api_mapping[call.operation]
        deadline_s = self._clock.monotonic() + self._timeout_s
        reply = collected(
            self._answering(getattr(client, call.operation), place, call),
            call.params,
            _paging(client, call.operation),
            in_time=lambda: self._clock.monotonic() < deadline_s,
        )
        shape = client.meta.service_model.operation_model(api_name).output_shape
        content = {key: value for key, value in reply.content.items() if key != "ResponseMetadata"}
        return CloudReply(
            content=without_sensitive(
                content, shape, hide=lambda text: self._seal.over(_KIND, text), shown=call.shown
            ),
            more=reply.more,
            pages=reply.pages,
            listed=reply.listed,
        )

    def _answering(
        self, method: Callable[..., Any], place: CloudPlace, call: CloudCall
    ) -> Callable[..., dict[str, Any]]:
        """Return the method, each page of it in its turn and checked for being AWS's answer."""

        def ask(**params: Any) -> dict[str, Any]:
            self._pacer.wait(place, call)
            answer: dict[str, Any] = method(**params)
            headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            if str(headers.get("content-type", "")).startswith(_PAGE):
                # botocore takes a page for an answer without members: nothing would seem to be
                # there.
                raise unreadable(place=place, call=call)
            return answer

        return ask


def _paging(client: Any, operation: str) -> Paging | None:
    if not client.can_paginate(operation):
        return None
    # The client loads and caches the paginators' rules; it offers them only inside a paginator.
    return Paging.of(client.get_paginator(operation)._pagination_cfg)  # noqa: SLF001 -- as above
