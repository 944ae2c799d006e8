"""What the read policy refuses before anything is sent, case by case (safety rules B1 to B7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import ToolError
from bot.domain.registry import Account
from bot.tools.aws.catalogue import load_catalogue, parse_catalogue
from bot.tools.aws.guard import check_params, permitted
from bot.tools.aws.scoping import CloudScope, located

CATALOGUE = load_catalogue()
OWN = "111111111111"
OTHER = "222222222222"
T0 = 1_795_000_000

DENIED = (
    "secretsmanager.get_secret_value", "secretsmanager.batch_get_secret_value", "kms.decrypt",
    "kms.generate_data_key", "kms.get_public_key", "ssm.get_parameter", "ssm.get_parameters",
    "ssm.get_parameters_by_path", "ssm.get_parameter_history", "ssm.get_command_invocation",
    "ssm.list_command_invocations", "ssm.get_document", "ssm.start_session", "s3.get_object",
    "s3.get_object_attributes", "s3.select_object_content", "ebs.get_snapshot_block",
    "lambda.get_function", "lambda.get_layer_version", "lambda.get_layer_version_by_arn",
    "lambda.invoke", "lambda.invoke_with_response_stream", "ecr.get_authorization_token",
    "ecr.get_download_url_for_layer", "ecr.batch_get_image", "codeartifact.get_authorization_token",
    "sts.assume_role", "sts.get_session_token", "sts.get_federation_token",
    "sso.get_role_credentials", "cognito-identity.get_credentials_for_identity",
    "cognito-identity.get_open_id_token", "cognito-idp.admin_get_user", "cognito-idp.list_users",
    "iam.get_credential_report", "iam.generate_credential_report",
    "iam.get_account_authorization_details", "ec2.get_password_data",
    "ec2.get_launch_template_data", "ec2.describe_vpn_connections",
    "ec2.export_client_vpn_client_configuration", "ec2.get_console_output",
    "ec2.get_console_screenshot", "rds.download_db_log_file_portion",
    "redshift.get_cluster_credentials", "redshift-serverless.get_credentials",
    "emr.get_cluster_session_credentials", "emr.create_persistent_app_ui_presigned_url",
    "emr.get_persistent_app_ui_presigned_url", "lightsail.get_instance_access_details",
    "lightsail.download_default_key_pair", "lightsail.get_relational_database_master_user_password",
    "glue.get_connection", "glue.get_connections", "apigateway.get_api_key",
    "apigateway.get_api_keys", "apigateway.get_export", "apigateway.get_sdk",
    "cloudformation.get_template", "codebuild.batch_get_projects", "codebuild.batch_get_builds",
    "codecommit.get_file", "codecommit.get_blob", "appconfig.get_configuration",
    "appconfig.get_hosted_configuration_version", "appconfigdata.get_latest_configuration",
    "dynamodb.get_item", "dynamodb.batch_get_item", "dynamodb.query", "dynamodb.scan",
    "dynamodb.execute_statement", "dynamodb.batch_execute_statement", "kinesis.get_records",
    "sqs.receive_message", "athena.get_query_results", "redshift-data.get_statement_result",
    "rds-data.execute_statement", "acm.export_certificate",
    "elasticbeanstalk.describe_configuration_settings", "amplify.get_app",
    "bedrock-runtime.invoke_model", "bedrock-agentcore.get_resource_oauth2_token",
    "bedrock-agentcore.get_workload_access_token", "bedrock-agentcore.get_resource_api_key",
    "stepfunctions.get_activity_task",
)  # fmt: skip
WRITES = (
    "ecs.update_service", "lambda.update_function_configuration", "ec2.terminate_instances",
    "rds.delete_db_instance", "logs.put_log_events", "iam.create_access_key",
    "cloudwatch.set_alarm_state", "sqs.purge_queue", "autoscaling.set_desired_capacity",
    "s3.delete_object",
)  # fmt: skip
STARTS = (
    "config.deliver_config_snapshot", "cloudformation.detect_stack_drift",
    "directconnect.test_connection", "dms.test_connection", "lexv2-models.start_test_set_preview",
    "ecr.start_lifecycle_policy_preview",
)  # fmt: skip
SURFACE = (
    "ecs.get_waiter", "ecs.get_paginator", "ecs.can_paginate", "s3.generate_presigned_url",
    "s3.generate_presigned_post", "rds.generate_db_auth_token", "s3.upload_file",
    "s3.upload_fileobj", "s3.download_file", "s3.download_fileobj", "s3.copy", "ecs.meta",
    "ecs.exceptions", "ecs.close", "ecs._make_api_call", "ecs.__class__", "ecs.__init__",
    "ecs.DescribeServices", "ecs.describe-services", "ecs.waiter_names",
)  # fmt: skip


def refusal_of(title: str) -> ToolError:
    service, _, name = title.partition(".")
    with pytest.raises(ToolError) as refused:
        permitted(CATALOGUE, service, name)
    return refused.value


def check(title: str, **params: Any) -> None:
    service, _, name = title.partition(".")
    check_params(permitted(CATALOGUE, service, name), params, account_id=OWN)


def refused_rule(title: str, **params: Any) -> str | None:
    with pytest.raises(ToolError) as refused:
        check(title, **params)
    return refused.value.rule


class TestOperations:
    @pytest.mark.parametrize("title", DENIED)
    def test_what_returns_secrets_is_denied(self, title: str) -> None:
        assert refusal_of(title).rule == "B4"

    @pytest.mark.parametrize("title", WRITES)
    def test_what_changes_something_is_not_listed(self, title: str) -> None:
        assert refusal_of(title).rule == "B1"

    @pytest.mark.parametrize("title", STARTS)
    def test_what_starts_work_is_refused_though_aws_calls_it_a_read(self, title: str) -> None:
        assert refusal_of(title).rule in {"B1", "B6"}
        assert refusal_of(title).rule == "B6" or "lifecycle" in title

    @pytest.mark.parametrize("title", SURFACE)
    def test_pythons_surface_is_no_operation(self, title: str) -> None:
        assert refusal_of(title).rule == "B5"

    @pytest.mark.parametrize(
        ("asked", "nearest"),
        [
            ("ecs.describe_service", "ecs.describe_services"),
            ("ecs.update_service", "ecs.describe_services"),
            ("elb.describe_target_health", "elbv2.describe_target_health"),
            ("states.list_executions", "stepfunctions.list_executions"),
            ("ssm.get_parameter", "ssm.describe_parameters"),
            ("secretsmanager.get_secret_value", "secretsmanager.describe_secret"),
            ("lamda.list_functions", "a read of lambda"),
        ],
    )
    def test_a_refusal_names_the_nearest_listed_read(self, asked: str, nearest: str) -> None:
        assert nearest in str(refusal_of(asked))

    def test_every_alternative_a_denial_names_is_listed(self) -> None:
        for denial in CATALOGUE.denials:
            if denial.instead is not None:
                service, _, name = denial.instead.partition(".")
                assert permitted(CATALOGUE, service, name).title == denial.instead

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_nothing_but_a_listed_name_is_permitted(self, service: str, name: str) -> None:
        try:
            found = permitted(CATALOGUE, service, name)
        except ToolError as error:
            assert error.rule in {"B1", "B4", "B5", "B6"}  # noqa: PT017 -- either is right
        else:
            assert CATALOGUE.find(service, name) == found

    def test_a_list_that_holds_what_it_denies_is_refused(self) -> None:
        text = (
            "services: {ssm: {reads: {get_parameter: }}}\n"
            "denied: [{names: ['ssm.get_parameter*'], returns: values}]\nrefused: []\n"
        )
        with pytest.raises(ValueError, match=r"ssm\.get_parameter is listed, and denied by B4"):
            parse_catalogue(text)


class TestRevealingParameters:
    @pytest.mark.parametrize(
        ("title", "params"),
        [
            ("logs.filter_log_events", {"unmask": True, "startTime": 1, "endTime": 2}),
            ("logs.get_log_events", {"unmask": True, "startTime": 1, "endTime": 2}),
            ("ec2.describe_instance_attribute", {"Attribute": "userData"}),
            ("ecs.describe_services", {"services": ["file:///etc/passwd"]}),
            ("ecs.describe_services", {"services": ["fileb://x"]}),
            ("ecs.describe_services", {"cluster": "https://example.com/x"}),
            ("cloudformation.describe_stacks", {"TemplateUrl": "x"}),
            ("dynamodb.describe_table", {"TableName": "http://169.254.169.254/latest"}),
            ("ssm.describe_parameters", {"WithDecryption": True}),
            ("lambda.list_functions", {"a": {"b": [{"WithDecryption": True}]}}),
            ("rds.describe_db_instances", {"HidePassword": False}),
            ("apigateway.get_stages", {"includeValues": True}),
            ("ecs.describe_services", {"WakeUp": True}),
            ("sqs.get_queue_attributes", {"QueueUrl": "http://169.254.169.254/latest/q"}),
            ("sqs.get_queue_attributes", {"QueueUrl": f"https://evil/{OWN}/q?x=https://y"}),
            ("lambda.list_functions", {"FunctionName": f"arn:aws:lambda:*:{'*'}:function:x"}),
        ],
    )
    def test_a_parameter_that_reveals_or_fetches_is_refused(
        self, title: str, params: dict[str, Any]
    ) -> None:
        assert refused_rule(title, **params) == "B3"

    def test_a_queues_own_url_is_no_address_to_fetch(self) -> None:
        url = f"https://sqs.eu-central-1.amazonaws.com/{OWN}/orders.fifo"
        check("sqs.get_queue_attributes", QueueUrl=url, AttributeNames=["All"])

    @pytest.mark.parametrize(
        ("title", "params"),
        [
            ("lambda.list_versions_by_function",
             {"FunctionName": f"arn:aws:lambda:eu-central-1:{OTHER}:function:x"}),
            ("sqs.get_queue_attributes",
             {"QueueUrl": f"https://sqs.eu-central-1.amazonaws.com/{OTHER}/q"}),
            ("ecr.describe_images", {"registryId": OTHER, "repositoryName": "web"}),
            ("cloudwatch.list_metrics", {"IncludeLinkedAccounts": True}),
            ("logs.describe_log_groups", {"accountIdentifiers": [OTHER]}),
            ("cloudwatch.list_metrics", {"OwningAccount": OTHER}),
            ("cloudwatch.get_metric_data",
             {"StartTime": T0, "EndTime": T0 + 60, "MetricDataQueries": [{"AccountId": OTHER}]}),
        ],
    )  # fmt: skip
    def test_a_parameter_that_reaches_into_another_account_is_refused(
        self, title: str, params: dict[str, Any]
    ) -> None:
        assert refused_rule(title, **params) == "B7"

    def test_ones_own_account_and_awss_are_no_strangers(self) -> None:
        check("ecr.describe_images", registryId=OWN, repositoryName="web")
        check("iam.get_policy", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        check("elbv2.describe_target_health", TargetGroupArn=f"arn:aws:x:eu:{OWN}:targetgroup/a")
        check("organizations.describe_account", AccountId=OTHER)


class TestCosts:
    @pytest.mark.parametrize(
        ("title", "params"),
        [
            ("logs.start_query", {"startTime": T0, "endTime": T0 + 25 * 3600}),
            ("logs.start_query", {"startTime": T0, "endTime": T0 + 60, "limit": 1001}),
            ("logs.start_query", {"startTime": T0, "endTime": T0 + 60, "logGroupNames": ["a"] * 6}),
            ("logs.start_query", {"startTime": T0 + 60, "endTime": T0}),
            ("logs.start_query", {}),
            ("logs.filter_log_events", {"startTime": T0 * 1000, "endTime": (T0 + 7 * 3600) * 1000}),
            ("logs.filter_log_events", {"logGroupName": "a"}),
            ("s3.list_objects_v2", {"Bucket": "b"}),
            ("s3.list_objects_v2", {"Bucket": "b", "Prefix": ""}),
            ("s3.list_objects_v2", {"Bucket": "b", "Prefix": "x", "MaxKeys": 2000}),
            ("cloudwatch.get_metric_data",
             {"StartTime": T0, "EndTime": T0 + 60, "MetricDataQueries": [{}] * 51}),
            ("cloudwatch.get_metric_data",
             {"StartTime": T0, "EndTime": T0 + 2 * 86_400,
              "MetricDataQueries": [{"MetricStat": {"Period": 60}}]}),
            ("cloudwatch.get_metric_data", {"MetricDataQueries": []}),
            ("cloudwatch.get_metric_statistics", {"StartTime": 0, "EndTime": T0, "Period": 60}),
        ],
    )  # fmt: skip
    def test_what_would_cost_too_much_is_refused(self, title: str, params: dict[str, Any]) -> None:
        with_query = {"queryString": "fields @message"} if title == "logs.start_query" else {}
        assert refused_rule(title, **{**with_query, **params}) == "B6"

    @pytest.mark.parametrize(
        "query",
        [
            "fields unmask(@message)",
            "fields UNMASK (@message)",
            "SOURCE logGroups(namePrefix: ['/']) | fields @message",
            "fields @message\n| source '/other'",
            "x" * 4_001,
            "   ",
        ],
    )
    def test_an_insights_query_may_not_unmask_or_name_its_source(self, query: str) -> None:
        rule = refused_rule("logs.start_query", startTime=T0, endTime=T0 + 60, queryString=query)
        assert rule == "B6"

    def test_a_query_of_a_day_over_five_groups_is_allowed(self) -> None:
        check(
            "logs.start_query",
            startTime=T0,
            endTime=T0 + 24 * 3600,
            limit=1000,
            logGroupNames=["a"] * 5,
            queryString="fields @timestamp | filter source = 'x'",
        )

    def test_a_day_by_the_minute_is_allowed_in_every_way_to_write_time(self) -> None:
        queries = [{"MetricStat": {"Period": 60}}]
        for start, end in [
            (T0, T0 + 86_400),
            ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00+00:00"),
            (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)),
        ]:
            params = {"StartTime": start, "EndTime": end, "MetricDataQueries": queries}
            check("cloudwatch.get_metric_data", **params)

    def test_a_flood_of_parameters_is_refused(self) -> None:
        assert refused_rule("ecs.describe_services", services=["x" * 1000] * 30) == "B6"
        deep: Any = "x"
        for _ in range(12):
            deep = {"a": deep}
        assert refused_rule("ecs.describe_services", services=deep) == "B6"


class Only:
    def __init__(self, *names: str) -> None:
        self._names = names

    def may_read_account(self, account: str) -> bool:
        return account in self._names


class TestPlaces:
    PROD = Account(name="shop-prod", account_id=OWN, regions=("eu-central-1", "eu-west-1"))
    STAGING = Account(name="shop-staging", account_id=OTHER, regions=("eu-west-1",))
    SCOPE = CloudScope(accounts=(PROD, STAGING))
    BOTH = Only("shop-prod", "shop-staging")

    def refused(self, account: str | None, region: str | None, access: Only = BOTH) -> ToolError:
        with pytest.raises(ToolError) as refused:
            located(self.SCOPE, access, account=account, region=region)
        assert refused.value.rule == "B7"
        return refused.value

    def test_the_first_account_and_its_first_region_are_the_default(self) -> None:
        found = located(self.SCOPE, self.BOTH, account=None, region=None)
        assert found.place.title == "shop-prod/eu-central-1"

    def test_an_account_is_found_by_number_and_case_does_not_matter(self) -> None:
        assert located(self.SCOPE, self.BOTH, account=OTHER, region=None).account == self.STAGING
        found = located(self.SCOPE, self.BOTH, account="Shop-PROD", region="EU-West-1")
        assert found.place.title == "shop-prod/eu-west-1"

    def test_an_unknown_account_is_refused_with_those_there_are(self) -> None:
        assert "shop-prod or shop-staging" in str(self.refused("shop-dev", None))
        assert "333333333333" in str(self.refused("333333333333", None))
        self.refused("*", None)

    def test_an_account_of_others_is_neither_read_nor_named(self) -> None:
        refusal = self.refused("shop-prod", None, Only("shop-staging"))
        assert "account shop-staging" in str(refusal)
        default = located(self.SCOPE, Only("shop-staging"), account=None, region=None)
        assert default.account == self.STAGING

    def test_nobody_without_a_grant_gets_an_account(self) -> None:
        assert "grants none" in str(self.refused(None, None, Only()))

    def test_a_region_the_registry_does_not_name_is_refused(self) -> None:
        assert "eu-central-1 or eu-west-1" in str(self.refused(None, "us-east-1"))
        self.refused("shop-staging", "eu-central-1")
