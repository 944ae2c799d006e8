"""What scrubbers leave of AWS answers: names and references, never a value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.tools.aws.catalogue import load_catalogue
from bot.tools.aws.differences import difference
from bot.tools.aws.scrub import SCRUBBERS, scrubbed, trail_summary
from bot.tools.aws.variables import is_setting

SECRET = "canary-s3cret"
_DEEP = '{"metadata":' * 5_000 + json.dumps(SECRET)
"""JSON that nests deeper than it can be read; whoever is logged can write such."""


def hide(text: str) -> str:
    return f"\u2039{len(text)}\u203a"


def left(scrubber: str, content: Any) -> str:
    return json.dumps(scrubbed(content, [scrubber], hide), ensure_ascii=False)


LEAKS: dict[str, list[Any]] = {
    "certificate_authority": [{"cluster": {"certificateAuthority": {"data": SECRET}}}],
    "endpoint": [
        {"Subscriptions": [{"Protocol": "https", "Endpoint": f"https://x.example/{SECRET}"}]},
        {"Attributes": {"Endpoint": f"{SECRET}@example.com"}},
    ],
    "environment": [
        {"Environment": {"Variables": {"API_KEY": SECRET, "PLAIN": SECRET}}},
        {"taskDefinition": {"containerDefinitions": [{
            "environment": [{"name": "LOG_LEVEL", "value": SECRET}],
            "command": ["run", "--password", SECRET]}]}},
        {"tasks": [{"overrides": {"containerOverrides": [
            {"environment": [{"name": "A", "value": SECRET}]}]}}]},
        {"jobs": [{"container": {"environment": [{"name": "A", "value": SECRET}]},
                   "parameters": {"token": SECRET}}]},
    ],
    "execution": [
        {"input": SECRET, "output": SECRET, "cause": json.dumps({"Environment": SECRET})},
        {"cause": _DEEP},
        {"events": [{"lambdaFunctionScheduledEventDetails": {"input": SECRET},
                     "taskScheduledEventDetails": {"parameters": SECRET}}]},
    ],
    "exports": [{"Exports": [{"Name": "db-url", "Value": SECRET}]}],
    "integration": [{"requestParameters": {"header.x-api-key": f"'{SECRET}'"},
                     "requestTemplates": {"application/json": SECRET}}],
    "listener_actions": [
        {"Rules": [{"Actions": [{"AuthenticateOidcConfig": {"ClientSecret": SECRET}}]}]}
    ],
    "outputs": [{"Stacks": [{"Outputs": [{"OutputKey": "DbUrl", "OutputValue": SECRET}]}]}],
    "parameters": [
        {"Stacks": [{"Parameters": [{"ParameterKey": "DbPassword", "ParameterValue": SECRET,
                                     "ResolvedValue": SECRET}]}]}
    ],
    "pending_values": [
        {"DBInstances": [{"PendingModifiedValues": {"MasterUserPassword": SECRET}}]}
    ],
    "stack_events": [{"StackEvents": [{"ResourceProperties": json.dumps({"X": SECRET})}]}],
    "statement": [
        {"Keys": [{"Dimensions": {"db.sql.statement": f"select 1 where k = '{SECRET}'"}}]}
    ],
    "target_input": [{"Targets": [{"Input": SECRET, "HttpParameters": {
        "HeaderParameters": {"authorization": SECRET}}}]}],
    "trace_segments": [
        {"Traces": [{"Segments": [{"Document": json.dumps(
            {"metadata": {"a": SECRET}, "http": {"request": {"url": f"https://x/?t={SECRET}"}}}
        )}]}]},
        {"Traces": [{"Segments": [{"Document": f"not json {SECRET}"}]}]},
        {"Traces": [{"Segments": [{"Document": _DEEP}]}]},
    ],
    "trace_summaries": [
        {"TraceSummaries": [{"Annotations": {"a": [{"AnnotationValue": {"StringValue": SECRET}}]},
                             "Http": {"HttpURL": f"https://x/?token={SECRET}"}}]}
    ],
    "trail_event": [
        {"Events": [{"CloudTrailEvent": json.dumps({"requestParameters": {"p": SECRET},
                                                    "responseElements": SECRET})}]},
        {"Events": [{"CloudTrailEvent": f"torn {SECRET}"}]},
        {"Events": [{"CloudTrailEvent": _DEEP}]},
    ],
    "user_data": [{"LaunchTemplateVersions": [{"LaunchTemplateData": {"UserData": SECRET}}]}],
    "variables": [{"variables": {"backend_key": SECRET}, "stageVariables": {"k": SECRET}}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("scrubber", "content"),
    [(name, content) for name, contents in LEAKS.items() for content in contents],
)
def test_a_scrubber_leaves_no_value(scrubber: str, content: Any) -> None:
    assert SECRET in json.dumps(content)
    assert SECRET not in left(scrubber, content)


@pytest.mark.parametrize(
    ("scrubber", "content"),
    [(name, content) for name, contents in LEAKS.items() for content in contents],
)
def test_scrubbing_twice_is_scrubbing_once(scrubber: str, content: Any) -> None:
    once = scrubbed(content, [scrubber], hide)
    assert scrubbed(once, [scrubber], hide) == once


def test_every_scrubber_has_a_leak_it_stops_and_is_used() -> None:
    used = {name for one in load_catalogue().operations for name in one.scrub}
    assert used == SCRUBBERS.keys()
    assert LEAKS.keys() == SCRUBBERS.keys() - {"sensitive"}


class TestVariables:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORT", "8080"),
            ("LOG_LEVEL", "info"),
            ("FEATURE_ENABLED", "true"),
            ("HTTP_TIMEOUT", "30s"),
            ("DB_HOST", "db.shop.internal:5432"),
            ("PAYMENTS_SECRET_NAME", "shop/payments"),
            ("TABLE_NAME", "orders"),
            ("SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:111111111111:secret:shop/db"),
        ],
    )
    def test_settings_and_references_are_shown(self, name: str, value: str) -> None:
        assert is_setting(name, value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("API_KEY", "shop/payments"),
            ("PIN", "1234"),
            ("DB_PASSWORD", "8080"),
            ("LOG_LEVEL", "hunter2"),
            ("DATABASE_URL", "postgres://u:p@db/x"),
            ("CLIENT_SECRET_ID", "a8Kd83jd93kdKDJ38dk"),
            ("PORT", "8080 secret"),
            ("DB_HOST", "user:pass@db.internal"),
            ("SECRET", "arn:aws:x"),
        ],
    )
    def test_everything_else_is_hidden(self, name: str, value: str) -> None:
        assert not is_setting(name, value)


class TestDifference:
    def test_added_removed_and_changed_fields_are_told_by_their_path(self) -> None:
        before = {"a": 1, "gone": "x", "list": [{"name": "web", "image": "v1"}], "skip": 1}
        after = {"a": 1, "new": True, "list": [{"name": "web", "image": "v2"}], "skip": 2}
        assert difference(before, after, ignore={"skip"}) == [
            "- gone: x",
            "~ list[web].image: v1 -> v2",
            "+ new: true",
        ]

    def test_equal_configurations_differ_in_nothing(self) -> None:
        assert difference({"a": [1, {}]}, {"a": [1, {}]}) == []


def test_a_recorded_call_tells_who_and_how_it_ended() -> None:
    record = {
        "errorCode": "AccessDenied",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/a"},
        "requestParameters": {"x": SECRET},
    }
    assert trail_summary(json.dumps(record)) == {
        "errorCode": "AccessDenied",
        "user type": "IAMUser",
        "user arn": "arn:aws:iam::1:user/a",
    }
    assert trail_summary("[1]") == {}
