"""Steps of rules that are operations: each is in the catalogue, with parameters it takes."""

from __future__ import annotations

import pytest

from bot.domain.verdict import Step
from bot.flows.approval.form import problems, typed
from bot.triage.cloud.rulebook import findings as cloud_findings
from bot.triage.cloud.sight import Deployment, RunReport, Sight
from bot.triage.remedies.advising import parameters_of
from bot.triage.remedies.catalogue import Remedy, remedies
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit import test_cloud_rules as clouds
from tests.unit.test_triage_remedies_catalogue import VALUES

MAPPED = {
    "rollback": "rollout_undo",
    "raise_memory": "set_resources",
    "restart": "rollout_restart",
    "uncordon": "uncordon",
    "cordon": "cordon",
    "resume": "cronjob_resume",
    "scale_up": "scale_up",
    "scale_out": "scale_up",
    "one_more": "scale_up",
    "serve_names": "scale_up",
    "more_replicas": "hpa_bounds",
}
SAMPLE = VALUES | {
    "rolls": "statefulset/cart-db",
    "shapes": "deployment/cart",
    "scaled": "deployment/cart",
}


def given(operation: str, parameters: dict[str, str]) -> dict[str, str]:
    """Return what is wrong with the parameters, but for the place, which is no operation's."""
    model = CATALOGUE[operation].parameters
    own = {name: value for name, value in parameters.items() if name != "place"}
    return problems(model, typed(model, own))


def test_every_remedy_the_catalogue_covers_names_its_operation() -> None:
    assert {key: one.operation for key, one in remedies().items() if one.operation} == MAPPED


@pytest.mark.parametrize("key", MAPPED)
def test_a_remedys_parameters_are_those_its_operation_takes(key: str) -> None:
    remedy = remedies()[key]
    parameters = parameters_of(remedy, SAMPLE, place="prod-eu")
    assert parameters["place"] == "prod-eu"
    assert given(remedy.operation, parameters) == {}
    assert set(remedy.from_text) <= parameters.keys()


@pytest.mark.parametrize("key", MAPPED)
def test_an_operation_needs_no_fact_its_command_does_not(key: str) -> None:
    remedy = remedies()[key]
    assert remedy.command is not None
    assert _slots(remedy) <= set(remedy.command.get_identifiers())


def test_what_an_event_alone_tells_is_marked_as_text() -> None:
    assert remedies()["scale_up"].from_text == ("replicas",)


STARVED = RunReport(at=clouds.ago(5), memory_mb=128, used_mb=128)
LATE = clouds.lines("x Task timed out after 5.00 seconds")
REPLACED = (
    Deployment(
        revision="s-1:41", status="PRIMARY", at=clouds.ago(10), desired=2, running=0, failed=3,
        state="IN_PROGRESS",
    ),
)  # fmt: skip
RELIEVED: dict[str, Sight] = {
    "lambda_set_timeout": clouds.function(errors=LATE),
    "lambda_set_memory": clouds.function(errors=LATE, reports=(STARVED,), reports_label="E3"),
    "ecs_rollback_taskdef": clouds.service(
        running=0, deployments=REPLACED, ends=(clouds.ended(exit_code=1),)
    ),
}


@pytest.mark.parametrize("operation", RELIEVED)
def test_a_clouds_relief_is_an_operation_in_its_account_and_region(operation: str) -> None:
    found = cloud_findings((RELIEVED[operation],), ())
    advice = next(one for entry in found for one in entry.relief if one.operation == operation)
    assert advice.parameters["place"] == "acme/eu-central-1"
    assert given(operation, dict(advice.parameters)) == {}
    # How long a run took a program could write into its log itself.
    assert advice.from_text == (("timeout_s",) if operation == "lambda_set_timeout" else ())


def test_a_step_is_typed_as_one_line_a_shell_would_read_back() -> None:
    step = Step(
        action="", check="", risk="", undo="", operation="cw_alarm_mute",
        parameters={"place": "shop/eu-west-1", "alarm": "too many 5xx"},
    )  # fmt: skip
    assert step.order == "/nightdesk run cw_alarm_mute place=shop/eu-west-1 'alarm=too many 5xx'"
    assert Step(action="look", check="", risk="", undo="").order == ""


def _slots(remedy: Remedy) -> set[str]:
    return {slot for one in remedy.parameters.values() for slot in one.get_identifiers()}
