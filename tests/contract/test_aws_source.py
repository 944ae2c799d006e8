"""`aws source`: a function's own files, where the registry allows it, and never their address."""

from __future__ import annotations

import io
import logging
import socket
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.cloud import code
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState
from bot.ports.cloud import CloudPlace
from tests.contract.aws_bench import cloud_of, tool_of
from tests.lab.aws.compute import packaged
from tests.lab.aws.gaps import PACKAGES
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.evidence import Observation
    from bot.tools.aws.tool import AwsTool


@pytest.fixture(scope="module")
def running() -> Iterator[AwsLab]:
    with AwsLab("orders_slow") as lab:
        yield lab


@pytest.fixture(scope="module")
def tool(running: AwsLab) -> AwsTool:
    return tool_of(running)


@pytest.fixture
def lab(running: AwsLab) -> Iterator[AwsLab]:
    running.gate.seen.clear()
    yield running
    running.gate.faults.clear()
    gaps = running.gaps("orders-prod")
    gaps.packages.clear()
    gaps.package_url = running.url


def look(tool: AwsTool, account: str = "orders-prod") -> Observation:
    return tool.aws("source", {"name": "orders-writer"}, account=account)


def fetches(lab: AwsLab) -> list[str]:
    return [one.operation for one in lab.seen() if PACKAGES in one.operation]


class TestShown:
    def test_the_handlers_file_and_traced_ones_are_shown_with_line_numbers(
        self, tool: AwsTool
    ) -> None:
        seen = look(tool)
        assert seen.state is EvidenceState.OK
        assert "src/app.py:" in seen.body
        assert '    7>     return store.write(event["order"])' in seen.body
        assert '    2>     return order["id"] + 1' in seen.body

    def test_a_file_nothing_points_to_stays_in_the_package(self, tool: AwsTool) -> None:
        assert "never_shown" not in look(tool).body

    def test_a_secret_in_the_code_is_redacted(self, tool: AwsTool) -> None:
        body = look(tool).body
        assert "API_KEY" in body
        assert "AKIAIOSFODNN7CANARY2" not in body

    def test_a_trace_that_leads_out_of_the_package_finds_nothing(self, tool: AwsTool) -> None:
        body = look(tool).body
        assert "../../etc/passwd.py is named by a stack trace and is not in the package" in body


class TestTheAddress:
    def test_it_is_in_no_answer_and_in_no_log(
        self, tool: AwsTool, lab: AwsLab, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            seen = look(tool)
        assert fetches(lab)
        assert "canary" not in seen.body + seen.query + str(seen.grid)
        assert "X-Amz-Signature" not in caplog.text + seen.body

    def test_a_failed_fetch_does_not_name_it(
        self, tool: AwsTool, lab: AwsLab, caplog: pytest.LogCaptureFixture
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        connection = replace(lab.connections()[0], endpoint_url=url)
        with (
            caplog.at_level(logging.INFO),
            pytest.raises(UpstreamError, match="could not be fetched") as failed,
        ):
            code.fetched(
                f"{url}/x?X-Amz-Signature=canary",
                connection,
                timeout_s=1.0,
                in_time=lambda: True,
            )
        assert "canary" not in str(failed.value) + caplog.text
        assert failed.value.__cause__ is None
        assert failed.value.__context__ is None

    @pytest.mark.parametrize(
        "url",
        [
            "http://bucket.s3.eu-central-1.amazonaws.com/x",
            "https://s3.amazonaws.com.example.org/x",
            "https://example.org/s3.amazonaws.com",
            "https://bucket.s3.eu-central-1.amazonaws.com:8443/x",
            "https://user@bucket.s3.amazonaws.com/x",
            "https://bucket.s3.amazonaws.com@example.org/x",
            "https://169.254.169.254/latest",
            "https://ec2.eu-central-1.amazonaws.com/x",
            "https://evils3.amazonaws.com/x",
            "file:///etc/passwd",
            "https://bucket.s3.amazonaws.com:x/",
            "",
        ],
    )
    def test_only_s3_and_the_accounts_own_endpoint_are_asked(
        self, tool: AwsTool, lab: AwsLab, url: str
    ) -> None:
        assert not code.is_trusted(url, endpoint_url=None)
        assert not code.is_trusted(url, endpoint_url=lab.url)
        lab.gaps("orders-prod").package_url = url
        with pytest.raises(ToolError, match="nothing was fetched") as refused:
            look(tool)
        assert "canary" not in str(refused.value)
        assert fetches(lab) == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://awslambda-eu-central-1-tasks.s3.eu-central-1.amazonaws.com/snapshots/x?y=z",
            "https://awslambda-us-east-1-tasks.s3.amazonaws.com/x",
            "https://s3-eu-west-1.amazonaws.com/awslambda/x",
            "https://awslambda-cn-north-1-tasks.s3.cn-north-1.amazonaws.com.cn/x",
        ],
    )
    def test_lambdas_own_buckets_are_s3(self, url: str) -> None:
        assert code.is_trusted(url, endpoint_url=None)


