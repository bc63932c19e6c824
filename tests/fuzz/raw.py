"""Mutations of bytes, which know nothing of what they hold."""

from random import Random

_NASTY = (
    b"\0",
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"PK\x03\x04",
    b"\n",
    b"{",
    b"[" * 40,
    b"\x1b[2J",
)


def mutated(rng: Random, content: bytes) -> tuple[bytes, str]:
    """One to three changes of bytes, and what they were."""
    done: list[str] = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        content, what = _once(rng, content)
        done.append(what)
    return content, ", ".join(done)


def _once(rng: Random, content: bytes) -> tuple[bytes, str]:
    if not content:
        return rng.randbytes(rng.randrange(1, 200)), "random bytes"
    # Headers are at the beginning, the directory of a zip at the end.
    span = len(content)
    at = rng.choice((rng.randrange(span), min(span - 1, rng.randrange(128)), max(0, span - 1 - rng.randrange(128))))
    match rng.randrange(8):
        case 0:
            flipped = bytes([content[at] ^ (1 << rng.randrange(8))])
            return content[:at] + flipped + content[at + 1 :], f"a bit of byte {at} flipped"
        case 1:
            return content[:at] + rng.randbytes(1) + content[at + 1 :], f"byte {at} changed"
        case 2:
            return content[:at], f"cut after {at} bytes"
        case 3:
            stop = min(span, at + rng.randrange(1, 64))
            return content[:at] + content[stop:], f"bytes {at} to {stop} left out"
        case 4:
            nasty = rng.choice(_NASTY)
            return content[:at] + nasty + content[at:], f"{nasty[:8]!r} put in at {at}"
        case 5:
            start = rng.randrange(span)
            part = content[start : start + rng.randrange(1, 256)]
            return content[:at] + part + content[at:], f"bytes from {start} again at {at}"
        case 6:
            nasty = rng.choice(_NASTY)
            return content[:at] + nasty + content[at + len(nasty) :], f"{nasty[:8]!r} over byte {at}"
        case _:
            return rng.choice((b"", content + content, content + rng.randbytes(50), b"\0" * 100)), "another content"
