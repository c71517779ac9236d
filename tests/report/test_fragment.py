"""A study in a notebook and on a terminal."""

import demo
import html5lib
import pytest

from evalkit import report


@pytest.mark.parametrize("make", [demo.portsmouth, demo.seat_belts, demo.castle, demo.rehearsal])
def test_fragment(make):
    html = report.page_html(make())
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)
    assert not [e for e in tree.iter() if e.tag in ("script", "style", "link", "img")]
    assert any(e.tag == "caption" for e in tree.iter())
    assert report.headline(make()).sentence in "".join(tree.itertext())


def test_terminal_summary():
    lines = report.terminal_summary(demo.seat_belts())
    text = "\n".join(lines)
    assert lines[0] == "Seat-belt law and car drivers killed or seriously injured"
    assert "observed 1,322, expected without it 1,551" in text
    assert "−15% (−22 to −8)" in text
    assert "at once" in text
    assert "1 could not be computed" in text
    assert "Standard errors:" in text
    assert max(map(len, lines)) <= 88
    assert report.terminal_summary(demo.seat_belts(analyses=()))[1].endswith("with no result")
