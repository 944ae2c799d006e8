"""How the actuator takes on roles: in whose name, for how long, and how narrow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from safe_ops.actuators.cloud import CloudWorkshop
from safe_ops.errors import (
    RefusedError,
    UpstreamError,
)
from safe_ops.model.plans import Place, System
from tests.contract.operations.aws_calls import (
    RIGHTS,
    SCALE,
    SERVICE,
    UPDATE,
    WARRANT,
    add_service,
    send,
)
from tests.contract.operations.aws_writes import (
    ACCOUNT,
    EXTERNAL_ID,
    NAME,
    PLACE,
    REGION,
    ROLE,
    cloud_place,
    running_lab,
    workshop_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.aws.server import AwsLab


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with running_lab() as lab:
        add_service(lab)
        yield lab


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()


class TestTheSession:
    def test_sts_hears_who_approved_what_for_whom_and_how_little(self, lab: AwsLab) -> None:
        send(lab)
        (seen,) = lab.seen("AssumeRole")
        asked = {key: value[0] for key, value in parse_qs(seen.body).items()}
        tags = {asked[f"Tags.member.{n}.Key"]: asked[f"Tags.member.{n}.Value"] for n in range(1, 5)}

        assert asked["RoleArn"] == ROLE
        assert asked["ExternalId"] == EXTERNAL_ID
        assert asked["DurationSeconds"] == "900"
        assert asked["RoleSessionName"] == "nightdesk-act-12"
        assert asked["SourceIdentity"] == "ben@example.com"
        assert tags == {
            "action_id": "act-12",
            "requester": "ana@example.com",
            "approvers": "ben@example.com cleo",
            "digest": "0123456789abcdef",
        }
        assert json.loads(asked["Policy"])["Statement"] == [
            {"Effect": "Allow", "Action": sorted(RIGHTS.cloud_reads), "Resource": "*"},
            {"Effect": "Allow", "Action": ["ecs:UpdateService"], "Resource": [SERVICE]},
        ]

    def test_each_opening_takes_the_role_on_anew(self, lab: AwsLab) -> None:
        send(lab)
        send(lab)
        keys = {one.access_key for one in lab.seen("UpdateService")}

        assert len(lab.seen("AssumeRole")) == 2
        assert len(keys) == 2

    def test_the_calls_of_one_opening_share_its_credentials(self, lab: AwsLab) -> None:
        with workshop_of(lab, cloud_place(lab)).hands(PLACE, WARRANT) as hands:
            hands.send(SCALE)
            hands.send(SCALE)

        assert len(lab.seen("AssumeRole")) == 1
        assert len({one.access_key for one in lab.seen("UpdateService")}) == 1

    def test_calls_are_made_with_the_roles_credentials_not_our_own(self, lab: AwsLab) -> None:
        send(lab)
        (call,) = lab.seen("UpdateService")

        assert call.account == ACCOUNT
        assert call.access_key != lab.seen("AssumeRole")[0].access_key

    def test_a_role_without_an_external_id_is_asked_for_without_one(self, lab: AwsLab) -> None:
        role = f"arn:aws:iam::{ACCOUNT}:role/plain"
        send(lab, role_arn=role, external_id=None)

        assert "ExternalId" not in lab.seen("AssumeRole")[0].body

    def test_a_wrong_external_id_opens_nothing(self, lab: AwsLab) -> None:
        with pytest.raises(UpstreamError, match="refused sts:AssumeRole"):
            send(lab, external_id="guess")
        assert lab.seen("UpdateService") == []
        assert "guess" not in repr(cloud_place(lab, external_id="guess"))

    def test_a_role_of_another_account_changes_nothing(self, lab: AwsLab) -> None:
        with pytest.raises(RefusedError, match="belongs to account 222222222222") as caught:
            send(lab, role_arn="arn:aws:iam::222222222222:role/nightdesk-write")
        assert caught.value.code == "place"
        assert lab.seen("UpdateService") == []

    def test_a_warrant_wider_than_the_operation_is_never_taken_to_sts(self, lab: AwsLab) -> None:
        wide = replace(WARRANT, grants=(replace(UPDATE, action="ecs:DeleteService"),))
        with pytest.raises(RefusedError, match="is no right of this operation"):
            send(lab, warrant=wide)
        assert lab.seen() == []

    @pytest.mark.parametrize(
        ("place", "says"),
        [
            (Place(system=System.AWS, name="other", region=REGION), "no write role for account"),
            (Place(system=System.AWS, name=NAME, region="us-east-1"), "no registered region"),
            (Place(system=System.AWS, name=NAME), "no region is no registered region"),
        ],
    )
    def test_a_place_that_is_not_registered_is_refused(
        self, lab: AwsLab, place: Place, says: str
    ) -> None:
        with (
            pytest.raises(RefusedError, match=says) as caught,
            workshop_of(lab, cloud_place(lab)).hands(place, WARRANT),
        ):
            pytest.fail("it opened")
        assert caught.value.code == "place"

    def test_certificates_that_are_not_there_are_told(self, lab: AwsLab) -> None:
        with pytest.raises(UpstreamError, match="aws shop-prod"):
            send(
                lab,
                endpoint_url=lab.url.replace("http:", "https:"),
                ca_file="/nowhere/ca.pem",
                client_cert="/nowhere/cert.pem",
                client_key="/nowhere/key.pem",
                proxy="http://127.0.0.1:9",
            )

    def test_without_a_session_of_its_own_it_uses_the_usual_search(self) -> None:
        workshop = CloudWorkshop([])
        with pytest.raises(RefusedError, match="no write role"):
            workshop.knows(PLACE)
