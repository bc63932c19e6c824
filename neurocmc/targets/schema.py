"""Defines what a target is: one class a kind of chip, every number plain and its provenance beside it.

A kind fixes which numbers a chip of it must state; a new chip of a known kind is a new YAML file and no code. A new
kind is a subclass of `Target` that says what its neurons can do, and a family that compiles for it
(`pipeline.chips.family`), in this distribution or in another. Passes that serve all kinds ask a target for what it
can do, never for its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.common.strict_yaml import StrictModel

Count = Annotated[int, Field(ge=1, le=10**9)]
Natural = Annotated[int, Field(ge=0)]
Bits = Annotated[int, Field(ge=1, le=32)]  # of a register, or by how many one is shifted: all fit 32 bits
Shift = Annotated[int, Field(ge=0, le=32)]
Seconds = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Code = Literal["threshold", "rate", "feedback", "interleaved"]  # how a pool of neurons stands for a rate
CODES: tuple[Code, ...] = get_args(Code)
SecondOrder = Literal["relays", "taps"]  # what stands for kernels that a neuron has no filter for
SECOND_ORDER: tuple[SecondOrder, ...] = get_args(SecondOrder)
Axons = Literal["shared", "own"]  # whether the neurons of a unit send to one axon of a core, or each to its own
AXONS: tuple[Axons, ...] = get_args(Axons)
Steps = Literal["equal", "decisions", "activity"]  # for what the neurons of a unit are spread over its range
STEPS: tuple[Steps, ...] = get_args(Steps)
Planes = Literal[1, 2]  # of how many synapses a weight is the sum
PLANES: tuple[Planes, ...] = get_args(Planes)
SignMode = Literal["excitatory", "inhibitory", "mixed"]  # which signs the bits of a group of weights stand for
Step = Literal["receive", "bias", "u", "v", "threshold", "reset", "send"]
LavaRunConfig = Literal["Loihi1SimCfg", "Loihi2SimCfg"]

LOIHI_STEP_ORDER: tuple[Step, ...] = ("receive", "bias", "u", "v", "threshold", "reset", "send")


@dataclass(frozen=True, slots=True)
class Provenance:
    """The source of one number of a target, with its note."""

    citations: tuple[str, ...]
    unverified: bool
    note: str

    @property
    def citation(self) -> str:
        return "; ".join(self.citations)


class Limits(StrictModel):
    """The numbers that a target of any kind must state: its usual tick, and how many ticks later a spike arrives."""

    default_tick_s: Seconds
    spike_delay_ticks: Count


class LoihiLimits(Limits):
    """The limits of a Loihi: budgets of a core, number formats, the order of a tick, Lava's run configuration."""

    cores_per_chip: Count

    # Many chips, and the mesh that spikes go along. A file that states none has one chip, whose cores have no places.
    chips: Count = 1
    chip_columns: Count = 1  # of the mesh of all chips
    chip_rows: Count = 1
    board_columns: Natural = 0  # chips of one board along each axis; 0: all stand on one board
    board_rows: Natural = 0
    tile_columns: Natural = 0  # of the mesh of one chip; 0: not known
    tile_rows: Natural = 0
    cores_per_tile: Count = 1

    compartments_per_core: Count
    in_axons_per_core: Count
    out_axons_per_core: Count
    compartment_profiles_per_core: Count
    threshold_profiles_per_core: Count
    synapse_formats_per_core: Count

    # Synapse memory: an axon's synapses stand in groups, each with a header and padded to the alignment.
    synapse_memory_bits_per_core: Count
    synapses_per_group: Count
    synapse_group_header_bits: Natural
    synapse_group_alignment_bits: Count
    synapse_index_bits_choices: Annotated[tuple[Natural, ...], Field(min_length=1)]
    synapse_weight_bits_choices: Annotated[tuple[Natural, ...], Field(min_length=1)]
    synapse_delay_bits: Natural
    synapse_tag_bits: Natural

    # Axons. What a file does not state, its chip does not have: then every neuron has axons of its own.
    shared_axons: bool = False  # several neurons may send to one in-axon of a core
    formats_share_axon: bool = False  # the groups of one axon's list may differ in format
    index_free_synapses: bool = False  # a list may leave out indices, if it goes through all compartments of its core
    shared_out_axons: bool = False  # neurons of one core that send to one in-axon may share the out-axon to it

    # Number formats. A weight is mantissa * 2^(weight_shift + exponent); a threshold mantissa * 2^threshold_shift;
    # a bias mantissa * 2^exponent.
    weight_mantissa_bits: Annotated[int, Field(ge=2, le=32)]
    weight_exponent_min: int
    weight_exponent_max: int
    weight_shift: Shift
    bias_mantissa_bits: Bits
    bias_exponent_max: Shift
    threshold_mantissa_bits: Bits
    threshold_shift: Shift
    current_bits: Annotated[int, Field(ge=2, le=32)]
    voltage_bits: Annotated[int, Field(ge=2, le=32)]
    decay_bits: Annotated[int, Field(ge=1, le=30)]
    decay_u_offset: Shift
    spike_payload_bits: Shift

    # Time.
    filter_stages: Count
    delay_ticks_max: Natural
    refractory_ticks_max: Natural
    step_order: tuple[Step, ...]

    lava_run_config: LavaRunConfig  # the run configuration with which emitted programs run on Lava

    @property
    def cores(self) -> int:
        """Cores of all chips."""
        return self.chips * self.cores_per_chip

    @property
    def has_mesh(self) -> bool:
        """Whether its file says where the cores of a chip stand."""
        return self.tile_columns > 0

    @property
    def board(self) -> tuple[int, int]:
        """Columns and rows of the chips of a board."""
        return self.board_columns or self.chip_columns, self.board_rows or self.chip_rows

    @property
    def with_own_axons(self) -> "LoihiLimits":
        """The same chip as if its file said nothing of axons: each neuron has its own, of synapses with an index."""
        fields = ("shared_axons", "formats_share_axon", "index_free_synapses", "shared_out_axons")
        return self.model_copy(update=dict.fromkeys(fields, False))

    @model_validator(mode="after")
    def _consistent(self) -> "LoihiLimits":
        for name in ("formats_share_axon", "shared_out_axons"):
            if getattr(self, name) and not self.shared_axons:
                raise FieldError(
                    f"{name} is true, shared_axons is not", "state shared_axons as well, or leave it out"
                )
        self._check_mesh()
        if self.weight_exponent_min > self.weight_exponent_max:
            raise FieldError(
                f"weight_exponent_min ({self.weight_exponent_min}) is above "
                f"weight_exponent_max ({self.weight_exponent_max})",
                "exchange the two",
            )
        for name in ("synapse_index_bits_choices", "synapse_weight_bits_choices"):
            choices: tuple[int, ...] = getattr(self, name)
            if tuple(sorted(set(choices))) != choices:
                raise FieldError(f"{name} must rise, without repetition", f"write {sorted(set(choices))}")
        if self.weight_mantissa_bits > self.synapse_weight_bits_choices[-1]:
            raise FieldError(
                f"synapse_weight_bits_choices end at {self.synapse_weight_bits_choices[-1]}, a weight has "
                f"weight_mantissa_bits ({self.weight_mantissa_bits})",
                "add a choice as wide as a weight, or narrow weight_mantissa_bits",
            )
        if self.threshold_mantissa_bits + self.threshold_shift >= self.voltage_bits:
            raise FieldError(
                f"a threshold of threshold_mantissa_bits ({self.threshold_mantissa_bits}) shifted by threshold_shift "
                f"({self.threshold_shift}) is beyond voltage_bits ({self.voltage_bits})",
                "widen voltage_bits, or narrow threshold_mantissa_bits or threshold_shift",
            )
        if self.delay_ticks_max >= 1 << self.synapse_delay_bits:
            raise FieldError(
                f"delay_ticks_max ({self.delay_ticks_max}) is beyond synapse_delay_bits ({self.synapse_delay_bits})",
                f"give at most {(1 << self.synapse_delay_bits) - 1}, or more bits",
            )
        if self.spike_payload_bits == 1:
            what = "spike_payload_bits must be 0, or 2 and more: one of them is the sign (got 1)"
            raise FieldError(what, "give 0 for spikes without payload")
        # The emulator and Lava know a compartment with one filter alone.
        if self.filter_stages != 1:
            raise FieldError(f"filter_stages of a loihi must be 1 (got {self.filter_stages})", "set it to 1")
        # The emulator and Lava know this order alone; another order in a file would be a promise nobody keeps.
        if self.step_order != LOIHI_STEP_ORDER:
            what = f"step_order of a loihi must be {', '.join(LOIHI_STEP_ORDER)}"
            raise FieldError(what, f"write [{', '.join(LOIHI_STEP_ORDER)}]")
        return self

    def _check_mesh(self) -> None:
        """Raises FieldError where chips, or the cores of one, do not fit the mesh that they stand on."""
        if self.chip_columns * self.chip_rows < self.chips:
            what = f"chip_columns x chip_rows ({self.chip_columns} x {self.chip_rows}) hold fewer chips than chips"
            raise FieldError(f"{what} ({self.chips})", "state a mesh that holds all chips")
        for name in ("tile", "board"):
            columns, rows = getattr(self, f"{name}_columns"), getattr(self, f"{name}_rows")
            if (columns > 0) != (rows > 0):
                what = f"{name}_columns is {columns}, {name}_rows is {rows}"
                raise FieldError(what, "state both, or neither")
        tiles = self.tile_columns * self.tile_rows * self.cores_per_tile
        if self.has_mesh and tiles < self.cores_per_chip:
            what = f"{self.tile_columns} x {self.tile_rows} tiles of {self.cores_per_tile} cores hold {tiles} cores"
            raise FieldError(f"{what}, cores_per_chip is {self.cores_per_chip}", "state a mesh that holds all cores")
        if self.chips > 1 and not self.has_mesh:
            what = f"chips is {self.chips}, and there is no mesh"
            raise FieldError(what, "state tile_columns and tile_rows as well")
        if self.chip_columns % self.board[0] or self.chip_rows % self.board[1]:
            mesh = f"{self.chip_columns} x {self.chip_rows}"
            what = f"boards of {self.board[0]} x {self.board[1]} chips do not fill a mesh of {mesh}"
            raise FieldError(what, "state board_columns and board_rows that divide the mesh of chips")


