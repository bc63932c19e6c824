"""Reads HDF5 files that others wrote: plain groups and arrays of bounded size, and nothing that leads elsewhere."""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem

MOST_NUMBERS = 1 << 27  # of all arrays of a file together
MOST_TEXTS = 1 << 20  # of all arrays of a file together: the names of all edges
MOST_OBJECTS = 200_000
MOST_DEPTH = 16
LONGEST_TEXT = 1 << 20
_DAMAGED = "write the file again, with nir.write"
Entry = "Tree | NDArray[Any] | str"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A group of an HDF5 file: its groups, arrays and texts by name."""

    entries: Mapping[str, "Tree | NDArray[Any] | str"]

    def tree(self, name: str) -> "Tree | None":
        """Returns a group within it; None where there is none of this name."""
        found = self.entries.get(name)
        return found if isinstance(found, Tree) else None

    def text(self, name: str) -> str | None:
        """Returns a text within it; None where there is none of this name."""
        found = self.entries.get(name)
        return found if isinstance(found, str) else None


def read_tree(content: bytes, where: str) -> Tree:
    """Returns all that an HDF5 file holds. Raises InputError for what is no such file, and for links and the like."""
    if not content:
        raise InputError(Problem("file-empty", where, "is empty", "write it again"))

    if (fault := _heap_fault(content)) is not None:
        raise InputError(Problem("nir-malformed", where, fault, _DAMAGED))

    def read() -> Tree:
        # An image in memory has an end, beyond which a damaged file cannot lead; a file of Python has none.
        with h5py.File(h5py.h5f.open_file_image(content)) as file:
            return _Reader(where, content).group(file, "", 0)

    return _guarded(read, where)


def _heap_fault(content: bytes) -> str | None:
    """What is wrong with the heaps in which texts of variable length lie; None for sound ones.

    The library believes what a heap says of its size, takes as much memory, and walks through it for ever where the
    size of an entry is damaged. So the heaps are walked here before: 16 bytes of header, then entries, each of 16
    bytes and its text up to a multiple of 8; entry 0 is the free space at the end, its own header within its size.
    """
    if content[:8] == b"\x89HDF\r\n\x1a\n" and content[8:9]:
        widths = content[13:15] if content[8] < 2 else content[9:11]
        if widths != b"\x08\x08":
            return "is an HDF5 file whose addresses have not 8 bytes"
    for found in re.finditer(rb"GCOL\x01", content):
        start = found.start()
        size = int.from_bytes(content[start + 8 : start + 16], "little")
        if not 16 <= size <= len(content) - start:
            return "is not a valid HDF5 file: a heap of texts is longer than the file"
        place = 16
        while place + 16 <= size:
            head = content[start + place : start + place + 16]
            own = int.from_bytes(head[8:], "little")
            need = own if head[:2] == bytes(2) else 16 + (own + 7) // 8 * 8
            if not 16 <= need <= size - place:
                return "is not a valid HDF5 file: a text is longer than its heap"
            place += need
    return None


def _guarded(read: Callable[[], Result], where: str) -> Result:
    """Calls `read`; whatever the library says of a damaged file becomes one clear fault."""
    try:
        return read()
    except InputError:
        raise
    except MemoryError:
        raise InputError(Problem("memory-short", where, "does not fit into memory", "free some memory")) from None
    except Exception as error:
        text = str(error).split("\n", maxsplit=1)[0][:160]
        what = f"is not a valid HDF5 file: {text or type(error).__name__}"
        raise InputError(Problem("nir-malformed", where, what, _DAMAGED)) from None


@dataclass(slots=True)
class _Reader:
    """Reads group after group, and counts what it has read."""

    where: str
    content: bytes
    objects: int = 0
    numbers: int = 0
    texts: int = 0

    def refuse(self, path: str, what: str, cure: str, name: str = "nir-malformed") -> InputError:
        return InputError(Problem(name, f"{self.where}: {path or '/'}", what, cure))

    def group(self, group: h5py.Group, path: str, depth: int) -> Tree:
        if depth > MOST_DEPTH:
            raise self.refuse(
                path, f"groups within groups, more than {MOST_DEPTH} deep", "flatten it", "nir-too-large"
            )
        self._check_attributes(group, path)
        entries: dict[str, Tree | NDArray[Any] | str] = {}
        for name in self._names(group, path):
            inner = f"{path}/{name}" if path else name
            self.objects += 1
            if self.objects > MOST_OBJECTS:
                what = f"more than {MOST_OBJECTS:,} groups and arrays"
                raise self.refuse(path, what, "no network has so many", "nir-too-large")
            entry = group[name]
            if isinstance(entry, h5py.Group):
                entries[name] = self.group(entry, inner, depth + 1)
            elif isinstance(entry, h5py.Dataset):
                entries[name] = self._dataset(entry, inner)
            else:
                raise self.refuse(inner, "is neither a group nor an array", "leave it out")
        return Tree(entries)

    def _names(self, group: h5py.Group, path: str) -> Iterator[str]:
        for name in [str(key) for key in group]:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                what = "is a link to another place or file"
                raise self.refuse(f"{path}/{name}", what, "write the data itself into the file")
            yield name

    def _check_attributes(self, entry: "h5py.Group | h5py.Dataset", path: str) -> None:
        for name in entry.attrs:
            what = f"has an attribute {name!r}, NIR graphs have none"
            if name == "__type__":
                what = "holds recorded data of a NIR graph, a graph is needed"
            raise self.refuse(path, what, "give a file written by nir.write, without attributes")

    def _dataset(self, dataset: h5py.Dataset, path: str) -> "NDArray[Any] | str":
        self._check_attributes(dataset, path)
        if dataset.external or dataset.is_virtual:
            raise self.refuse(path, "stands in another file", "write it into the file itself")
        kind = dataset.dtype.kind
        if h5py.check_string_dtype(dataset.dtype) is not None:
            return self._texts(dataset, path)
        if kind not in "fiub" or dataset.dtype.itemsize > 8:
            raise self.refuse(path, f"holds {dataset.dtype}, numbers are needed", "write plain numbers")
        self._count(dataset, path)
        return np.asarray(dataset[()])

    def _count(self, dataset: h5py.Dataset, path: str) -> None:
        self.numbers += int(dataset.size or 0)
        if self.numbers > MOST_NUMBERS:
            what = f"unpacks to more than {MOST_NUMBERS:,} numbers"
            raise self.refuse(path, what, "check that it is the correct file", "nir-too-large")
        if dataset.shape is None:
            raise self.refuse(path, "holds nothing", "write numbers, or leave it out")

    def _texts(self, dataset: h5py.Dataset, path: str) -> "NDArray[Any] | str":
        self._count(dataset, path)
        self.texts += int(dataset.size or 0)
        if self.texts > MOST_TEXTS:
            what = f"unpacks to more than {MOST_TEXTS:,} texts"
            raise self.refuse(path, what, "no network has so many", "nir-too-large")
        self._check_lengths(dataset, path)
        raw = dataset[()]
        if isinstance(raw, bytes | str):
            return self._text(raw, path)
        texts = [self._text(entry, path) for entry in np.ravel(raw)]
        return np.array(texts, dtype=object).reshape(np.shape(raw))

    def _check_lengths(self, dataset: h5py.Dataset, path: str) -> None:
        """Refuses texts that say that they are longer than the file: the library takes as much memory as they say.

        A text of variable length stands as 4 bytes of length, 8 of an address and 4 of an index. Where they are
        packed otherwise than by nir.write, the check sum of the packing is trusted.
        """
        if not dataset.dtype.hasobject:
            return
        properties = dataset.id.get_create_plist()
        offset = dataset.id.get_offset()
        filters = [properties.get_filter(k)[0] for k in range(properties.get_nfilters())]
        parts: list[bytes] = []
        if offset is not None:
            parts.append(self.content[offset : offset + 16 * int(dataset.size or 0)])
        elif dataset.chunks is None and properties.get_layout() == h5py.h5d.COMPACT:
            raise self.refuse(path, "is a text in a header", "write it again, with nir.write")
        elif dataset.chunks is not None and filters in ([], [h5py.h5z.FILTER_DEFLATE]):
            for k in range(dataset.id.get_num_chunks()):
                _, chunk = dataset.id.read_direct_chunk(dataset.id.get_chunk_info(k).chunk_offset)
                parts.append(zlib.decompressobj().decompress(chunk, len(self.content)) if filters else chunk)
        for part in parts:
            lengths = np.frombuffer(part[: len(part) // 16 * 16], dtype=np.uint32)[::4]
            if int(lengths.sum(dtype=np.int64)) > len(self.content):
                raise self.refuse(path, "is a text that is longer than the file", _DAMAGED)

    def _text(self, raw: object, path: str) -> str:
        if isinstance(raw, bytes) and len(raw) <= LONGEST_TEXT:
            try:
                raw = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise self.refuse(path, "is not text in UTF-8", "write it in UTF-8") from None
        if not isinstance(raw, str) or len(raw) > LONGEST_TEXT or "\0" in raw:
            raise self.refuse(path, "is no text", "write a text")
        return raw
