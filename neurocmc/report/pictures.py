"""Holds the pictures of a report: what draws them, and the bytes that a page holds."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_MEDIA = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture that can be drawn into a file: where it stands in the report and what to say of it."""

    file: str
    section: str  # "gain", "activity", "cores", "errors" or "latency"
    caption: str
    draw: Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture for the report: the bytes of a PNG or SVG file, and what to say of it."""

    section: str  # "gain", "activity", "cores", "errors" or "latency": where it stands
    media: str
    content: bytes
    caption: str

    @classmethod
    def read(cls, section: str, path: Path, caption: str) -> "Picture":
        """Reads the picture in a .png or .svg file."""
        return cls(section=section, media=_MEDIA[path.suffix], content=path.read_bytes(), caption=caption)

    @property
    def data_uri(self) -> str:
        return f"data:{self.media};base64,{base64.b64encode(self.content).decode('ascii')}"