class LoihiEnergy(StrictModel):
    """Energy of single operations, static power, and the time of a hop; None where nothing is published."""

    synaptic_op_pj: NonNegative | None = None
    neuron_update_active_pj: NonNegative | None = None
    neuron_update_inactive_pj: NonNegative | None = None
    spike_within_tile_pj: NonNegative | None = None
    hop_east_west_pj: NonNegative | None = None
    hop_north_south_pj: NonNegative | None = None
    hop_between_chips_pj: NonNegative | None = None  # what a step from chip to chip costs beyond a hop
    hop_east_west_ns: NonNegative | None = None
    hop_north_south_ns: NonNegative | None = None
    static_mw_per_chip: NonNegative | None = None


class TrueNorthLimits(Limits):
    """The limits of a chip of neurosynaptic cores: grid, crossbars, number formats, options.

    Widths that are called signed hold -2^(bits - 1) .. 2^(bits - 1) - 1, others 0 .. 2^bits - 1.
    """

    # A spike takes spike_delay_ticks at least; a neuron may ask for more, up to:
    delay_ticks_max: Annotated[int, Field(ge=1, le=255)]  # from the spike to its arrival

    grid_columns: Count  # of one chip
    grid_rows: Count
    chip_columns: Count = 1  # of the mesh of chips, whose grids are one
    chip_rows: Count = 1
    reach_cores: Count  # how far a spike can go along each axis
    axons_per_core: Count
    neurons_per_core: Count
    axon_types: Annotated[int, Field(ge=1, le=256)]  # of axons, and with them weights of a neuron

    weight_bits: Annotated[int, Field(ge=2, le=16)]  # signed
    leak_bits: Annotated[int, Field(ge=2, le=16)]  # signed
    threshold_bits: Bits  # unsigned
    floor_bits: Bits  # unsigned; V falls to minus the floor
    noise_mask_bits: Annotated[int, Field(ge=0, le=31)]  # unsigned
    reset_potential_bits: Annotated[int, Field(ge=2, le=32)]  # signed
    potential_bits: Annotated[int, Field(ge=2, le=32)]  # signed

    stochastic: bool  # weights, leaks and thresholds can be drawn at random
    leak_reversal: bool  # the leak can follow the sign of V
    floor_saturates: bool  # V can stay at minus its floor instead of being reset there
    reset_modes: Annotated[tuple[Annotated[int, Field(ge=0, le=2)], ...], Field(min_length=1)]

    @property
    def cores_per_chip(self) -> int:
        """Cores of one chip."""
        return self.grid_columns * self.grid_rows

    @property
    def chips(self) -> int:
        """Chips whose grids are one."""
        return self.chip_columns * self.chip_rows

    @property
    def cores(self) -> int:
        """Cores of all chips."""
        return self.chips * self.cores_per_chip

    @property
    def columns(self) -> int:
        """Columns of the grid of all chips."""
        return self.grid_columns * self.chip_columns

    @property
    def rows(self) -> int:
        """Rows of the grid of all chips."""
        return self.grid_rows * self.chip_rows

    @model_validator(mode="after")
    def _consistent(self) -> "TrueNorthLimits":
        for name in ("threshold_bits", "floor_bits"):
            if getattr(self, name) >= self.potential_bits:
                raise FieldError(
                    f"{name} ({getattr(self, name)}, unsigned) is beyond potential_bits "
                    f"({self.potential_bits}, signed)",
                    f"give at most {self.potential_bits - 1}, or more potential_bits",
                )
        if self.reset_potential_bits > self.potential_bits:
            raise FieldError(
                f"reset_potential_bits ({self.reset_potential_bits}) is beyond potential_bits "
                f"({self.potential_bits})",
                f"give at most {self.potential_bits}, or more potential_bits",
            )
        if self.spike_delay_ticks > self.delay_ticks_max:
            raise FieldError(
                f"spike_delay_ticks ({self.spike_delay_ticks}) is beyond delay_ticks_max ({self.delay_ticks_max})",
                f"give at most {self.delay_ticks_max}, or a larger delay_ticks_max",
            )
        if self.stochastic != (self.noise_mask_bits > 0):
            raise FieldError(
                f"noise_mask_bits is {self.noise_mask_bits}, stochastic is {str(self.stochastic).lower()}: a chip "
                "with stochastic modes has a mask, one without has 0 bits of it",
                "give noise_mask_bits of 1 or more" if self.stochastic else "set noise_mask_bits to 0",
            )
        if tuple(sorted(set(self.reset_modes))) != self.reset_modes:
            what = "reset_modes must rise, without repetition"
            raise FieldError(what, f"write {sorted(set(self.reset_modes))}")
        return self


