"""A scenario's account, written into moto: by its API where it has one, into its state elsewhere.

Times in a scenario are relative: `-12m`, `-1h30m`, `-40d`. The vocabulary is that of
`scenarios/shop_down.yaml`; unknown words are refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.ecr.models import ecr_backends

from tests.lab.aws.compute import add_clusters, add_functions
from tests.lab.aws.databases import add_databases
from tests.lab.aws.signals import add_alarms, add_load_balancer, add_logs, add_metrics, add_trail
from tests.lab.estate.when import offset_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.aws.server import AwsLab

Object = dict[str, Any]
_PLAIN = frozenset({"id", "environment", "regions", "aliases", "external_id", "read_code"})


class AccountBuilder:
    """One account's first region, being filled."""

    def __init__(self, lab: AwsLab, name: str, given: Object) -> None:
        self._lab = lab
        self._clients: dict[str, Any] = {}
        self.name = name
        self.account_id: str = given["id"]
        self.region: str = given["regions"][0]
        self.gaps = lab.gaps(name)
        self.load_balancer: str = ""
        """The dimension CloudWatch knows the account's load balancer by."""
        self.target_group: str = ""
        """ARN of the account's target group."""

    def client(self, service: str) -> Any:
        """A client with the account's own credentials."""
        if service not in self._clients:
            self._clients[service] = self._lab.client(self.name, service)
        return self._clients[service]

    def at(self, offset: str) -> datetime:
        """A relative time, made absolute."""
        return datetime.fromtimestamp(self._lab.clock.now() + offset_s(offset), tz=UTC)


def fill(lab: AwsLab, name: str, given: Object) -> None:
    """Write one account of a scenario into moto."""
    unknown = sorted(given.keys() - _PLAIN - {word for word, _add in _PARTS})
    if unknown:
        raise ValueError(f"account {name}: unknown words {', '.join(unknown)}")
    builder = AccountBuilder(lab, name, given)
    for word, add in _PARTS:
        if word in given:
            add(builder, given[word])


def _add_secrets(builder: AccountBuilder, given: Object) -> None:
    for name, secret in given.items():
        builder.client("secretsmanager").create_secret(Name=name, SecretString=secret["value"])


def _add_parameters(builder: AccountBuilder, given: Object) -> None:
    for name, parameter in given.items():
        builder.client("ssm").put_parameter(
            Name=name, Value=parameter["value"], Type=parameter["type"]
        )


def _add_images(builder: AccountBuilder, given: Object) -> None:
    for repository, tags in given.items():
        builder.client("ecr").create_repository(repositoryName=repository)
        for tag, pushed in tags.items():
            builder.client("ecr").put_image(
                repositoryName=repository,
                imageTag=tag,
                imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
                imageManifest=f'{{"schemaVersion": 2, "layers": [{{"digest": "{tag}"}}]}}',
            )
            backend = ecr_backends[builder.account_id][builder.region]
            for image in backend.repositories[repository].images:
                if image.image_tag == tag:
                    image.image_pushed_at = int(builder.at(pushed).timestamp())


def _add_stacks(builder: AccountBuilder, given: list[str]) -> None:
    template = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    for name in given:
        builder.client("cloudformation").create_stack(StackName=name, TemplateBody=template)


_PARTS: tuple[tuple[str, Callable[[AccountBuilder, Any], None]], ...] = (
    ("secrets", _add_secrets),
    ("parameters", _add_parameters),
    ("images", _add_images),
    ("functions", add_functions),
    ("load_balancer", add_load_balancer),
    ("clusters", add_clusters),
    ("databases", add_databases),
    ("logs", add_logs),
    ("metrics", add_metrics),
    ("alarms", add_alarms),
    ("trail", add_trail),
    ("stacks", _add_stacks),
)
