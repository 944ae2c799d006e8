"""Keys of clouds and of what runs on them: AWS, Google, Azure, DigitalOcean, HashiCorp and more."""

from __future__ import annotations

from bot.domain.redaction.rule import Rule

CLOUD = (
    # The id, and the secret where it follows at once, as in credential files and CSV exports.
    Rule(
        kind="aws_access_key",
        anchors=("AKIA", "ASIA"),
        form=r"A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])",
    ),
    Rule(
        kind="aws_secret_key",
        anchors=("AKIA", "ASIA"),
        form=r"A[KS]IA[A-Z0-9]{16}[\"']?[ \t]{0,4}[,:;|/ \t][ \t]{0,4}[\"']?"
        r"(?P<s>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])",
    ),
    Rule(
        kind="aws_session_token",
        anchors=("IQoJb3JpZ2lu", "FwoGZXIvYXdz"),
        form=r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/=_%-]{40,}",
    ),
    Rule(
        kind="aws_bedrock_key", anchors=("ABSK",), form=r"ABSK[A-Za-z0-9+/]{60,}={0,2}", word=True
    ),
    Rule(
        kind="aws_bedrock_key",
        anchors=("bedrock-api-key-",),
        form=r"bedrock-api-key-[A-Za-z0-9+/=_-]{40,}",
    ),
    Rule(kind="google_api_key", anchors=("AIza",), form=r"AIza[\w-]{35}"),
    Rule(kind="google_oauth", anchors=("ya29.",), form=r"ya29\.[\w.-]{20,}"),
    Rule(kind="google_oauth", anchors=("GOCSPX-",), form=r"GOCSPX-[\w-]{20,}"),
    Rule(kind="google_oauth", anchors=("1//0",), form=r"1//0[\w-]{30,}", word=True),
    Rule(kind="azure_client", anchors=("8Q~",), before=3, form=r"[\w.~-]{3}8Q~[\w.~-]{30,40}"),
    Rule(
        kind="azure_devops", anchors=("AZDO",), before=76, form=r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"
    ),
    Rule(
        kind="digitalocean",
        anchors=("_v1_",),
        before=3,
        form=r"do[por]_v1_[0-9a-f]{32,}",
    ),
    Rule(
        kind="cloudflare", anchors=("v1.0-",), form=r"v1\.0-[0-9a-f]{24}-[0-9a-f]{80,}", word=True
    ),
    Rule(kind="heroku", anchors=("HRKU-",), form=r"HRKU-[\w-]{30,}"),
    Rule(kind="fly", anchors=("fm2_", "fo1_"), form=r"f(?:m2|o1)_[\w+/=,-]{30,}", word=True),
    Rule(kind="netlify", anchors=("nfp_",), form=r"nfp_\w{30,}", word=True),
    Rule(
        kind="supabase",
        anchors=("sbp_", "sb_secret_"),
        form=r"sb(?:p_[0-9a-f]{40}|_secret_[\w-]{20,})",
    ),
    Rule(
        kind="planetscale",
        anchors=("pscale_",),
        form=r"pscale_(?:tkn|pw|oauth)_[\w.=-]{20,}",
    ),
    Rule(kind="databricks", anchors=("dapi",), form=r"dapi[0-9a-f]{32}(?:-\d)?", word=True),
    Rule(kind="ovh", anchors=("ovhcs_",), form=r"ovhcs_\w{20,}"),
    Rule(kind="vault", anchors=("hv",), form=r"hv[sbr]\.[\w-]{20,}"),
    Rule(
        kind="vault",
        anchors=("s.",),
        form=r"s\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}(?![\w.])",
        word=True,
    ),
    Rule(kind="terraform", anchors=(".atlasv1.",), form=r"\.atlasv1\.(?P<s>[\w=-]{40,})"),
    Rule(kind="pulumi", anchors=("pul-",), form=r"pul-[0-9a-f]{40}", word=True),
    Rule(
        kind="doppler",
        anchors=("dp.",),
        form=r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}",
    ),
    Rule(kind="onepassword", anchors=("ops_eyJ",), form=r"ops_eyJ[\w+/=-]{40,}"),
    Rule(kind="tailscale", anchors=("tskey-",), form=r"tskey-[a-z]{2,12}-[\w-]{16,}"),
    Rule(kind="age_key", anchors=("AGE-SECRET-KEY-1",), form=r"AGE-SECRET-KEY-1[0-9A-Z]{40,}"),
    Rule(kind="okta", anchors=("SSWS ",), form=r"SSWS (?P<s>[\w-]{20,})"),
)
