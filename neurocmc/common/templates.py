"""Renders templates of what is written for people: how they are read, and how names from a file pass through.

A name may hold anything. `literal` and `comment` are the filters by which it enters a program; HTML escapes all.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

Filter = Callable[[Any], str]


def comment(value: Any) -> str:
    """Returns text for a comment or a table cell: one line, whatever a name holds."""
    return "".join(character if character.isprintable() else "?" for character in str(value)).replace("|", "/")


@cache
def templates(
    folder: Path,
    *,
    html: bool = False,
    trim: bool = False,
    finalize: Callable[[Any], Any] | None = None,
    comment: Filter = comment,
    literal: Filter = repr,
) -> jinja2.Environment:
    """Returns the templates of a folder; one environment for the process, which keeps what it has compiled.

    With `trim` a line that holds only a block leaves none behind; `finalize` sees every value that is shown. A name
    that a template uses and is not given is an error. Without `html` nothing is escaped: the filters guard names.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        autoescape=html,
        finalize=finalize,
        trim_blocks=trim,
        lstrip_blocks=trim,
        keep_trailing_newline=True,
    )
    environment.filters["comment"] = comment
    environment.filters["literal"] = literal
    return environment
