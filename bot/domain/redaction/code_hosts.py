"""Tokens of code hosts, package indexes, image registries and their build services."""

from __future__ import annotations

from bot.domain.redaction.rule import Rule

CODE_HOSTS = (
    Rule(
        kind="github",
        anchors=("gh",),
        form=r"gh[posur]_[A-Za-z0-9][\w.-]{19,}",
    ),
    Rule(kind="github", anchors=("github_pat_",), form=r"github_pat_\w{22,}"),
    Rule(
        kind="gitlab",
        anchors=("gl",),
        word=True,
        form=r"gl[a-z]{2,6}-[\w.-]{16,}",
    ),
    Rule(kind="gitlab", anchors=("GR1348941",), form=r"GR1348941[\w-]{20}"),
    Rule(
        kind="atlassian",
        anchors=("ATATT3", "ATCTT3", "ATBB"),
        form=r"AT(?:[AC]TT3|BB)[\w=-]{24,}",
    ),
    Rule(kind="npm", anchors=("npm_",), form=r"npm_[A-Za-z0-9]{30,}", word=True),
    Rule(kind="pypi", anchors=("pypi-AgE",), form=r"pypi-AgE[\w-]{50,}"),
    Rule(kind="rubygems", anchors=("rubygems_",), form=r"rubygems_[0-9a-f]{40,}"),
    Rule(kind="crates", anchors=("cio",), form=r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])", word=True),
    Rule(kind="nuget", anchors=("oy2",), form=r"oy2[a-z0-9]{43}(?![a-z0-9])", word=True),
    Rule(kind="docker_hub", anchors=("dckr_",), form=r"dckr_[po]at_[\w-]{20,}"),
    Rule(kind="artifactory", anchors=("AKCp",), form=r"AKCp[A-Za-z0-9]{40,}", word=True),
    Rule(kind="artifactory", anchors=("cmVmdGtu",), form=r"cmVmdGtu[A-Za-z0-9+/=_-]{40,}"),
    Rule(kind="sonar", anchors=("squ_", "sqp_", "sqa_"), form=r"sq[upa]_[0-9a-f]{40}", word=True),
    Rule(kind="circleci", anchors=("CCIP",), form=r"CCIP(?:AT|RJ)_\w{20,}"),
    Rule(kind="buildkite", anchors=("bkua_",), form=r"bkua_[0-9a-f]{40}", word=True),
    Rule(kind="hugging_face", anchors=("hf_",), form=r"hf_[A-Za-z]{30,}", word=True),
    Rule(kind="postman", anchors=("PMAK-",), form=r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
)
