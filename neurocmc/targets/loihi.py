"""Defines chips of the Loihi family: their limits, energies and meshes, and what their neurons can do."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from neurocmc.common.errors import FieldError
from neurocmc.targets.schema import Axons, Bits, Count, Limits, MessageTimes, Natural, NonNegative, Shift, Target

SignMode = Literal["excitatory", "inhibitory", "mixed"]  # which signs the bits of a group of weights stand for
Step = Literal["receive", "bias", "u", "v", "threshold", "reset", "send"]
LavaRunConfig = Literal["Loihi1SimCfg", "Loihi2SimCfg"]

LOIHI_STEP_ORDER: tuple[Step, ...] = ("receive", "bias", "u", "v", "threshold", "reset", "send")


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
    places_on_mesh: bool = True  # false: the mesh is another chip's, and serves times of messages alone

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
        """Whether its file says where the cores of a chip stand, so that placement can look for short ways."""
        return self.tile_columns > 0 and self.places_on_mesh

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
        if self.tile_columns and tiles < self.cores_per_chip:
            what = f"{self.tile_columns} x {self.tile_rows} tiles of {self.cores_per_tile} cores hold {tiles} cores"
            raise FieldError(f"{what}, cores_per_chip is {self.cores_per_chip}", "state a mesh that holds all cores")
        if self.chips > 1 and not self.has_mesh:
            what = f"chips is {self.chips}, and there is no mesh"
            raise FieldError(what, "state tile_columns and tile_rows as well")
        if self.chip_columns % self.board[0] or self.chip_rows % self.board[1]:
            mesh = f"{self.chip_columns} x {self.chip_rows}"
            what = f"boards of {self.board[0]} x {self.board[1]} chips do not fill a mesh of {mesh}"
            raise FieldError(what, "state board_columns and board_rows that divide the mesh of chips")


class LoihiEnergy(MessageTimes):
    """Energy of single operations, static power, and the times of messages; None where nothing is published."""

    synaptic_op_pj: NonNegative | None = None
    neuron_update_active_pj: NonNegative | None = None
    neuron_update_inactive_pj: NonNegative | None = None
    spike_within_tile_pj: NonNegative | None = None
    hop_east_west_pj: NonNegative | None = None
    hop_north_south_pj: NonNegative | None = None
    hop_between_chips_pj: NonNegative | None = None  # what a step from chip to chip costs beyond a hop
    static_mw_per_chip: NonNegative | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoihiTarget(Target):
    """A chip of Intel's Loihi family."""

    kind: ClassVar[str] = "loihi"
    limits: LoihiLimits
    energy: LoihiEnergy

    @property
    def unlimited(self) -> bool:
        """No: a chip has a fixed number of cores."""
        return False

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
    def message_times(self) -> MessageTimes | None:
        """Those that stand beside its energies."""
        return self.energy

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
