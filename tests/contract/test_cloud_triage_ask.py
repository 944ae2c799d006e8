"""`nightdesk ask` about an AWS account, with no model configured: the whole way to the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.lab.aws.server import AwsLab
from tests.lab.installation import Installation
from tests.lab.lab import Lab

if TYPE_CHECKING:
    from pathlib import Path


def test_a_question_about_a_function_is_answered_without_a_model(tmp_path: Path) -> None:
    with (
        AwsLab("fn_timeout", names="neutral") as aws,
        Lab("calm", home=tmp_path) as lab,
        Installation(lab.environment() | aws.environment(), logs=tmp_path / "logs") as installed,
    ):
        lab.declare(accounts=aws.registry())
        question = "why does function task-20 fail?"
        ended = installed.run("ask", "--json", question, "--cluster", "prod-eu")
        assert ended.returncode == 0, ended.stderr
        verdict = json.loads(ended.stdout)
    assert (verdict["answered_by"], verdict["status"]) == ("rules", "CONFIRMED")
    assert verdict["cause"] == "function_timeout"
    assert verdict["object"].endswith(":function:task-20")
    assert verdict["caveats"] == []
