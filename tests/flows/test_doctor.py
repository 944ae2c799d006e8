"""`nightdesk doctor` over private endpoints, as a real process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.lab.aws.server import AwsLab
from tests.lab.installation import Installation
from tests.lab.lab import Lab
from tests.lab.tls import issue, tls_in_front

if TYPE_CHECKING:
    from pathlib import Path

# A real process looks at everything here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)

Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What doctor prints of an estate with a certificate that ends soon, and one that has."""
    home = tmp_path_factory.mktemp("doctor")
    aging, expired = issue(home, "aging", days=9.5), issue(home, "expired", days=-1.5)
    with AwsLab("shop_down") as aws, Lab("two_clusters", home=home / "lab") as lab:
        front = tls_in_front(aging.context(), lab.kubernetes["prod-eu"].url)
        metrics = tls_in_front(expired.context(), lab.metrics["prod-eu"].url)
        with front as cluster_url, metrics as metrics_url:
            trust_in_kubeconfig(lab.kubeconfig, cluster_url, aging.cert)
            endpoint = {"url": metrics_url, "ca_file": str(expired.cert)}
            lab.declare(
                clusters=[{"name": "prod-eu", "prometheus": endpoint}, {"name": "prod-us"}],
                accounts=aws.registry(),
            )
            environment = lab.environment() | aws.environment()
            ended = Installation(environment, logs=home).run("doctor", "--json")
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 1
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    by_part = {str(row["part"]): row for row in found}
    assert len(by_part) == len(found)
    return by_part


def trust_in_kubeconfig(kubeconfig: Path, url: str, authority: Path) -> None:
    """Lead the first cluster of a kubeconfig to an https address."""
    content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    content["clusters"][0]["cluster"] = {"server": url, "certificate-authority": str(authority)}
    kubeconfig.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_a_certificate_that_ends_soon_is_a_warning(rows: Rows) -> None:
    assert rows["cluster prod-eu"]["health"] == "ok"
    assert rows["cluster prod-eu TLS"]["health"] == "warning"
    assert rows["cluster prod-eu TLS"]["found"].startswith("TLSv1.3, certificate until ")
    assert "less than 21 days" in rows["cluster prod-eu TLS"]["next_step"]


def test_an_expired_certificate_is_a_failure(rows: Rows) -> None:
    assert rows["metrics prod-eu"]["health"] == "failed"
    assert rows["metrics prod-eu TLS"]["health"] == "failed"
    assert "1 day ago" in rows["metrics prod-eu TLS"]["found"]


def test_plain_http_on_this_machine_is_told(rows: Rows) -> None:
    assert rows["cluster prod-us TLS"]["health"] == "ok"
    assert "plain HTTP, which stays" in rows["cluster prod-us TLS"]["found"]


def test_each_account_says_who_we_are(rows: Rows) -> None:
    assert rows["account shop-prod"]["found"] == "answers, we are nightdesk-read in 111111111111"
    assert rows["account shop-staging"]["found"].endswith("in 222222222222")


def test_the_distance_of_every_endpoint_that_answers_is_told(rows: Rows) -> None:
    near = {part for part, row in rows.items() if "(median of 3)" in row["found"]}
    assert {
        "cluster prod-eu latency",
        "cluster prod-us latency",
        "account shop-prod latency",
        "account shop-staging latency",
    } <= near
    assert "metrics prod-eu latency" not in near


def test_the_policy_says_where_operations_are_possible(rows: Rows) -> None:
    assert rows["policy"]["health"] == "ok"
    assert rows["policy"]["found"].startswith("the built-in policy, ")
    assert rows["policy"]["found"].endswith("no operations anywhere")


def test_every_problem_of_a_policy_file_is_told_with_its_line(tmp_path: Path) -> None:
    policy = tmp_path / "nightdesk.policy.yaml"
    policy.write_text("limits:\n  per_target_hour: many\nroles:\n  oncal: []\n", encoding="utf-8")
    with Lab("two_clusters", home=tmp_path / "lab") as lab:
        environment = lab.environment() | {"NIGHTDESK_POLICY": str(policy)}
        ended = Installation(environment, logs=tmp_path).run("doctor", "--json")
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    told = [row["found"] for row in found if row["part"] == "policy"]
    assert any("nightdesk.policy.yaml:2" in problem for problem in told)
    assert any("nightdesk.policy.yaml:4" in problem for problem in told)
    assert {row["health"] for row in found if row["part"] == "policy"} == {"failed"}
