"""The page's readers of Slack's two text dialects, each called by itself in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.page_server import DemoPage
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

RENDER = """async ([name, text]) => {
  const readers = await import(`/js/text/${name}.js`);
  const box = document.createElement("div");
  const names = { me: "U1", person: (id) => ({ U1: "Ana" })[id], channel: () => "oncall",
    group: () => "@managers" };
  box.append(readers[name](text, names));
  for (const node of box.querySelectorAll("*")) {
    for (const { name } of [...node.attributes]) if (name !== "href") node.removeAttribute(name);
  }
  return box.innerHTML;
}"""
ENCODE = """async (text) => {
  const { encode } = await import("/js/composing.js");
  const people = [["U1", "Ana Petrova", "ana"], ["U2", "Anton", "anton"]];
  return encode(text, {
    people: () => people.map(([value, text]) => ({ value, text: { text } })),
    user: (id) => ({ name: people.find(([one]) => one === id)[2] }),
    rooms: [{ id: "C1", name: "oncall" }],
  });
}"""


@pytest.fixture(scope="module")
def reader(browser: Browser) -> Iterator[Page]:
    """A window on the page; these tests change nothing in it."""
    with SlackLab() as lab, DemoPage(lab, banner={}, samples=[]) as demo:
        context = browser.new_context()
        page = context.new_page()
        page.goto(demo.url)
        yield page
        context.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*b* _i_ ~s~ `c`", "<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>"),
        ("a*b*c snake_case_name 2 * 3 * 4", "a*b*c snake_case_name 2 * 3 * 4"),
        ("*a _b_ c*", "<strong>a <em>b</em> c</strong>"),
        ("`*not bold* &lt;b&gt;`", "<code>*not bold* &lt;b&gt;</code>"),
        ("*open `a*b` end*", "<strong>open <code>a*b</code> end</strong>"),
        ("a &lt;b&gt; &amp;amp;", "a &lt;b&gt; &amp;amp;"),
        ("<@U1> <@U2|bob>", "<span>@Ana</span> <span>@bob</span>"),
        ("<!subteam^S1> <#C1>", "<span>@managers</span> <span>#oncall</span>"),
        ("<!here>", "<span>@here</span>"),
        ("<https://a.example/?x=1&amp;y=2|go>", '<a href="https://a.example/?x=1&amp;y=2">go</a>'),
        ("see https://a.example/x.", 'see <a href="https://a.example/x">https://a.example/x</a>.'),
        ("<javascript:alert(1)|go>", "&lt;javascript:alert(1)|go&gt;"),
        ("&gt; said\nme", "<blockquote>said</blockquote>me"),
        ("a\nb", "a<br>b"),
        ("```x *y*\n z```", "<pre><code>x *y*\n z</code></pre>"),
        ("```open", "```open"),
        (":fire: :no_such_name: 10:30:00", "<span>🔥</span> :no_such_name: 10:30:00"),
    ],
)
def test_mrkdwn_reads_as_in_slack(reader: Page, text: str, shown: str) -> None:
    assert reader.evaluate(RENDER, ["mrkdwn", text]) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# T #x", "<h3>T #x</h3>"),
        (
            "**b** *i* __b__ _i_ ~~s~~",
            "<p><strong>b</strong> <em>i</em> <strong>b</strong> <em>i</em> <s>s</s></p>",
        ),
        ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
        ("a_b_c 2*3*4 \\*x\\*", "<p>a_b_c 2*3*4 *x*</p>"),
        ("eins**zwei**drei", "<p>eins<strong>zwei</strong>drei</p>"),
        ("``a`b``", "<p><code>a`b</code></p>"),
        ("- a\n- b\n  - c\n\nend", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>end</p>"),
        ("3. a\n4. b", "<ol><li>a</li><li>b</li></ol>"),
        ("- [x] done\n- [ ] open", "<ul><li>☑ done</li><li>☐ open</li></ul>"),
        ("> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("```sh\nls <x>\n```", "<pre><code>ls &lt;x&gt;</code></pre>"),
        ("```\nstill open", "<pre><code>still open</code></pre>"),
        (
            "[x](https://a.example/b_(c)) <https://d.example>",
            (
                '<p><a href="https://a.example/b_(c)">x</a>'
                ' <a href="https://d.example/">https://d.example</a></p>'
            ),
        ),
        ("[x](javascript:alert(1))", "<p><span>x</span></p>"),
        ("![p](https://a.example/p.png)", '<p><a href="https://a.example/p.png">🖼 p</a></p>'),
        ("<b>x</b> & <@U1>", "<p>&lt;b&gt;x&lt;/b&gt; &amp; <span>@Ana</span></p>"),
        (
            "|a|b|\n|-|-:|\n|1|`x\\|y`|",
            (
                "<div><table><thead><tr><th>a</th><th>b</th></tr></thead>"
                "<tbody><tr><td>1</td><td><code>x|y</code></td></tr></tbody></table></div>"
            ),
        ),
    ],
)
def test_markdown_reads_as_in_slack(reader: Page, text: str, shown: str) -> None:
    assert reader.evaluate(RENDER, ["markdown", text]) == shown


@pytest.mark.parametrize(
    "text",
    [
        "*" * 12_000,
        "`" * 12_000,
        "_a " * 4_000,
        "<" * 12_000,
        "[" * 12_000,
        "> " * 6_000,
        "[a](" * 3_000,
        "**a" * 4_000,
        "- " * 6_000,
        "| " * 6_000 + "\n" + " " * 6_000,
    ],
)
@pytest.mark.parametrize("dialect", ["mrkdwn", "markdown"])
def test_no_text_a_message_can_hold_keeps_the_page_busy(
    reader: Page, dialect: str, text: str
) -> None:
    took_ms = reader.evaluate(
        f"async (given) => {{ const render = {RENDER}; const start = performance.now();"
        " await render(given); return performance.now() - start; }",
        [dialect, text],
    )
    assert took_ms < 1_500


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("@Ana Petrova and @ana", "<@U1> and <@U1>"),
        ("@anton, not @antonia", "<@U2>, not @antonia"),
        ("mail ana@ana.example", "mail ana@ana.example"),
        ("in #oncall", "in <#C1>"),
        ("<@U1> & <b>", "&lt;@U1&gt; &amp; &lt;b&gt;"),
    ],
)
def test_what_is_typed_is_sent_as_slack_sends_it(reader: Page, typed: str, sent: str) -> None:
    assert reader.evaluate(ENCODE, typed) == sent
