"""What goes wrong at any server of the registry's that answers JSON over HTTP, in one wording.

Metrics, log and alert servers differ in what they are called, in their entry and in what to ask for
instead. Must never pass on a credential or a body.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.adapters.transport import Advice, Faults, SignInError, cause, later
from bot.domain.errors import DeniedError, UpstreamError

if TYPE_CHECKING:
    from bot.adapters.transport import Answer

_REDIRECTS = range(300, 400)


class EndpointError(Exception):
    """An endpoint cannot be used as declared; the text says what to change."""


class RefusedError(Exception):
    """The server answered with a code other than success; its reader decides what it means."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class TooLargeError(Exception):
    """The answer has more bytes than are read."""


def position(line: str, column: str) -> str:
    """Return where in a query its fault is."""
    return f"character {column}" if line == "1" else f"line {line}, character {column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFaults:
    """One kind of server; every method returns the error to raise."""

    noun: str
    """What people call it, such as `log server`."""
    system: str
    """First word of the system's name in errors."""
    entry: str
    """Its key in a cluster's entry of the registry."""
    product: str
    """Whose API it speaks, as in `did not answer as Loki does`."""
    base: str
    """What follows its `url` in every address."""
    again: str
    """What to ask for after an answer that broke off."""
    less: str
    """What to ask for after an answer that took too long."""

    def named(self, cluster: str) -> str:
        """Return the name errors carry for a cluster's server."""
        return f"{self.system} {cluster}"

    def of_call(self, cluster: str, *, address: str) -> Faults:
        """Return the errors for a call without a usable answer."""
        return Faults(
            too_slow=partial(self.too_slow, cluster=cluster),
            torn=partial(self.torn, cluster=cluster),
            unreachable=partial(self.unreachable, cluster=cluster, address=address),
        )

    def refused(self, code: int, said: str, *, cluster: str, wait_s: float | None) -> UpstreamError:
        """Return the error for a code that means the same at every server."""
        if code == HTTPStatus.FORBIDDEN:
            return self._forbidden(said, cluster=cluster)
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            return self._busy(said, cluster=cluster, wait_s=wait_s)
        if code in _REDIRECTS:
            return self.stranger(f"a redirect ({code}), which is not followed", cluster=cluster)
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._failing(code, said, cluster=cluster, wait_s=wait_s)
        return self.stranger(f"HTTP {code}{said}", cluster=cluster)

    def _forbidden(self, said: str, *, cluster: str) -> DeniedError:
        return DeniedError(
            f"the {self.noun} of {cluster} refused (403){said}. Its administrator can grant"
            " reading it, or the tenant in the registry is not ours",
            system=self.named(cluster),
        )

    def _busy(self, said: str, *, cluster: str, wait_s: float | None) -> UpstreamError:
        return UpstreamError(
            f"the {self.noun} of {cluster} is asked too much (429){said}. Ask again{later(wait_s)}",
            system=self.named(cluster),
            retry_after_s=wait_s,
        )

    def _failing(
        self, code: int, said: str, *, cluster: str, wait_s: float | None
    ) -> UpstreamError:
        return UpstreamError(
            f"the {self.noun} of {cluster} answered with an error ({code})"
            f"{said or ', without a reason'}. Ask again{later(wait_s)}; if it stays, it needs"
            " looking at",
            system=self.named(cluster),
            retry_after_s=wait_s,
        )

    def stranger(self, what: str, *, cluster: str) -> UpstreamError:
        """Return the error for an answer that no server of this API gives."""
        return UpstreamError(
            f"the {self.noun} of {cluster} did not answer as {self.product} does ({what}):"
            " something in between, such as a proxy or a sign-in page, may have. Check `url` in its"
            f" `{self.entry}` entry: it is what stands before {self.base}",
            system=self.named(cluster),
        )

    def torn(self, *, cluster: str) -> UpstreamError:
        """Return the error for an answer that ended before it was complete."""
        return UpstreamError(
            f"the answer of {cluster}'s {self.noun} broke off, so nothing of it was used."
            f" {self.again}",
            system=self.named(cluster),
        )

    def too_slow(self, timeout_s: float, *, cluster: str) -> UpstreamError:
        """Return the error for an answer that did not come in time."""
        return UpstreamError(
            f"the {self.noun} of {cluster} did not answer within {timeout_s:g} s. {self.less}; if"
            " it stays silent, it needs looking at",
            system=self.named(cluster),
        )

    def unreachable(self, error: Exception, *, cluster: str, address: str) -> UpstreamError:
        """Return the error for a connection that failed, with the likeliest thing to check."""
        why = cause(error, self._advice())
        return UpstreamError(
            f"the {self.noun} of {cluster} cannot be reached at {address}: {why}",
            system=self.named(cluster),
        )

    def unusable(self, error: EndpointError | SignInError, *, cluster: str) -> UpstreamError:
        """Return the error for a server whose connection could not even be set up."""
        return UpstreamError(
            f"the {self.noun} of {cluster} cannot be asked: {error}", system=self.named(cluster)
        )

    def _advice(self) -> Advice:
        return Advice(
            certificate=f"Check `ca_file` in its `{self.entry}` entry",
            name="Check `url`, and DNS",
            refused="Check that it runs, and the port",
            proxy="Check `proxy`",
            tls=(
                "Check that `url` speaks https, in version 1.2 or later, and which client"
                " certificate is set"
            ),
            broken="Ask again; if it stays, check `url` and the network",
        )
