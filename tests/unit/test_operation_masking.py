"""What systems say reaches plans, the audit and cards without the secrets in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

from bot.adapters.operations.masking import MaskedWorkshop
from safe_ops.errors import CallRefusedError, UpstreamError
from safe_ops.model.plans import Call, Place, System
from safe_ops.model.rights import Rights, Warrant
from tests.unit.safe_ops.dials import NoMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import Object, Permission

SECRET = "xoxb-17653672481-19874698323"
EU = Place(system=System.KUBERNETES, name="eu")
CALL = Call(action="PATCH", path="/apis/apps/v1/namespaces/shop/deployments/cart", body={})
WARRANT = Warrant(action_id="a", requester="eve", approvers=(), digest="", rights=Rights())


class Talker:
    """A system that repeats a secret in everything it says."""

    def get(self, path: str) -> Object | None:
        return self._refuse()

    def items(
        self, path: str, *, labels: str = "", fields: str = "", required: bool = False
    ) -> tuple[Object, ...]:
        return self._refuse()

    def may(self, *_: str, **__: str) -> Permission:
        return self._refuse()

    def read(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        return self._refuse()

    def rehearse(self, call: Call) -> str:
        return f"it would be accepted; it warns: {SECRET}"

    def send(self, call: Call) -> Json:
        return self._refuse()

    def _refuse(self) -> NoReturn:
        raise CallRefusedError(
            f"denied the request: SLACK_TOKEN={SECRET}", system="eu", status="403", conflict=True
        )


class TalkersWorkshop:
    """Opens the talker, unless the door is shut."""

    metrics = NoMetrics()

    def __init__(self, *, is_shut: bool = False) -> None:
        self.is_shut = is_shut

    def knows(self, place: Place) -> str:
        return "prod"

    def cluster(self, place: Place) -> Talker:
        if self.is_shut:
            raise UpstreamError(f"Authorization: {SECRET} was refused", system="eu")
        return Talker()

    @contextmanager
    def cloud(self, place: Place, warrant: Warrant) -> Iterator[Talker]:
        yield self.cluster(place)

    hands = cloud


def shop(*, is_shut: bool = False) -> MaskedWorkshop:
    return MaskedWorkshop(
        TalkersWorkshop(is_shut=is_shut), mask=lambda text: text.replace(SECRET, "(hidden)")
    )


def in_cloud(ask: Callable[..., object]) -> None:
    with shop().cloud(EU, WARRANT) as cloud:
        ask(cloud)


def in_hands(ask: Callable[..., object]) -> None:
    with shop().hands(EU, WARRANT) as hands:
        ask(hands)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: shop().cluster(EU).get("/api/v1/nodes/n1"),
        lambda: shop().cluster(EU).items("/api/v1/nodes"),
        lambda: shop().cluster(EU).may("patch", group="", resource="nodes"),
        lambda: in_cloud(lambda cloud: cloud.read("ecs:describe_services", {})),
        lambda: in_cloud(lambda cloud: cloud.may("ecs:UpdateService", "arn")),
        lambda: in_hands(lambda hands: hands.send(CALL)),
    ],
    ids=["get", "items", "may", "read", "may in AWS", "send"],
)
def test_an_error_comes_without_the_secret_and_is_else_the_same(
    ask: Callable[[], object],
) -> None:
    with pytest.raises(CallRefusedError) as refused:
        ask()
    assert str(refused.value) == "denied the request: SLACK_TOKEN=(hidden)"
    assert (refused.value.status, refused.value.conflict) == ("403", True)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: shop(is_shut=True).cluster(EU),
        lambda: shop(is_shut=True).cloud(EU, WARRANT).__enter__(),
        lambda: shop(is_shut=True).hands(EU, WARRANT).__enter__(),
    ],
    ids=["cluster", "cloud", "hands"],
)
def test_what_is_said_at_the_door_comes_without_the_secret(ask: Callable[[], object]) -> None:
    with pytest.raises(UpstreamError, match=r"^Authorization: \(hidden\) was refused$"):
        ask()


def test_a_warning_of_a_dry_run_comes_without_the_secret() -> None:
    with shop().hands(EU, WARRANT) as hands:
        assert hands.rehearse(CALL) == "it would be accepted; it warns: (hidden)"
    assert shop().knows(EU) == "prod"
    assert isinstance(shop().metrics, NoMetrics)
