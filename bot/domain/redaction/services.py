"""Keys of model providers, payment, mail, telephony, observability and work-tracking services."""

from __future__ import annotations

from bot.domain.redaction.rule import Rule

SERVICES = (
    Rule(kind="anthropic", anchors=("sk-ant-",), form=r"sk-ant-[\w-]{20,}"),
    Rule(
        kind="openai",
        anchors=("sk-",),
        form=r"sk-(?!ant-)(?=[A-Za-z_-]{0,60}\d)[\w-]{32,}",
        word=True,
    ),
    Rule(
        kind="model_key",
        anchors=("gsk_", "xai-", "pplx-", "r8_"),
        form=r"(?:gsk_|xai-|pplx-|r8_)(?=[A-Za-z]{0,40}\d)[\w-]{22,}",
        word=True,
    ),
    Rule(
        kind="stripe",
        anchors=("k_live_", "k_test_"),
        before=1,
        form=r"[rs]k_(?:live|test)_\w{16,}",
    ),
    Rule(kind="webhook_signing", anchors=("whsec_",), form=r"whsec_[\w+/=-]{16,}"),
    Rule(kind="square", anchors=("sq0",), form=r"sq0(?:atp|csp)-[\w-]{22,}"),
    Rule(
        kind="shopify",
        anchors=("shp",),
        form=r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}",
    ),
    Rule(
        kind="paypal",
        anchors=("access_token$",),
        form=r"access_token\$(?:production|sandbox)\$\S{30,}",
    ),
    Rule(kind="sendgrid", anchors=("SG.",), form=r"SG\.[\w-]{16,32}\.[\w-]{16,64}", word=True),
    Rule(kind="mailgun", anchors=("key-",), form=r"key-[0-9a-f]{32}(?![0-9a-f])", word=True),
    Rule(kind="mailchimp", anchors=("-us",), before=32, form=r"[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    Rule(kind="brevo", anchors=("xkeysib-",), form=r"xkeysib-[0-9a-f]{64}-\w{16}"),
    Rule(kind="twilio", anchors=("SK",), form=r"SK[0-9a-f]{32}(?![0-9a-f])", word=True),
    Rule(
        kind="grafana",
        anchors=("glsa_", "glc_"),
        form=r"gl(?:sa|c)_[A-Za-z0-9+/_=-]{20,}",
    ),
    Rule(kind="grafana", anchors=("eyJrIjoi",), form=r"eyJrIjoi[A-Za-z0-9+/=_-]{30,}"),
    Rule(
        kind="datadog",
        anchors=("ddapp_", "ddpat_"),
        form=r"dd(?:app|pat)_[A-Za-z0-9]{30,}",
        word=True,
    ),
    Rule(
        kind="new_relic",
        anchors=("NR",),
        form=r"NR(?:AK|JS|II|RA)-[\w-]{19,}",
    ),
    Rule(kind="new_relic", anchors=("NRAL",), before=36, form=r"[0-9a-fA-F]{32}FFFFNRAL(?!\w)"),
    Rule(kind="sentry", anchors=("sntry",), form=r"sntry[su]_[\w+/=]{30,}"),
    Rule(
        kind="honeycomb",
        anchors=("hcaik_", "hcxik_"),
        form=r"hc[ax]ik_\w{26,}",
    ),
    Rule(
        kind="dynatrace",
        anchors=("dt0",),
        form=r"dt0[cs]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{32,}",
    ),
    Rule(kind="linear", anchors=("lin_",), form=r"lin_(?:api|oauth)_\w{32,}"),
    Rule(kind="notion", anchors=("ntn_",), form=r"ntn_[A-Za-z0-9]{40,}", word=True),
    Rule(kind="figma", anchors=("figd_",), form=r"figd_[\w-]{30,}", word=True),
    Rule(kind="contentful", anchors=("CFPAT-",), form=r"CFPAT-[\w-]{40,}"),
    Rule(kind="airtable", anchors=("pat",), form=r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", word=True),
    Rule(
        kind="launchdarkly",
        anchors=("sdk-", "api-"),
        form=r"(?:sdk|api)-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",
        word=True,
    ),
    Rule(kind="posthog", anchors=("phx_",), form=r"phx_[A-Za-z0-9]{30,}", word=True),
    Rule(
        kind="svix",
        anchors=("testsk_",),
        form=r"testsk_[\w.]{24,}",
        word=True,
    ),
    Rule(
        kind="password_hash",
        anchors=("$",),
        form=r"\$(?:2[aby]\$\d\d|argon2\w{1,2}|scrypt|pbkdf2[\w-]{0,12}|[1567y]|apr1)"
        r"\$[^\s\"':\u2039]{20,}",
    ),
    Rule(
        kind="password_hash",
        anchors=("SCRAM-SHA-256$", "{SSHA}"),
        form=r"(?:SCRAM-SHA-256\$|\{SSHA\})[^\s\"'\u2039]{20,}",
    ),
)
