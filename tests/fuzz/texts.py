"""Values that programs trip over: numbers, texts and names, and the one file that hostile programs would write."""

from random import Random
from typing import Any

# The variable of the environment that names the file which programs hidden in inputs would make.
CANARY = "FUZZ_CANARY"

NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    1,
    2,
    -0.0,
    0.5,
    1e-9,
    1e-300,
    5e-324,
    1e9,
    1e10,
    1e300,
    -1e308,
    1.7976931348623157e308,
    float("nan"),
    float("inf"),
    float("-inf"),
    2**31,
    2**31 - 1,
    -(2**31),
    2**32,
    2**63,
    2**63 - 1,
    -(2**63),
    2**64,
    10**30,
    10**400,
    65_535,
    65_536,
    65_537,
    4096,
    4097,
    255,
    256,
    3.0000000001,
    1e-5,
    True,
    False,
)
TEXTS = (
    "",
    " ",
    "\t",
    "\n",
    "a\nb",
    "\r",
    "\0",
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\u202eevil",
    "\u2066\u200f",
    "\u2028",
    "\ufeff",
    "\ud800",
    "\U0010ffff",
    "e\u0301" * 40,
    "\u00e9",
    "\u540d",
    "\U0001f600",
    "NaN",
    "inf",
    "-inf",
    "null",
    "~",
    "true",
    "yes",
    "1e3",
    "1_000",
    "0x10",
    "0o7",
    "1:30",
    "2001-01-01",
    "<<",
    "=",
    "!!python/name:os.system",
    "&a",
    "*a",
    "../../x",
    "/etc/passwd",
    "/dev/zero",
    "con",
    "NUL",
    "a" * 64,
    "a" * 65,
    "a" * 5000,
    "%s%n",
    "{0}",
    "{{7*7}}",
    "[bold]x[/bold]",
    "[/]",
    "[link=file:///x]",
    "<script>alert(1)</script>",
    "'; import os #",
    '"""',
    "\\",
    "$(touch x)",
    "-h",
    "--json",
    "__class__",
    "at_s",
    "$ref",
    "relu",
    "rate",
    "loihi1",
    "0",
    "-",
    ".",
    "..",
)
NAMES = (
    "a",
    "B",
    "x-y",
    "x_y",
    "excite",
    "name",
    "inhibit",
    "size",
    "kind",
    "version",
    "format",
    "value",
    "source",
)


def number(rng: Random) -> Any:
    """A number of the list, or one drawn."""
    match rng.randrange(4):
        case 0:
            return rng.randrange(-5, 100)
        case 1:
            return round(rng.uniform(-3, 3), rng.randrange(6))
        case _:
            return rng.choice(NUMBERS)


def text(rng: Random) -> str:
    """A text of the lists, or of a few characters drawn from everything that there is."""
    match rng.randrange(6):
        case 0:
            return rng.choice(NAMES)
        case 1:
            return "".join(
                chr(rng.choice((rng.randrange(128), rng.randrange(0x300), rng.randrange(0x110000))))
                for _ in range(rng.randrange(1, 12))
            )
        case _:
            return rng.choice(TEXTS)


def value(rng: Random) -> Any:
    """A leaf, or a small tree."""
    match rng.randrange(9):
        case 0:
            return None
        case 1:
            return []
        case 2:
            return {}
        case 3:
            return [value(rng) for _ in range(rng.randrange(1, 4))]
        case 4:
            return {text(rng): value(rng) for _ in range(rng.randrange(1, 3))}
        case 5 | 6:
            return text(rng)
        case _:
            return number(rng)