class TrueNorthEnergy(StrictModel):
    """Two readings of the measured power of a chip, and the way of a spike; None where nothing is published.

    `synaptic_event_with_static_pj` is power over events at one load and holds static power; `static_mw_per_chip` and
    `synaptic_event_pj` are its two parts. They are never to be added up.
    """

    synaptic_event_with_static_pj: NonNegative | None = None
    synaptic_event_pj: NonNegative | None = None
    static_mw_per_chip: NonNegative | None = None
    spike_hop_pj: NonNegative | None = None


class IdealLimits(Limits):
    """The numbers that an ideal simulator states: no more than any target must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A chip or a simulator, as its YAML file has it, and what its neurons can do.

    What stands here is a simulator of real numbers, whose neurons are equations; a kind of chip overrides what it
    cannot do.
    """

    kind: ClassVar[str] = ""
    name: str
    title: str
    aliases: tuple[str, ...]
    limits: Limits
    energy: StrictModel | None  # None where its kind states none
    energy_caveat: str  # what every report of these energies must say
    provenance: Mapping[str, Provenance]  # field of `limits` or `energy` -> where it comes from
    text: str  # the YAML as used, for the artifact

    @property
    def codes(self) -> tuple[Code, ...]:
        """The codes that a pool of its neurons can use."""
        return CODES

    @property
    def axons(self) -> tuple[Axons, ...]:
        """How its axons can be laid, the way that is taken first; none where it has no axons to choose."""
        return ()

    @property
    def unequal_steps(self) -> bool:
        """Whether pools may count in steps of unequal size: whether a source may reach a neuron with any weight."""
        return True

    @property
    def filter_stages(self) -> int:
        """First-order filters in a row between a spike and what a neuron adds up."""
        return 2

    @property
    def one_filter(self) -> bool:
        """Whether all that reaches a neuron goes through one filter, with one time constant."""
        return False

    @property
    def delay_ticks_max(self) -> int | None:
        """Ticks that a spike can be held back beyond the one it takes; None: as many as asked for."""
        return None

    @property
    def late_parts(self) -> bool:
        """Whether a spike can arrive in parts at several times, as taps and the feedback code need it."""
        return self.delay_ticks_max != 0

    @property
    def host_filters(self) -> bool:
        """Whether its host sends a drive behind any filter, where no neuron has it."""
        return False

    @property
    def registers(self) -> LoihiLimits | None:
        """The integer registers that hold decays, biases, thresholds and weights; None where these are real numbers.

        A chip whose pools are not placed one number at a time, but in a pass of its own, has none either.
        """
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoihiTarget(Target):
    """A chip of Intel's Loihi family."""

    kind: ClassVar[str] = "loihi"
    limits: LoihiLimits
    energy: LoihiEnergy

    @property
    def axons(self) -> tuple[Axons, ...]:
        """Shared by the neurons of a unit where its file says that they can be, otherwise each neuron's own."""
        return ("shared", "own") if self.limits.shared_axons else ("own",)

    @property
    def with_own_axons(self) -> "LoihiTarget":
        """The same chip with axons for each neuron."""
        return replace(self, limits=self.limits.with_own_axons)

    @property
    def filter_stages(self) -> int:
        """The stages that its file states: a compartment's current."""
        return self.limits.filter_stages

    @property
    def one_filter(self) -> bool:
        """Whether one filter serves all: a compartment has one current and one decay of it."""
        return True

    @property
    def delay_ticks_max(self) -> int | None:
        """The ticks that the delay bits of a synapse hold."""
        return self.limits.delay_ticks_max

    @property
    def host_filters(self) -> bool:
        """Yes: values are made on the host, tick by tick."""
        return True

    @property
    def registers(self) -> LoihiLimits | None:
        """The registers of a compartment and of its synapses."""
        return self.limits


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueNorthTarget(Target):
    """A chip of neurosynaptic cores as TrueNorth has them."""

    kind: ClassVar[str] = "truenorth"
    limits: TrueNorthLimits
    energy: TrueNorthEnergy

    @property
    def codes(self) -> tuple[Code, ...]:
        """The threshold code alone: the potential is the synaptic filter, and there is no membrane beside it."""
        return ("threshold",)

    @property
    def unequal_steps(self) -> bool:
        """No: a neuron knows four weights, and a source of unequal steps would need one for each of its segments."""
        return False

    @property
    def filter_stages(self) -> int:
        """One stage: a potential, and no synaptic state beside it."""
        return 1

    @property
    def one_filter(self) -> bool:
        """Whether one filter serves all: the potential of a unit's neurons."""
        return True

    @property
    def delay_ticks_max(self) -> int | None:
        """The ticks that its neurons can wait beyond the one that every spike takes; each has one delay."""
        return self.limits.delay_ticks_max - self.limits.spike_delay_ticks

    @property
    def late_parts(self) -> bool:
        """No: a neuron has one delay, and its pool's own must not wait."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdealTarget(Target):
    """A simulator of unlimited size in floating point."""

    kind: ClassVar[str] = "ideal"
    limits: IdealLimits
