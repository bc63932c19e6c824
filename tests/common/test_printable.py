"""What a terminal would obey is shown, never sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocmc.common.printable import distinctly, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("excite->inhibit µ τ 数 é", "excite->inhibit µ τ 数 é"),
        ("\x1b]0;title\x07\x1b[31mred", "\\x1b]0;title\\x07\\x1b[31mred"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("a\u2028b\u0085c\x9bd\x7f", "a\\u2028b\\x85c\\x9bd\\x7f"),
        ("\u202eevil\u2066x\u200f", "\\u202eevil\\u2066x\\u200f"),
        ("\U000e0041", "\\U000e0041"),
        ("\udcff", "\\udcff"),
        ("C:\\new", "C:\\new"),
        ("", ""),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_what_is_shown_is_one_line_that_can_be_printed(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown


@given(st.text(st.characters()), st.text(st.characters()))
def test_shown_distinctly_no_two_texts_look_the_same(one: str, other: str) -> None:
    assert (distinctly(one) == distinctly(other)) == (one == other)


def test_an_escape_and_its_own_picture_differ() -> None:
    assert distinctly("\x1b") == "\\x1b"
    assert distinctly("\\x1b") == "\\\\x1b"
