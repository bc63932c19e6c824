"""Describes RANC's two files as its own reader takes them: whole numbers, unknown keys passed over.

What RANC checks is checked here, and what it does not check but would read beyond its arrays for as well.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Int16 = Annotated[int, Field(ge=-(2**15), lt=2**15)]
Register = Annotated[int, Field(gt=-(2**29), lt=2**29)]
Place = Annotated[int, Field(ge=-(2**15), lt=2**15)]
Index = Annotated[int, Field(ge=0, lt=2**20)]
Tick = Annotated[int, Field(ge=0, lt=256)]


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class RancConfig(_Loose):
    """The sizes of cores and grid."""

    num_neurons: Annotated[int, Field(ge=1, le=4096)]
    num_axons: Annotated[int, Field(ge=1, le=4096)]
    num_cores_x: Annotated[int, Field(ge=1, le=4096)]
    num_cores_y: Annotated[int, Field(ge=1, le=4096)]
    num_weights: Annotated[int, Field(ge=1, le=256)]
    max_tick_offset: Annotated[int, Field(ge=2, le=256)]
    neuron_reset_type: Annotated[int, Field(ge=0, le=1)]


class RancPacket(_Loose):
    """One spike from outside."""

    destination_core: tuple[Place, Place]
    destination_axon: Index
    destination_tick: Tick


class RancNeuron(_Loose):
    """One neuron's row of memory."""

    reset_potential: Register
    weights: tuple[Int16, ...]
    leak: Int16
    positive_threshold: Register
    negative_threshold: Register
    destination_core_offset: tuple[Place, Place]
    destination_axon: Index
    destination_tick: Tick
    current_potential: Register
    reset_mode: Annotated[int, Field(ge=0, le=1)]


class RancCore(_Loose):
    """One core; `connections`, a row a neuron, are checked apart: as objects they would be most of the file."""

    coordinates: tuple[Place, Place]
    axons: tuple[Index, ...]
    neurons: tuple[RancNeuron, ...]


class RancOutputBus(_Loose):
    """The place on the grid where spikes leave it."""

    coordinates: tuple[Place, Place]
    num_outputs: Index


class RancFile(_Loose):
    """Packets by tick, the output bus and the cores."""

    packets: tuple[tuple[RancPacket, ...], ...] = ()
    output_bus: RancOutputBus
    cores: tuple[RancCore, ...]


def is_ranc(document: dict[str, Any]) -> bool:
    """Whether a JSON object looks like one of RANC's."""
    return "output_bus" in document or "packets" in document
