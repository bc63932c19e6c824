"""Writes and reads chip programs, whose integer network is saved as a level of its own beside them."""

from pathlib import Path
from typing import Any, TypeVar

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.codec import Coded, decode, encode
from neurocmc.ir.loihi.chip import ChipProgram
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.loihi.neurons import IntegerNeurons
from neurocmc.ir.magnitudes import stored_problems
from neurocmc.ir.store import REPAIR, at_path, content_sha256, decoded, read_coded, write_coded

P = TypeVar("P")


def save_chip(program: ChipProgram[Any], directory: Path, stem: str) -> None:
    """Writes a chip program without its network, which must be saved as a level of its own."""
    coded = encode(program, leave_out=frozenset({"network"}))
    digest = content_sha256(program.network)
    write_coded(directory, stem, {"kind": "ChipProgram", "level": coded.json, "network_sha256": digest}, coded)


def load_chip(directory: Path, stem: str, network: IntegerNetwork) -> ChipProgram:
    """Reads what `save_chip` wrote. Raises InputError as `load_level`, and if it was placed for another network."""
    return _load(directory, stem, network, ChipProgram)


def load_placed(directory: Path, stem: str, network: IntegerNeurons) -> ChipProgram[IntegerNeurons]:
    """Reads what `save_chip` wrote of a network of single neurons. Raises InputError as `load_chip`."""
    return _load(directory, stem, network, ChipProgram[IntegerNeurons])


def _load(directory: Path, stem: str, network: Any, kind: type[P]) -> P:
    path, document, arrays = read_coded(directory, stem, "ChipProgram", {"format", "kind", "level", "network_sha256"})
    if document["network_sha256"] != content_sha256(network):
        raise InputError(
            Problem(
                "artifact-changed", f"{path}: network_sha256", "is not that of the integer network beside it", REPAIR
            )
        )
    coded = Coded(document["level"], arrays)
    program: Any = decoded(path, lambda: decode(coded, ChipProgram, given={"network": network}))
    raise_input_problems(at_path(path, program.problems() or stored_problems(program)))
    return program
