"""Messages of Amazon SNS: AWS's signature, our topics, and nothing fetched from anywhere else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bot.adapters.alerts.webhooks.delivery import Delivery, WebhookRefusedError
from bot.adapters.alerts.webhooks.sns import SnsKind, SnsMessage, prove_sns
from bot.adapters.alerts.webhooks.sns_certificates import SigningCertificates, is_certificate_url
from bot.domain.errors import UpstreamError
from tests.lab.alerts.samples import webhook_body
from tests.lab.alerts.sns_signing import CertificateHost, certificate, signed

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
URL = webhook_body("sns_alarm")["SigningCertURL"]


def aws() -> CertificateHost:
    return CertificateHost(certificate(now=NOW))


def prove(
    body: dict[str, Any],
    *,
    host: CertificateHost | None = None,
    certificates: SigningCertificates | None = None,
    now: datetime = NOW,
    topics: frozenset[str] = frozenset({TOPIC}),
) -> SnsMessage:
    return prove_sns(
        Delivery(headers={}, body=json.dumps(body).encode()),
        topics=topics,
        certificates=certificates or SigningCertificates((host or aws()).fetch),
        now=now,
    )


def refused(body: dict[str, Any], **more: Any) -> WebhookRefusedError:
    with pytest.raises(WebhookRefusedError) as caught:
        prove(body, **more)
    return caught.value


def alarm(**overrides: Any) -> dict[str, Any]:
    return signed(webhook_body("sns_alarm", **overrides))


def subscription(**overrides: Any) -> dict[str, Any]:
    return signed(webhook_body("sns_subscription", **overrides))


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_signature_are_believed(version: str) -> None:
    message = prove(alarm(SignatureVersion=version))
    assert (message.kind, message.topic) == (SnsKind.NOTIFICATION, TOPIC)
    assert message.subscribe_url is None


def test_the_message_id_is_what_a_replay_is_known_by() -> None:
    one, again = prove(alarm()), prove(alarm())
    assert one.proven.delivery_id == again.proven.delivery_id
    assert one.proven.delivery_id.endswith("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324")


def test_a_message_without_a_subject_is_signed_without_one() -> None:
    body = webhook_body("sns_alarm")
    del body["Subject"]
    assert prove(signed(body)).kind is SnsKind.NOTIFICATION


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp"])
def test_a_field_changed_after_signing_is_refused(name: str) -> None:
    body = alarm()
    changed = "2026-11-21T11:58:31.000Z" if name == "Timestamp" else f"{body[name]} "
    refusal = refused(body | {name: changed})
    assert (refusal.status, refusal.public) == (401, "Unauthorized")
    assert "not AWS's" in refusal.reason


@pytest.mark.parametrize(
    "name", ["Message", "MessageId", "Timestamp", "Signature", "SignatureVersion", "TopicArn",
             "SigningCertURL", "Type"]
)  # fmt: skip
def test_a_missing_field_is_refused(name: str) -> None:
    body = alarm()
    del body[name]
    assert refused(body).status == 401


def test_a_version_we_do_not_know_is_refused() -> None:
    assert "SignatureVersion" in refused(alarm() | {"SignatureVersion": "3"}).reason


def test_a_signature_under_the_other_version_is_refused() -> None:
    assert refused(alarm(SignatureVersion="1") | {"SignatureVersion": "2"}).status == 401


@pytest.mark.parametrize("signature", ["!!!", "AAAA", ""])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    assert refused(alarm() | {"Signature": signature}).status == 401


def test_somebody_elses_topic_is_refused_though_aws_signed_it() -> None:
    host = aws()
    other = alarm(TopicArn="arn:aws:sns:eu-central-1:999999999999:alarms")
    assert "topic" in refused(other, host=host).reason
    assert host.asked == []


def test_no_topics_set_means_nothing_is_believed() -> None:
    assert refused(alarm(), topics=frozenset()).status == 401


@pytest.mark.parametrize("age", [timedelta(minutes=61), timedelta(minutes=-63)])
def test_an_old_or_future_message_is_refused(age: timedelta) -> None:
    assert "s from now" in refused(alarm(), now=NOW + age).reason


def test_a_message_that_sns_tried_for_most_of_an_hour_is_believed() -> None:
    assert prove(alarm(), now=NOW + timedelta(minutes=57)).topic == TOPIC


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://evil.example#sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://evil.example\\@sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.amazonaws.com/SimpleNotificationService-1.pem",
        "https://xsns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com/?Action=GetTopicAttributes&x=.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem?x=1",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem?",
        "https://sns.eu-central-1.amazonaws.com/a/../SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem\n",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.txt",
        "https://[::1/SimpleNotificationService-1.pem",
        "file:///SimpleNotificationService-1.pem",
        "",
    ],
)
def test_a_certificate_is_fetched_from_hosts_of_sns_only(url: str) -> None:
    host = aws()
    assert refused(alarm() | {"SigningCertURL": url}, host=host).status == 401
    assert host.asked == []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1f.pem",
        "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-1f.pem",
    ],
)
def test_hosts_of_every_partition_are_known(url: str) -> None:
    assert is_certificate_url(url)


def test_a_certificate_is_fetched_once_and_kept() -> None:
    host = aws()
    certificates = SigningCertificates(host.fetch)
    for _ in range(3):
        prove(alarm(), certificates=certificates)
    assert host.asked == [URL]


def test_a_kept_certificate_that_ran_out_is_refused_and_fetched_again() -> None:
    host = CertificateHost(certificate(now=NOW, valid_days=1))
    certificates = SigningCertificates(host.fetch)
    prove(alarm(), certificates=certificates)
    later = NOW + timedelta(days=2)
    fresh = alarm(Timestamp=later.isoformat())
    assert "not valid now" in refused(fresh, certificates=certificates, now=later).reason
    host.pem = certificate(now=later)
    assert prove(fresh, certificates=certificates, now=later).topic == TOPIC
    assert host.asked == [URL, URL]


@pytest.mark.parametrize("pem", [b"", b"not found", b"x" * 70_000])
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    assert refused(alarm(), host=CertificateHost(pem)).status == 401


def test_a_certificate_without_an_rsa_key_is_refused() -> None:
    pem = certificate(now=NOW, key=ec.generate_private_key(ec.SECP256R1()))
    assert "RSA" in refused(alarm(), host=CertificateHost(pem)).reason


def test_a_certificate_that_cannot_be_fetched_is_time_to_try_again() -> None:
    def fetch(url: str) -> bytes:
        raise UpstreamError(f"no answer from {url}", system="aws sns")

    with pytest.raises(UpstreamError):
        prove(alarm(), certificates=SigningCertificates(fetch))


def test_a_subscription_gives_the_address_that_confirms_it() -> None:
    message = prove(subscription())
    assert message.kind is SnsKind.SUBSCRIPTION
    assert message.subscribe_url == webhook_body("sns_subscription")["SubscribeURL"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/?Action=ConfirmSubscription&TopicArn=" + TOPIC,
        "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + TOPIC,
        "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic&TopicArn=" + TOPIC,
        "https://sns.eu-central-1.amazonaws.com/x?Action=ConfirmSubscription&TopicArn=" + TOPIC,
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other",
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Action=x&TopicArn="
        + TOPIC,
        "https://sns.eu-central-1.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com/?" + "a=1&" * 50,
        "https://[::1/",
    ],
)
def test_an_address_that_does_anything_else_is_refused_though_signed(url: str) -> None:
    assert "SubscribeURL" in refused(subscription(SubscribeURL=url)).reason


def test_an_end_of_a_subscription_gives_no_address_to_fetch() -> None:
    message = prove(subscription(Type="UnsubscribeConfirmation"))
    assert (message.kind, message.subscribe_url) == (SnsKind.UNSUBSCRIPTION, None)


def test_a_body_that_is_too_long_is_refused_before_it_is_read() -> None:
    assert refused(alarm() | {"Message": "x" * 1_000_000}).status == 413


def test_a_raw_delivery_without_an_envelope_is_refused() -> None:
    assert refused(webhook_body("cloudwatch_alarm")).status == 401


def test_text_that_is_no_unicode_is_refused() -> None:
    assert refused(alarm() | {"Message": "\ud800"}).status == 401
