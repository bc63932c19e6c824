"""Numbers in prose: README and the pages say what the tables hold, and README has no number that no table holds."""

import re
from pathlib import Path

import pytest

from neurocmc.targets import load_target
from tests.prose.sources import Number, numbers
from tests.prose.table import COMMANDS, ROOT, TEXTS
from tests.prose.templates import RULES, filled, first_difference, numerals, one_line, unaccounted, uncovered

QUOTES = Path(__file__).parent / "prose" / "quotes.txt"
MEASURED = "docs/measured.md"
SECTIONS = ("Measured", "How it compares")  # of README: here every number is quoted from a table


def quotes() -> dict[str, list[str]]:
    """Page -> the templates of what it quotes."""
    _, *pages = re.split(r"^==== (.+)$", QUOTES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = [re.split(r"^----$", text, flags=re.MULTILINE) for text in pages[1::2]]
    return dict(zip(pages[::2], texts, strict=True))


def page_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(title: str) -> str:
    _, rest = page_of("README.md").split(f"\n## {title}\n")
    return rest.split("\n## ")[0]


@pytest.fixture(scope="module")
def measured() -> dict[str, Number]:
    return numbers()


TEMPLATES = [(page, template) for page, templates in quotes().items() for template in templates]
NAMES = [f"{page}: {one_line(template)[:60]}" for page, template in TEMPLATES]


@pytest.mark.parametrize(("page", "template"), TEMPLATES, ids=NAMES)
def test_a_page_says_what_was_measured(page: str, template: str, measured: dict[str, Number]) -> None:
    text, whole = filled(template, measured), one_line(page_of(page))
    assert text in whole, f"{page}: {first_difference(text, whole)}"


@pytest.mark.parametrize(("page", "template"), TEMPLATES, ids=NAMES)
def test_numbers_beside_a_quote_are_what_it_was_measured_on(
    page: str, template: str, measured: dict[str, Number]
) -> None:
    assert unaccounted(template, measured) == [], page


def test_limits_of_loihi2_are_counted_as_its_file_has_them_now(measured: dict[str, Number]) -> None:
    numbers = load_target("loihi2").provenance
    assert measured["loihi2.limits"].value == len(numbers)
    assert measured["loihi2.unverified"].value == sum(entry.unverified for entry in numbers.values())


@pytest.mark.parametrize("title", SECTIONS)
def test_every_number_in_these_sections_of_readme_is_quoted(title: str, measured: dict[str, Number]) -> None:
    assert uncovered(section(title), quotes()["README.md"], measured) == []


def test_every_number_of_circuits_on_chips_is_quoted(measured: dict[str, Number]) -> None:
    _, rest = page_of(MEASURED).split("\n## Circuits on chips\n")
    assert uncovered(rest.split("\n## ")[0], quotes()[MEASURED], measured) == []


def blocks() -> list[list[str]]:
    """The lines of the page's blocks that show a command of ours and what it printed."""
    found = re.findall(r"^```text\n(\$ neurocmc .*?)^```$", page_of(MEASURED), flags=re.MULTILINE | re.DOTALL)
    return [[line.rstrip() for line in block.splitlines()] for block in found]


def test_the_page_shows_every_command_whose_text_is_kept() -> None:
    assert sorted(block[0].removeprefix("$ ") for block in blocks()) == sorted(COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_shows_what_a_command_prints(name: str) -> None:
    """Each stretch of lines stands in the text, in that order; a line of three points stands for what is left out."""
    printed = [line.rstrip() for line in (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    (shown,) = (block[1:] for block in blocks() if block[0] == f"$ {COMMANDS[name]}")
    rest = "\n".join(printed) + "\n"
    for stretch in re.split(r"^\.\.\.\n", "\n".join(shown) + "\n", flags=re.MULTILINE):
        assert stretch in rest, first_difference(stretch, rest)
        rest = rest.split(stretch, 1)[1]


# --- the comparison itself can fail -----------------------------------------------------------------------------

ONE = {"a.rate": Number(value=0.01234, how="64 neurons, 1,000 trials"), "b": Number(value=3.0, how="")}


@pytest.mark.parametrize(
    ("rule", "value", "text"),
    [
        ("%1", 0.998, "99.8"),
        ("%1", 1.0, "100"),
        ("%1", 0.9999, "100.0"),
        (".4", 0.00089, ".0009"),
        (",", 30720.0, "30,720"),
        ("M1", 26992671.0, "27.0"),
        ("u3", 7.2567e-05, "72.6"),
        ("f2", 10.6, "10.60"),
        ("w", 0.0, "none"),
    ],
)
def test_rules_of_rounding(rule: str, value: float, text: str) -> None:
    assert filled(f"it is {{x|{rule}}} now", {"x": Number(value=value, how="")}) == f"it is {text} now"


def test_no_rule_hides_a_number() -> None:
    with pytest.raises(ValueError, match="there are none, measured are 2"):
        filled("{x|w}", {"x": Number(value=2.0, how="")})
    with pytest.raises(ValueError, match=r"whole number, measured is 2\.5"):
        filled("{x|,}", {"x": Number(value=2.5, how="")})
    with pytest.raises(KeyError, match="gone"):
        filled("{gone|,}", ONE)


def test_a_number_of_a_section_that_no_quote_covers_is_found() -> None:
    table = "| error, 64 neurons | 1.23 % |\n| cores | 7 |\n| Loihi 1, `x2` | Brian2 |"
    assert uncovered(table, ["| error, 64 neurons | {a.rate|%2} % |"], ONE) == ["7"]
    assert uncovered(table, ["| error, 64 neurons | {b|%2} % |"], ONE) == ["64", "1.23", "7"]


def test_a_number_in_a_template_must_be_what_was_measured_on() -> None:
    assert unaccounted("{a.rate|%1} % of 1,000 trials at 64 neurons", ONE) == []
    assert unaccounted("{a.rate|%1} % of 500 trials, of {b|,} kinds", ONE) == ["500"]


def test_numerals_are_found_in_every_style_of_the_pages() -> None:
    assert numerals("**.0016** of 27.0 M, 1,000, x -3 % at N = 64; x2, v1, `5 cores`") == [
        ".0016",
        "27.0",
        "1,000",
        "3",
        "64",
    ]


def test_where_a_page_says_something_else_is_shown() -> None:
    told = first_difference("it is 1.24 now", "we say it is 1.23 now")
    assert told == "the page has ...'we say it is 1.23 now', measured is ...'it is 1.24 now'"


def test_every_rule_is_used() -> None:
    used = set(re.findall(r"\|([%.fMuw,])\d?\}", QUOTES.read_text(encoding="utf-8")))
    assert used == set(RULES)
