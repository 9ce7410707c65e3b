import pytest

from news.markdown import to_html, to_text

DANGEROUS = (
    "<script",
    "<img",
    "<style",
    "<iframe",
    "<p style",
    'href="javascript',
    'href="vbscript',
    'href="data',
    'href="ftp',
    '<a href="https://x" onclick',
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold**", "<strong>bold</strong>"),
        ("*slanted*", "<em>slanted</em>"),
        ("- one\n- two", "<li>one</li>"),
        ("## Part", "<h2>Part</h2>"),
        ("# Title", "<h2>Title</h2>"),
        ("###### Deep", "<h4>Deep</h4>"),
        ("`code`", "<code>code</code>"),
        ("> quoted", "<blockquote>"),
        ("a | b\n--|--\n1 | 2", "<td>1</td>"),
        ("~~gone~~", "<s>gone</s>"),
        ("[a](https://example.org)", 'href="https://example.org"'),
        ("[a](/news/)", 'href="/news/"'),
        ("Señal & ruido", "Señal &amp; ruido"),
    ],
)
def test_renders(text, html):
    assert html in to_html(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![p](https://tracker.example/p.png)",
        "[a](javascript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](vbscript:x)",
        "[a](ftp://files.example/x)",
        '<a href="https://x" onclick="y">z</a>',
        "<style>body{}</style>",
        "<iframe src=//x></iframe>",
        '<p style="color:red">x</p>',
    ],
)
def test_lets_nothing_dangerous_through(text):
    html = to_html(text)
    for piece in DANGEROUS:
        assert piece not in html


def test_links_tell_the_other_side_nothing():
    assert 'rel="noopener noreferrer nofollow"' in to_html("[a](https://example.org)")


def test_words_alone():
    assert to_text("una **frase** & más\n\n- una\n- lista") == "una frase & más una lista"


@pytest.mark.parametrize("text", ["# Título", "a | b\n--|--\n1 | 2"])
def test_headings_and_tables_are_no_excerpt(text):
    assert to_text(f"{text}\n\nuna frase") == "una frase"
