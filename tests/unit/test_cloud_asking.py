"""Which questions are about a cloud account, and what they want, in four languages."""

from __future__ import annotations

import pytest

from bot.domain.registry import Account
from bot.triage.cloud.asking import CloudWish, asked
from bot.triage.cloud.resource import ResourceKind

ACCOUNTS = (
    Account(
        name="shop-prod", account_id="111111111111", regions=("eu-central-1",), aliases=("p1",)
    ),
    Account(name="shop-staging", account_id="222222222222", regions=("eu-central-1",)),
)


@pytest.mark.parametrize(
    ("text", "wish", "language"),
    [
        ("last errors of function a-1", CloudWish.ERRORS, "en"),
        ("recent errors of service web", CloudWish.ERRORS, "en"),
        ("is alarm web-5xx real?", CloudWish.REAL, "en"),
        ("why does function a-1 fail?", CloudWish.STATE, "en"),
        ("what was deployed when in account shop-prod", CloudWish.DEPLOYED, "en"),
        ("what changed in stack web", CloudWish.DEPLOYED, "en"),
        ("is lambda a-1 ok?", CloudWish.STATE, "en"),
        ("letzte Fehler der Funktion a-1", CloudWish.ERRORS, "de"),
        ("ist der Alarm web-5xx echt?", CloudWish.REAL, "de"),
        ("warum scheitert die Funktion a-1?", CloudWish.STATE, "de"),
        ("was wurde im Konto shop-prod ausgerollt?", CloudWish.DEPLOYED, "de"),
        ("últimos errores de la función a-1", CloudWish.ERRORS, "es"),
        ("¿es real la alarma web-5xx?", CloudWish.REAL, "es"),
        ("¿por qué falla la función a-1?", CloudWish.STATE, "es"),
        ("¿qué se desplegó en la cuenta shop-prod?", CloudWish.DEPLOYED, "es"),
        ("dernières erreurs de la fonction a-1", CloudWish.ERRORS, "fr"),
        ("l'alarme web-5xx est-elle réelle ?", CloudWish.REAL, "fr"),
        ("pourquoi la fonction a-1 échoue ?", CloudWish.STATE, "fr"),
        ("qu'est-ce qui a été déployé dans le compte shop-prod ?", CloudWish.DEPLOYED, "fr"),
    ],
)
def test_a_question_about_a_cloud_is_understood_in_its_language(
    text: str, wish: CloudWish, language: str
) -> None:
    found = asked(text, ACCOUNTS)
    assert found is not None
    assert (found.wish, found.language) == (wish, language)


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "why is cart unhealthy?", "what is failing in shop?", "what changed recently?",
        "warum läuft cart nicht?", "is the service cart ok?", "database pod restarts, why?",
        "why is the alarm team quiet", "kubectl get pods",
    ],
)  # fmt: skip
def test_a_question_without_a_sign_of_a_cloud_is_not(text: str) -> None:
    assert asked(text, ACCOUNTS) is None


def test_accounts_are_known_by_name_alias_and_number() -> None:
    for name in ("shop-prod", "P1", "111111111111"):
        found = asked(f"why does function a-1 fail in {name}?", ACCOUNTS)
        assert found is not None
        assert found.accounts == ("shop-prod",)


def test_what_stands_for_an_account_but_is_none_is_kept_to_be_said() -> None:
    found = asked("what was deployed in account 999999999999?", ACCOUNTS)
    assert found is not None
    assert (found.accounts, found.account_said) == ((), "999999999999")


def test_kinds_and_the_words_beside_them_are_told_apart() -> None:
    found = asked("last errors of ecs service web", ACCOUNTS)
    assert found is not None
    assert found.kinds == {ResourceKind.SERVICE}
    assert "web" in found.near
