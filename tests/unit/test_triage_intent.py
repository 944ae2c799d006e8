"""Questions understood by their words, in four languages and any order."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.verdict import Cause
from bot.triage.intent import Wish, meant, resembling, understand
from bot.triage.language.book import LANGUAGES, language_of, open_book, words_of
from bot.triage.places import namespaces_meant, objects_meant, unknown_names
from tests.unit.triage_estates import container, deployment, estate, node, pod, ref, replica_set

NAMESPACES = ("shop", "payments", "payments-eu", "kube-system", "test")

QUESTIONS = [
    ("what is failing in shop?", Wish.FAILING, "en"),
    ("is everything ok?", Wish.FAILING, "en"),
    ("anything broken right now", Wish.FAILING, "en"),
    ("what's up with cart", Wish.WHY, "en"),
    ("cart status", Wish.FAILING, "en"),
    ("why is cart unhealthy?", Wish.WHY, "en"),
    ("why did the deployment of cart fail", Wish.WHY, "en"),
    ("Why's cart down?!", Wish.WHY, "en"),
    ("what changed recently in payments?", Wish.CHANGED, "en"),
    ("what's new", Wish.CHANGED, "en"),
    ("recent deploys", Wish.CHANGED, "en"),
    ("is the release ok?", Wish.FAILING, "en"),
    ("hello", Wish.UNCLEAR, "en"),
    ("", Wish.UNCLEAR, "en"),
    ("was ist kaputt in shop?", Wish.FAILING, "de"),
    ("cart kaputt?", Wish.FAILING, "de"),
    ("läuft shop", Wish.FAILING, "de"),
    ("ist alles in Ordnung?", Wish.FAILING, "de"),
    ("Was ist los?", Wish.FAILING, "de"),
    ("warum läuft cart nicht?", Wish.WHY, "de"),
    ("cart läuft nicht, warum?", Wish.WHY, "de"),
    ("was hat sich in payments geändert?", Wish.CHANGED, "de"),
    ("letzte Rollouts in shop bitte", Wish.CHANGED, "de"),
    ("hallo", Wish.UNCLEAR, "en"),
    ("¿por qué falla cart?", Wish.WHY, "es"),
    ("por que falla cart", Wish.WHY, "es"),
    ("¿qué falla en shop?", Wish.FAILING, "es"),
    ("¿está todo bien?", Wish.FAILING, "es"),
    ("¿qué cambió en payments?", Wish.CHANGED, "es"),
    ("qué se desplegó ayer", Wish.CHANGED, "es"),
    ("pourquoi cart ne marche pas ?", Wish.WHY, "fr"),
    ("qu'est-ce qui plante dans shop ?", Wish.FAILING, "fr"),
    ("qu\u2019est-ce qui ne va pas", Wish.FAILING, "fr"),
    ("tout va bien ?", Wish.FAILING, "fr"),
    ("qu'est-ce qui a changé dans payments", Wish.CHANGED, "fr"),
    ("derniers déploiements", Wish.CHANGED, "fr"),
]


@pytest.mark.parametrize(("text", "wish", "language"), QUESTIONS)
def test_a_question_is_understood_in_its_language(text: str, wish: Wish, language: str) -> None:
    intent = understand(text)
    assert (intent.wish, intent.language) == (wish, language)


@pytest.mark.parametrize(("text", "wish"), [one[:2] for one in QUESTIONS])
def test_case_and_punctuation_change_nothing(text: str, wish: Wish) -> None:
    intent = understand(f"  {text.upper()}… !! ".replace("'", "\u2019"))
    assert intent.wish is wish


@given(st.text(max_size=200))
def test_no_text_is_too_strange_to_be_understood(text: str) -> None:
    intent = understand(text)
    assert intent.language in LANGUAGES
    assert set(intent.names) <= set(words_of(text))


@given(st.text(alphabet=string.ascii_lowercase + string.digits + "-.", min_size=2, max_size=20))
def test_whatever_is_called_a_name_stands_in_the_question(name: str) -> None:
    intent = understand(f"why is {name} failing?")
    assert all(one in name for one in intent.names)


def wanted(text: str, *, default: str | None = None, complete: bool = True) -> tuple[str, ...]:
    return namespaces_meant(
        understand(text), NAMESPACES, default=default, complete=complete
    ).namespaces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is failing in shop?", ("shop",)),
        ("what is failing in the whole of the shop namespace", ("shop",)),
        ("what's wrong in our payments namespace", ("payments",)),
        ("kubectl -n shop what fails", ("shop",)),
        ("broken things --namespace=payments", ("payments",)),
        ("what fails in namespace/shop", ("shop",)),
        ("shop kaputt?", ("shop",)),
        ("was ist im Namespace Shop los", ("shop",)),
        ("¿qué falla en el espacio de nombres shop?", ("shop",)),
        ("qu'est-ce qui plante dans l'espace de noms shop", ("shop",)),
        ("what is failing in kube", ("kube-system",)),
        ("what is failing in payments", ("payments",)),
        ("what is failing in shop and payments", ("shop", "payments")),
        ("what is failing in test", ("test",)),
        ("is the test ok", ()),
        ("why is deployment shop failing", ()),
        ("what is failing?", ()),
    ],
)
def test_a_namespace_is_found_where_it_is_said(text: str, expected: tuple[str, ...]) -> None:
    assert wanted(text) == expected


def test_without_a_name_the_default_is_meant() -> None:
    assert wanted("what is failing?", default="payments") == ("payments",)
    assert wanted("what is failing in shop?", default="payments") == ("shop",)


def test_a_namespace_that_is_insisted_on_and_missing_is_absent() -> None:
    absent = namespaces_meant(
        understand("namespace shopp"), NAMESPACES, default="shop", complete=True
    )
    assert (absent.namespaces, absent.absent) == ((), ("shopp",))
    default = namespaces_meant(understand("hm"), NAMESPACES, default="gone", complete=True)
    assert default.absent == ("gone",)


def test_where_namespaces_are_unknown_the_question_is_believed() -> None:
    assert wanted("what is failing in foo", complete=False) == ("foo",)
    assert wanted("what is failing in namespace foo", complete=False) == ("foo",)
    assert wanted("what is failing", default="bar", complete=False) == ("bar",)
    assert wanted("what is failing", complete=False) == ()


SEEN = estate(
    deployment("cart"),
    deployment("cart-db"),
    deployment("checkout-api"),
    replica_set("cart-abc", owner="Deployment/cart"),
    pod("cart-abc-x1", container(), owner="ReplicaSet/cart-abc"),
    pod("cart-abc-x2", container(), owner="ReplicaSet/cart-abc"),
    pod("lonely", container(), owner=""),
    node("ip-10-0-0-1"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("why is cart failing", [ref("deployment", "cart")]),
        ("why is cart's pod failing", [ref("deployment", "cart")]),
        ("why is `cart-db` failing", [ref("deployment", "cart-db")]),
        ("why is checkout failing", [ref("deployment", "checkout-api")]),
        ("why is pod cart-abc-x1 failing", [ref("pod", "cart-abc-x1")]),
        ("why is cart-abc failing", [ref("deployment", "cart")]),
        ("why is lonely failing", [ref("pod", "lonely")]),
        ("is node ip-10-0-0-1 ok", [ref("node", "ip-10-0-0-1", "")]),
        ("cart and cart-db broken?", [ref("deployment", "cart"), ref("deployment", "cart-db")]),
        ("why is everything failing", []),
    ],
)
def test_an_object_is_found_by_its_name_or_beginning(text: str, expected: list[object]) -> None:
    assert list(objects_meant(understand(text), [SEEN])) == expected


def test_a_word_that_is_the_namespace_is_not_also_the_object() -> None:
    intent = understand("what is failing in cart")
    assert objects_meant(intent, [SEEN], not_these=["cart"]) == ()
    both = understand("is deployment cart in cart ok")
    assert objects_meant(both, [SEEN], not_these=["cart"]) == (ref("deployment", "cart"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("why is foo failing", ("foo",)),
        ("is deployment foo ok", ("foo",)),
        ("is foo-bar ok", ("foo-bar",)),
        ("what is failing in foo", ("foo",)),
        ("what is failing in prod-eu", ()),
        ("is anything on fire", ()),
        ("why is everything so slow today", ()),
        ("why is cart failing", ()),
        ("why is checkout failing", ()),
    ],
)
def test_a_name_nobody_has_is_noticed(text: str, expected: tuple[str, ...]) -> None:
    intent = understand(text)
    targets = objects_meant(intent, [SEEN])
    assert unknown_names(intent, known=["prod-eu"], targets=targets) == expected


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("what changed in the last 3 hours", 3),
        ("what changed in the last 90 minutes", 2),
        ("what changed in the last 30m", 1),
        ("changes of 2d", 48),
        ("was hat sich in den letzten 2 Tagen geändert", 48),
        ("qué cambió en las últimas 6 horas", 6),
        ("ce qui a changé ces 3 derniers jours", None),
        ("ce qui a changé depuis 3 jours", 72),
        ("changes of the last week", 168),
        ("what changed in the last 99999 days", 2160),
        ("what changed in the last 9999 days", 2160),
        ("what changed", None),
    ],
)
def test_a_question_says_how_far_back_it_looks(text: str, hours: int | None) -> None:
    assert understand(text).hours == hours


def test_a_beginning_means_a_name_only_when_it_is_the_only_one() -> None:
    assert meant("checkout", ["checkout-api"]) == "checkout-api"
    assert meant("checkout", ["checkout-api", "checkout-web"]) is None
    assert meant("check", ["checkout-api"]) is None
    assert meant("cart", ["cart", "cart-db"]) == "cart"


def test_the_closest_name_is_one_that_resembles() -> None:
    assert resembling("shopp", NAMESPACES) == "shop"
    assert resembling("paymnts", NAMESPACES) == "payments"
    assert resembling("quux", NAMESPACES) is None
    assert resembling("shop", []) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("kaputt?", "de"),
        ("ça va", "fr"),
        ("¿cart?", "es"),
        ("cart", "en"),
        ("何が壊れていますか", "en"),
        ("cosa non funziona", "en"),
        ("tell me a joke about cats", "en"),
    ],
)
def test_short_and_foreign_texts_get_a_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_phrase_exists_in_every_language_with_the_same_gaps(code: str) -> None:
    formatter = string.Formatter()

    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in formatter.parse(text) if name}

    english, book = open_book("en"), open_book(code)
    assert book.sentences.keys() == english.sentences.keys()
    assert book.steps.keys() == english.steps.keys()
    assert book.asks.keys() == english.asks.keys() >= {"why", "changed", "failing", "released"}
    for texts, others in ((english.sentences, book.sentences), (english.steps, book.steps)):
        for phrase, text in texts.items():
            assert gaps(others[phrase]) == gaps(text), phrase


@pytest.mark.parametrize("code", LANGUAGES)
def test_foreign_text_stands_in_code_spans(code: str) -> None:
    for phrase, text in open_book(code).sentences.items():
        for gap in ("message", "line", "image", "images", "pod", "subject", "missing", "container"):
            if f"{{{gap}}}" in text and phrase != "log_listens":
                before, _, after = text.partition(f"{{{gap}}}")
                assert before.count("`") % 2 == 1, phrase
                assert "`" in after, phrase


def test_every_cause_has_a_meaning_people_can_read() -> None:
    assert all(cause.meaning for cause in Cause)
