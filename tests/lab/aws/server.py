"""The lab's AWS: two accounts of one scenario behind one loopback address.

moto keeps its state in the process, so one lab can run at a time; each starts with nothing.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

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

from tests.lab.aws.accounts import (
    OWN_KEY,
    OWN_SECRET,
    connections_of,
    environment_of,
    read_scenario,
    registry_of,
    role_of,
)
from tests.lab.aws.estate import fill
from tests.lab.aws.gaps import GAPS, Gaps, gaps_of, install
from tests.lab.aws.gate import Fault, Gate, Seen
from tests.lab.clock import LabClock

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from bot.adapters.cloud.connection import AccountConnection

_RUNNING = threading.Lock()
# Reading a service's model takes longer than calling it.
_LOADER = create_loader()


class Quiet(MotoRequestHandler):
    """Leaves the terminal to the tests."""

    def log_request(self, *_args: object) -> None:
        """Say nothing; the gate remembers."""


class AwsLab:
    """Serves `tests/lab/aws/scenarios/<scenario>.yaml` until stopped.

    `names` is which of the scenario's sets of names fills its `$words`, where it has such sets.
    """

    def __init__(
        self, scenario: str, *, names: str | None = None, clock: LabClock | None = None
    ) -> None:
        self.tree = read_scenario(scenario, names=names)
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
        self._server = make_server("127.0.0.1", 0, self.gate, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        self.publish(self.url)
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

    def publish(self, url: str) -> None:
        """Say under which address the lab is known outside, if not its own."""
        for name, account in self.tree["accounts"].items():
            for region in account["regions"]:
                self.gaps(name, region).package_url = url

    def connections(self) -> tuple[AccountConnection, ...]:
        """The accounts as the registry declares them."""
        return connections_of(self.tree, self.url)

    def registry(self) -> list[dict[str, Any]]:
        """The accounts as a registry file declares them."""
        return registry_of(self.tree, self.url)

    def environment(self) -> dict[str, str]:
        """What the product needs in its environment to take on the accounts' roles."""
        return environment_of(self.tree)

    def role(self, account: str) -> str:
        """ARN of an account's read role."""
        return role_of(self.tree["accounts"][account])

    def own_session(self) -> Session:
        """The bot's own credentials, in an account of their own."""
        session = Session()
        session.register_component("data_loader", _LOADER)
        session.set_credentials(OWN_KEY, OWN_SECRET)
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
