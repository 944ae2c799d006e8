"""The lab's AWS: two accounts of one scenario behind one loopback address.

moto keeps its state in the process, so one lab can run at a time; each starts with nothing.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from bot.adapters.cloud.connection import AccountConnection
from bot.domain.registry import Account
from tests.lab.aws.estate import fill
from tests.lab.aws.gaps import GAPS, Gaps, gaps_of, install
from tests.lab.aws.gate import Fault, Gate, Seen
from tests.lab.clock import LabClock

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

SCENARIOS = Path(__file__).parent / "scenarios"
_RUNNING = threading.Lock()
# Reading a service's model takes longer than calling it.
_LOADER = create_loader()


class _Quiet(MotoRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Say nothing; the gate remembers."""


class AwsLab:
    """Serves `tests/lab/aws/scenarios/<scenario>.yaml` until stopped."""

    def __init__(self, scenario: str, *, clock: LabClock | None = None) -> None:
        text = (SCENARIOS / f"{scenario}.yaml").read_text(encoding="utf-8")
        self.tree: dict[str, Any] = yaml.safe_load(text)
        self.clock = clock or LabClock()
        self.gate = Gate(DomainDispatcherApplication(create_backend_app), clock=self.clock)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._sessions: dict[str, Session] = {}
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return once the accounts are filled and the port accepts connections."""
        if not _RUNNING.acquire(timeout=30):
            raise RuntimeError("another AWS lab runs in this process; moto can hold only one")
        install()
        BackendDict.reset()
        reset_model_data()
        GAPS.clear()
        self._server = make_server("127.0.0.1", 0, self.gate, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        for name, account in self.tree["accounts"].items():
            fill(self, name, account)
        for name, account in self.tree["accounts"].items():
            self.gate.external_ids[self.role(name)] = account["external_id"]
        self.gate.seen.clear()

    def stop(self) -> None:
        """Free the port; safe to call twice."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()
        self._server = None
        _RUNNING.release()

    def connections(self) -> tuple[AccountConnection, ...]:
        """The accounts as the registry declares them."""
        return tuple(
            AccountConnection(
                account=Account(
                    name=name,
                    account_id=given["id"],
                    environment=given["environment"],
                    regions=tuple(given["regions"]),
                    aliases=tuple(given.get("aliases", ())),
                ),
                role_arn=self.role(name),
                external_id=given["external_id"],
                endpoint_url=self.url,
            )
            for name, given in self.tree["accounts"].items()
        )

    def role(self, account: str) -> str:
        """ARN of an account's read role."""
        return f"arn:aws:iam::{self.tree['accounts'][account]['id']}:role/nightdesk-read"

    def own_session(self) -> Session:
        """The bot's own credentials, in an account of their own."""
        session = Session()
        session.register_component("data_loader", _LOADER)
        session.set_credentials("AKIAIOSFODNN7EXAMPLE", "lab-hub")
        return session

    def client(self, account: str, service: str, region: str | None = None) -> Any:
        """A client with an account's own credentials, to look or change things behind the bot."""
        region = region or self.tree["accounts"][account]["regions"][0]
        if account not in self._sessions:
            sts = self._client(self.own_session(), "sts", region)
            given = sts.assume_role(
                RoleArn=self.role(account),
                RoleSessionName="lab",
                ExternalId=self.tree["accounts"][account]["external_id"],
            )["Credentials"]
            session = Session()
            session.register_component("data_loader", _LOADER)
            session.set_credentials(
                given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
            )
            self._sessions[account] = session
        return self._client(self._sessions[account], service, region)

    def gaps(self, account: str, region: str | None = None) -> Gaps:
        """What is kept of an account beside moto."""
        given = self.tree["accounts"][account]
        return gaps_of(given["id"], region or given["regions"][0])

    def fail(self, fault: Fault) -> Fault:
        """Answer an operation with a fault from now on."""
        self.gate.faults.insert(0, fault)
        return fault

    def seen(self, operation: str | None = None) -> list[Seen]:
        """The calls that arrived, of one operation if given."""
        return [call for call in self.gate.seen if operation in (None, call.operation)]

    def _client(self, session: Session, service: str, region: str) -> Any:
        return session.create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            config=Config(retries={"total_max_attempts": 1}),
        )
