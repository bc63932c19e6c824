"""Fills templates of prose with measured numbers, and finds the numbers of a page that no template accounts for.

A template is the text of a page with `{key|rule}` where a number stands. The rule is how it is rounded:

    %1   percent with one decimal, without its sign; a share of exactly 1 is 100
    .4   four decimals without the 0 before the point
    f2   two decimals
    ,    a whole number, with separators
    M1   millions with one decimal
    u3   millionths, three digits
    w    0 as "none", and nothing else
"""

import re
from collections.abc import Callable, Mapping, Sequence

from tests.prose.sources import Number

PLACE = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")
NUMERAL = re.compile(r"(?<![\w.])(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?!\w)")
# Names that have digits: chips, tools, files, pictures. What they are is no measurement.
NAMES = re.compile(r"`[^`]*`|\]\([^)]*\)|Loihi [12]\b|TrueNorth|Brian2|<!--.*?-->")


def _percent(value: float, digits: int) -> str:
    return "100" if value == 1.0 else f"{100.0 * value:.{digits}f}"


def _none(value: float, digits: int) -> str:
    if value:
        raise ValueError(f"the text says that there are none, measured are {value:g}")
    return "none"


def _whole(value: float, digits: int) -> str:
    if value != round(value):
        raise ValueError(f"the text has a whole number, measured is {value:g}")
    return f"{value:,.0f}"


RULES: Mapping[str, Callable[[float, int], str]] = {
    "%": _percent,
    ".": lambda value, digits: f"{value:.{digits}f}".removeprefix("0"),
    "f": lambda value, digits: f"{value:.{digits}f}",
    ",": _whole,
    "M": lambda value, digits: f"{value / 1e6:.{digits}f}",
    "u": lambda value, digits: f"{value * 1e6:.{digits}g}",
    "w": _none,
}


def one_line(text: str) -> str:
    """The text with every stretch of white space as one blank: where a page breaks its lines does not matter."""
    return " ".join(text.split())


def filled(template: str, measured: Mapping[str, Number]) -> str:
    """The text a template stands for, on one line. Raises KeyError for an unknown key."""

    def number(place: re.Match[str]) -> str:
        rule, digits = place[2][0], place[2][1:]
        return RULES[rule](measured[place[1]].value, int(digits or 0))

    return one_line(PLACE.sub(number, template))


def first_difference(text: str, page: str) -> str:
    """What of `text` the page has, up to where it goes on otherwise; to show in an error."""
    known = 0
    while known < len(text) and text[: known + 1] in page:
        known += 1
    start = page.find(text[:known]) + known
    here, there = page[max(start - 60, 0) : start + 40], text[max(known - 60, 0) : known + 40]
    return f"the page has ...{here!r}, measured is ...{there!r}"


def numerals(text: str) -> list[str]:
    """The numbers in a text, but for those in names."""
    return NUMERAL.findall(NAMES.sub(" ", text))


def unaccounted(template: str, measured: Mapping[str, Number]) -> list[str]:
    """Numbers that a template has in its own words and that nothing it quotes was measured on."""
    hows = " ".join(f"{place[1]} {measured[place[1]].how}" for place in PLACE.finditer(template))
    known = set(NUMERAL.findall(hows.replace(".", " . "))) | set(NUMERAL.findall(hows))
    return [numeral for numeral in numerals(PLACE.sub(" ", template)) if numeral not in known]


def uncovered(text: str, templates: Sequence[str], measured: Mapping[str, Number]) -> list[str]:
    """Numbers of a text that lie in no filled template."""
    rest = one_line(text)
    for template in templates:
        rest = rest.replace(filled(template, measured), " ")
    return numerals(rest)