class TestAllowed:
    def test_an_account_without_the_switch_is_refused_before_anything_is_sent(
        self, tool: AwsTool, lab: AwsLab
    ) -> None:
        with pytest.raises(ToolError, match="read_code: true") as refused:
            look(tool, account="orders-staging")
        assert refused.value.rule == "B4"
        assert lab.seen() == []

    def test_the_adapter_refuses_too_whatever_a_caller_forgot(self, lab: AwsLab) -> None:
        cloud = cloud_of(lab)
        place = CloudPlace(account="orders-staging", region="eu-central-1")
        with pytest.raises(DeniedError, match="read_code"):
            cloud.code(place, "orders-writer", ("app.py",))
        with pytest.raises(KeyError):
            cloud.code(replace(place, account="orders-prod", region="us-east-1"), "x", ("app.py",))
        assert lab.seen() == []

    def test_the_operation_with_the_address_stays_denied_as_a_read(
        self, tool: AwsTool, lab: AwsLab
    ) -> None:
        with pytest.raises(ToolError) as refused:
            tool.aws("lambda.get_function", {"FunctionName": "orders-writer"})
        assert refused.value.rule == "B4"
        assert lab.seen() == []

    def test_awss_own_denial_is_one(self, tool: AwsTool, lab: AwsLab) -> None:
        path = f"GET /{'2015-03-31/functions/orders-writer'}"
        lab.fail(Fault(operation=path, status=403, code="AccessDeniedException", message="no"))
        assert look(tool).state is EvidenceState.DENIED


class TestRuntimes:
    @pytest.mark.parametrize(
        ("runtime", "entry", "path"),
        [
            ("nodejs22.x", "src/index.handler", "src/index.mjs"),
            ("nodejs22.x", "index.handler", "index.js"),
            ("ruby3.4", "lib/orders.Orders.run", "lib/orders.rb"),
            ("python3.13", "lib/orders.run", "lib/orders.py"),
        ],
    )
    def test_the_handlers_file_is_found_by_the_runtimes_own_rule(
        self, tool: AwsTool, lab: AwsLab, runtime: str, entry: str, path: str
    ) -> None:
        client = lab.client("orders-prod", "lambda")
        role = client.get_function(FunctionName="orders-writer")["Configuration"]["Role"]
        name = f"of-{runtime.replace('.', '')}-{path.replace('/', '-').replace('.', '-')}"
        client.create_function(
            FunctionName=name, Role=role, Runtime=runtime, Handler=entry,
            Code={"ZipFile": packaged({path: "the = source"})},
        )  # fmt: skip
        assert "the = source" in tool.aws("source", {"name": name}).body


