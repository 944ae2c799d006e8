"""The audit at AWS: in a bucket nobody can change it in, and in a log stream, over the real SDK."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session

from bot.adapters.audit.cloudwatch_sink import MAX_EVENT_BYTES, AuditLogStream
from bot.adapters.audit.s3_sink import AuditBucket
from bot.adapters.audit.sinks import build_sinks
from bot.domain.record_places import AuditPlaces, LogGroup, ObjectStore
from safe_ops.audit import GENESIS, chained, line_of, verify
from safe_ops.errors import AuditError
from tests.contract.operations.audit_house import KEYS, AuditHouse, checked, read
from tests.contract.store.operations import note
from tests.lab.aws.gate import Fault
from tests.lab.aws.server import AwsLab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safe_ops.model.trail import AuditRow

REGION = "eu-central-1"

_numbers = count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsLab]:
    with AwsLab("operations") as lab:
        yield lab


@pytest.fixture(autouse=True)
def well(aws: AwsLab) -> None:
    aws.gate.faults.clear()
    aws.gate.seen.clear()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[AuditHouse]:
    house = AuditHouse(tmp_path)
    yield house
    house.engine.dispose()


@cache
def session_of(aws: AwsLab) -> Session:
    """Reading AWS's models takes longer than calling it; a session keeps them."""
    return aws.own_session()


@cache
def client(aws: AwsLab, service: str) -> Any:
    return session_of(aws).create_client(service, region_name=REGION, endpoint_url=aws.url)


class Buckets:
    """Buckets of the installation's own account."""

    def __init__(self, aws: AwsLab, house: AuditHouse, name: str) -> None:
        self.name = name
        self._aws = aws
        self._house = house
        self.s3 = client(aws, "s3")
        self.place = ObjectStore(bucket=name, region=REGION, endpoint_url=aws.url)

    def make(self, name: str, *, locked: bool = True) -> None:
        self.s3.create_bucket(
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=locked,
        )

    def sink(self, **changes: Any) -> AuditBucket:
        return AuditBucket(
            replace(self.place, **changes),
            clock=self._house.time,
            session=session_of(self._aws),
        )

    def names(self, prefix: str = "nightdesk/") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return [one["Key"] for one in found]

    def lines(self, prefix: str = "nightdesk/") -> list[str]:
        bodies = (
            self.s3.get_object(Bucket=self.name, Key=key)["Body"].read().decode()
            for key in self.names(prefix)
        )
        return [line for body in bodies for line in body.splitlines()]


@pytest.fixture
def buckets(aws: AwsLab, house: AuditHouse) -> Buckets:
    # What a test locks stays locked for its days: each has a bucket of its own.
    buckets = Buckets(aws, house, f"team-audit-{next(_numbers)}")
    buckets.make(buckets.name)
    return buckets


class Streams:
    """Log groups of the installation's own account."""

    def __init__(self, aws: AwsLab, house: AuditHouse, name: str) -> None:
        self.name = name
        self._aws = aws
        self._house = house
        self.logs = client(aws, "logs")
        self.place = LogGroup(name=name, region=REGION, endpoint_url=aws.url)

    def sink(self, **changes: Any) -> AuditLogStream:
        return AuditLogStream(
            replace(self.place, **changes),
            clock=self._house.time,
            session=session_of(self._aws),
        )

    def lines(self) -> list[str]:
        found = self.logs.get_log_events(
            logGroupName=self.name, logStreamName="nightdesk", startFromHead=True
        )
        return [one["message"] for one in found["events"]]


@pytest.fixture
def streams(aws: AwsLab, house: AuditHouse) -> Streams:
    streams = Streams(aws, house, f"/nightdesk/audit-{next(_numbers)}")
    streams.logs.create_log_group(logGroupName=streams.name)
    return streams


def test_rows_are_an_object_and_a_checkpoint_is_one_of_its_own(
    house: AuditHouse, buckets: Buckets
) -> None:
    house.write(3)
    house.delivery(buckets.sink()).catch_up()
    audit, checkpoint = buckets.names()
    assert audit == "nightdesk/audit/000000000001-000000000003.jsonl"
    assert checkpoint.startswith("nightdesk/checkpoints/000000000003-")
    found = checked(buckets.lines())
    assert (found.sound_to, found.signed_to, found.faults) == (3, 3, ())


def test_every_object_is_locked_in_compliance_mode_for_its_days(
    house: AuditHouse, buckets: Buckets
) -> None:
    house.write(1)
    house.delivery(buckets.sink(retain_days=30)).catch_up()
    for key in buckets.names():
        head = buckets.s3.head_object(Bucket=buckets.name, Key=key, ChecksumMode="ENABLED")
        assert head["ObjectLockMode"] == "COMPLIANCE"
        lasts = head["ObjectLockRetainUntilDate"] - house.time.now()
        assert timedelta(days=29, hours=23) < lasts <= timedelta(days=30)
        assert head["ChecksumSHA256"]


