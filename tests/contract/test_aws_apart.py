"""The lab's AWS from a process of its own, as the demo has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.session import Session

from bot.adapters.clock import SystemClock
from bot.adapters.cloud.aws import AwsCloud
from bot.domain.errors import UpstreamError
from tests.contract.aws_bench import PROD, SEAL, ask
from tests.lab.aws.accounts import OWN_KEY, OWN_SECRET
from tests.lab.aws.apart import AwsApart

if TYPE_CHECKING:
    from bot.ports.cloud import CloudReply

FUNCTION = "checkout-webhook"


def cloud_of(aws: AwsApart, *, timeout_s: float) -> AwsCloud:
    own = Session()
    own.set_credentials(OWN_KEY, OWN_SECRET)
    return AwsCloud(
        aws.connections(),
        allowed=[("lambda", "get_function_configuration")],
        seal=SEAL,
        clock=SystemClock(),
        timeout_s=timeout_s,
        own=own,
    )


def configuration(cloud: AwsCloud) -> CloudReply:
    return ask(cloud, PROD, "lambda", "get_function_configuration", FunctionName=FUNCTION)


def test_a_call_that_comes_early_waits_for_the_filling_and_ends_with_the_process() -> None:
    with AwsApart("shop_calm") as aws:
        cloud = cloud_of(aws, timeout_s=30)
        assert configuration(cloud).content["Timeout"] == 30
        (file,) = cloud.code(PROD, FUNCTION, ("app.py",))
        assert "def handler" in file.text
    with pytest.raises(UpstreamError):
        configuration(cloud_of(aws, timeout_s=1))
