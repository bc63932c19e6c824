"""Escapes what a terminal would obey: names, labels and paths are data, wherever a person is shown them.

A name may come from anybody's file and may hold what moves the cursor, changes a window's title, reverses the order
of a line or begins a new one. What does not print is shown as Python writes it: ``\\x1b``, ``\\u202e``, ``\\n``.
"""


def printable(text: str) -> str:
    """Returns `text` on one line, with control characters and halves of characters replaced by their escapes."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def distinctly(text: str) -> str:
    """Returns `printable`, with backslashes doubled, so that two different texts never look the same."""
    return printable(text.replace("\\", "\\\\"))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