def test_a_locked_object_cannot_be_deleted(house: AuditHouse, buckets: Buckets) -> None:
    house.write(1)
    house.delivery(buckets.sink()).catch_up()
    (version,) = [
        one
        for one in buckets.s3.list_object_versions(Bucket=buckets.name)["Versions"]
        if "/audit/" in one["Key"]
    ]
    with pytest.raises(buckets.s3.exceptions.ClientError, match="AccessDenied"):
        buckets.s3.delete_object(
            Bucket=buckets.name, Key=version["Key"], VersionId=version["VersionId"]
        )


def test_a_restart_goes_on_behind_what_the_bucket_has(house: AuditHouse, buckets: Buckets) -> None:
    house.write(2)
    house.delivery(buckets.sink()).catch_up()
    house.write(2)
    house.delivery(buckets.sink()).catch_up()
    assert [key[-16:] for key in buckets.names("nightdesk/audit/")] == [
        "000000002.jsonl".rjust(16, "0"),
        "000000004.jsonl".rjust(16, "0"),
    ]
    assert checked(buckets.lines()).sound_to == 4


def test_delivering_the_same_again_changes_nothing(house: AuditHouse, buckets: Buckets) -> None:
    house.write(3)
    rows = house.trail.rows()
    sink = buckets.sink()
    sink.deliver(rows, ())
    sink.deliver(rows, ())
    buckets.sink().deliver(rows, ())
    assert len(buckets.s3.list_object_versions(Bucket=buckets.name)["Versions"]) == 1


def test_another_audit_under_the_same_names_is_refused(house: AuditHouse, buckets: Buckets) -> None:
    house.write(2)
    sink = buckets.sink()
    sink.deliver(house.trail.rows(), ())
    forged = chained(GENESIS, 1, house.book.now(), note(says="nothing happened"))
    second = chained(forged.hash, 2, house.book.now(), note())
    with pytest.raises(AuditError, match="has something else under nightdesk/audit/0000"):
        sink.deliver((forged, second), ())
    assert checked(buckets.lines()).sound_to == 2


def test_a_bucket_without_object_lock_is_refused(house: AuditHouse, buckets: Buckets) -> None:
    buckets.make("open-bucket", locked=False)
    house.write(1)
    with pytest.raises(AuditError, match=r"open-bucket has no Object Lock.*enable versioning"):
        house.delivery(buckets.sink(bucket="open-bucket")).catch_up()
    assert "Contents" not in buckets.s3.list_objects_v2(Bucket="open-bucket")


def test_a_bucket_that_is_not_there_is_named(house: AuditHouse, buckets: Buckets) -> None:
    house.write(1)
    with pytest.raises(AuditError, match=r"bucket nowhere refused the audit .*NoSuchBucket"):
        house.delivery(buckets.sink(bucket="nowhere")).catch_up()


def test_a_bucket_that_refuses_an_object_is_named(
    aws: AwsLab, house: AuditHouse, buckets: Buckets
) -> None:
    house.write(1)
    body = "<Error><Code>AccessDenied</Code><Message>not\nyours</Message></Error>"
    key = "nightdesk/audit/000000000001-000000000001.jsonl"
    operation = f"PUT /{buckets.name}/{key}"
    aws.fail(Fault(operation=operation, status=403, html=body))
    with pytest.raises(AuditError, match=r"refused the audit \(AccessDenied: not yours\); check"):
        house.delivery(buckets.sink()).catch_up()
    assert house.trail.shipped(buckets.sink().name) == 0