class TestNoSource:
    def test_a_container_image_is_said_to_be_one(self, tool: AwsTool, lab: AwsLab) -> None:
        client = lab.client("orders-prod", "lambda")
        role = client.get_function(FunctionName="orders-writer")["Configuration"]["Role"]
        client.create_function(
            FunctionName="boxed",
            Role=role,
            PackageType="Image",
            Code={"ImageUri": "333333333333.dkr.ecr.eu-central-1.amazonaws.com/boxed:1"},
        )
        lab.gate.seen.clear()
        seen = tool.aws("source", {"name": "boxed"})
        assert seen.state is EvidenceState.EMPTY
        assert "boxed is a container image" in seen.body
        assert fetches(lab) == []

    def test_compiled_code_is_said_to_be_that(self, tool: AwsTool, lab: AwsLab) -> None:
        client = lab.client("orders-prod", "lambda")
        role = client.get_function(FunctionName="orders-writer")["Configuration"]["Role"]
        client.create_function(
            FunctionName="jar", Role=role, Runtime="java21", Handler="shop.Orders::handle",
            Code={"ZipFile": packaged({"shop/Orders.class": "x"})},
        )  # fmt: skip
        assert "holds compiled code" in tool.aws("source", {"name": "jar"}).body

    def test_a_package_without_the_handlers_file_says_so(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.gaps("orders-prod").packages["orders-writer"] = packaged({"other.py": "x = 1"})
        assert "the package has none of src/app.py" in look(tool).body

    def test_an_unknown_function_is_empty(self, tool: AwsTool) -> None:
        assert tool.aws("source", {"name": "nope"}).state is EvidenceState.EMPTY


class TestHostilePackages:
    def test_one_beyond_the_limit_is_not_read(self, tool: AwsTool, lab: AwsLab) -> None:
        lab.gaps("orders-prod").packages["orders-writer"] = b"x" * (code.MAX_PACKAGE_BYTES + 1)
        with pytest.raises(ToolError, match="packages up to 2,097,152 bytes"):
            look(tool)

    def test_a_bomb_is_unpacked_up_to_the_limit_only(self) -> None:
        bomb = packaged({"app.py": "a" * 50_000_000})
        assert len(bomb) < 100_000
        (file,) = code.unpacked(bomb, ("app.py",))
        assert len(file.text) == code.MAX_FILE_BYTES
        assert file.cut_bytes == 50_000_000 - code.MAX_FILE_BYTES

    def test_an_entry_that_lies_about_its_size_is_refused(self) -> None:
        package = packaged({"app.py": "a" * 1_000_000})
        lying = package.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        with pytest.raises(ToolError, match="cannot be read as a zip archive"):
            code.unpacked(lying, ("app.py",))

    @given(place=st.integers(0, 240), value=st.integers(0, 255), cut=st.integers(0, 60))
    def test_a_damaged_archive_is_refused_or_read_within_the_limits(
        self, place: int, value: int, cut: int
    ) -> None:
        package = bytearray(packaged({"app.py": "print(1)", "src/b.py": "x = 2" * 50}))
        package[place % len(package)] = value
        try:
            found = code.unpacked(bytes(package[: len(package) - cut]), ("app.py", "src/b.py"))
        except ToolError:
            return
        assert sum(len(file.text) for file in found) <= code.MAX_UNPACKED_BYTES

    def test_many_files_share_one_limit(self) -> None:
        files = {f"f{number}.py": "a" * code.MAX_FILE_BYTES for number in range(5)}
        found = code.unpacked(packaged(files), tuple(files))
        assert sum(len(file.text) for file in found) == code.MAX_UNPACKED_BYTES

    @pytest.mark.parametrize("path", ["../app.py", "/etc/passwd", "a/../../app.py"])
    def test_a_path_that_leaves_the_package_is_no_file_of_it(self, path: str) -> None:
        assert code.unpacked(packaged({path: "x"}), (path,)) == ()

    def test_a_link_is_no_file(self) -> None:
        packed = io.BytesIO()
        entry = zipfile.ZipInfo("app.py")
        entry.external_attr = 0o120777 << 16
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(entry, "/etc/passwd")
        assert code.unpacked(packed.getvalue(), ("app.py",)) == ()

    @pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04broken"])
    def test_what_is_no_archive_is_said_to_be_none(self, content: bytes) -> None:
        with pytest.raises(ToolError, match="cannot be read as a zip archive"):
            code.unpacked(content, ("app.py",))

    def test_a_package_that_trickles_in_is_given_up(self, lab: AwsLab) -> None:
        connection = lab.connections()[0]
        with pytest.raises(UpstreamError, match="could not be fetched"):
            code.fetched(
                f"{lab.url}{PACKAGES}333333333333/eu-central-1/orders-writer",
                connection,
                timeout_s=1.0,
                in_time=lambda: False,
            )