def test_a_bucket_that_is_away_is_tried_again(house: AuditHouse, buckets: Buckets) -> None:
    house.write(1)
    away = buckets.sink(prefix="away/", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(AuditError, match=r"bucket team-audit-\d+ cannot be reached"):
        house.delivery(away, buckets.sink()).catch_up()
    assert house.trail.shipped(away.name) == 0
    assert checked(buckets.lines()).sound_to == 1


def test_without_credentials_it_says_what_is_missing(house: AuditHouse, buckets: Buckets) -> None:
    house.write(1)
    session = Session()
    session.get_component("credential_provider").providers.clear()
    sink = AuditBucket(buckets.place, clock=house.time, session=session)
    with pytest.raises(AuditError, match=r"no AWS credentials for bucket team-audit-\d+: give"):
        house.delivery(sink).catch_up()


def test_deliverers_at_once_leave_no_gap_in_a_bucket(house: AuditHouse, buckets: Buckets) -> None:
    failures: list[str] = []
    started = threading.Barrier(3)

    def deliver() -> None:
        delivery = house.delivery(buckets.sink())
        started.wait()
        for _ in range(8):
            try:
                delivery.catch_up()
            except AuditError as error:
                failures.append(str(error))

    def write() -> None:
        started.wait()
        house.write(20)

    threads = [threading.Thread(target=one) for one in (deliver, deliver, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.delivery(buckets.sink()).catch_up()
    assert failures == []
    rows, checkpoints = read(buckets.lines())
    once = {row.number: row for row in rows}
    assert all(once[row.number] == row for row in rows)
    assert verify([once[number] for number in sorted(once)], checkpoints, KEYS).sound_to == 20


def test_a_stream_gets_an_event_for_each_row(house: AuditHouse, streams: Streams) -> None:
    house.write(3)
    house.delivery(streams.sink()).catch_up()
    house.write(2)
    house.delivery(streams.sink()).catch_up()
    found = checked(streams.lines())
    assert (found.sound_to, found.signed_to, found.faults) == (5, 3, ())


def test_a_stream_is_made_once_when_it_is_missing(
    aws: AwsLab, house: AuditHouse, streams: Streams
) -> None:
    house.write(1)
    house.delivery(streams.sink()).catch_up()
    assert len(aws.seen("CreateLogStream")) == 1
    other = streams.sink(stream="second")
    streams.logs.create_log_stream(logGroupName=streams.name, logStreamName="second")
    house.delivery(other).catch_up()
    assert len(aws.seen("CreateLogStream")) == 2


def test_a_stream_made_by_another_process_meanwhile_is_used(
    aws: AwsLab, house: AuditHouse, streams: Streams
) -> None:
    streams.logs.create_log_stream(logGroupName=streams.name, logStreamName="nightdesk")
    aws.fail(Fault(operation="PutLogEvents", code="ResourceNotFoundException", times=1))
    house.write(1)
    house.delivery(streams.sink()).catch_up()
    assert checked(streams.lines()).sound_to == 1


def test_a_missing_group_is_named(house: AuditHouse, streams: Streams) -> None:
    house.write(1)
    with pytest.raises(
        AuditError, match=r"log group /nowhere refused the audit .*ResourceNotFound"
    ):
        house.delivery(streams.sink(name="/nowhere")).catch_up()


def test_a_refused_stream_and_a_full_database_cursor_stay_apart(
    aws: AwsLab, house: AuditHouse, streams: Streams
) -> None:
    house.write(2)
    delivery = house.delivery(streams.sink())
    aws.fail(Fault(operation="PutLogEvents", status=400, code="AccessDeniedException", times=1))
    with pytest.raises(AuditError, match="AccessDeniedException"):
        delivery.catch_up()
    assert house.trail.shipped(streams.sink().name) == 0
    delivery.catch_up()
    assert checked(streams.lines()).sound_to == 2


def test_events_aws_leaves_out_are_not_counted_as_kept(house: AuditHouse, streams: Streams) -> None:
    """CloudWatch answers with success when a clock is two hours ahead, and keeps nothing."""
    house.write(1)
    house.clock.advance(3 * 3600)
    with pytest.raises(AuditError, match=r"left events out .*clock"):
        house.delivery(streams.sink()).catch_up()
    assert house.trail.shipped(streams.sink().name) == 0


def test_a_batch_stays_below_what_one_call_may_carry(
    aws: AwsLab, house: AuditHouse, streams: Streams
) -> None:
    rows: list[AuditRow] = []
    for number in range(1, 12):
        before = rows[-1].hash if rows else GENESIS
        rows.append(chained(before, number, house.book.now(), note(says="é" * 100_000)))
    streams.sink().deliver(tuple(rows), ())
    sizes = [len(call.body.encode()) for call in aws.seen("PutLogEvents")]
    assert len(sizes) == 4
    assert streams.lines() == [line_of(row) for row in rows]


def test_nothing_to_deliver_is_no_call(aws: AwsLab, streams: Streams) -> None:
    streams.sink().deliver((), ())
    assert aws.seen("PutLogEvents") == []


def test_a_row_too_long_for_an_event_is_named(house: AuditHouse, streams: Streams) -> None:
    row = chained(GENESIS, 1, house.book.now(), note(says="x" * MAX_EVENT_BYTES))
    with pytest.raises(AuditError, match=r'CloudWatch takes .*"number":1'):
        streams.sink().deliver((row,), ())


def test_the_registry_names_the_sinks(house: AuditHouse, buckets: Buckets) -> None:
    places = AuditPlaces(
        file="/audit.jsonl",
        s3=buckets.place,
        cloudwatch=LogGroup(name="/nightdesk/audit", region=REGION),
    )
    assert [sink.name for sink in build_sinks(places, clock=house.time)] == [
        "file:/audit.jsonl",
        f"s3://{buckets.name}/nightdesk/",
        "cloudwatch:/nightdesk/audit/nightdesk",
    ]
    assert build_sinks(AuditPlaces(), clock=house.time) == ()
