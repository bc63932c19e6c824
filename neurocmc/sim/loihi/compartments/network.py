"""Networks of single compartments and synapses, given as arrays, that the emulator steps bit for bit.

What Lava 0.10.0's bit-accurate LIF and its Dense, Sparse, DelayDense and DelaySparse connections compute, anyone can
compute here from the same numbers and hold against a trace of a chip. A tick is, in this order::

    a  = sum of all arrivals: each group's mantissas, summed, then shifted by the group's exponent; inputs as given
    u <- u (4096 - (decay_u + 1)) / 4096 + (a << 6)        rounds toward zero; 24 bits, wraps once
    v <- v (4096 - decay_v) / 4096 + u + (bias_mantissa << bias_exponent)      24 bits, saturates
    spike and v <- 0 where v > threshold_mantissa << 6

A spike of tick t arrives in tick t + 1 + delay_ticks. A negative exponent shifts right, rounding down, one sum for
each group, target, delay and tick of sending, as Lava does. Spikes carry no payload: Lava's bit-accurate LIF
sends none; graded input comes from outside, through `inputs`.

Lava has no refractory time in fixed point. Here it follows nengo-loihi 1.1.0's emulator: a compartment with
`refractory_ticks` r that spikes in tick t holds v at 0, while u goes on, until tick t + r, the first in which it can
spike again; 1 is none.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.ir.loihi.network import SignMode, StepRule, rule_problems
from neurocmc.sim.checks import RULE_BOUNDS, check_range, register, shape_of, whole_numbers
from neurocmc.sim.loihi.compartments.weights import MANTISSA_RANGE, sign_problems, synapse_mantissa

# The arithmetic and the registers of Lava 0.10.0 (proc/lif/models.py, PyLifModelBitAcc; proc/sparse/models.py). They
# say what can be computed; how much of it a chip holds, the files of targets/ say.
LOIHI_RULE = StepRule(
    order=("receive", "bias", "u", "v", "threshold", "reset", "send"),
    spike_delay_ticks=1,
    weight_shift=6,
    threshold_shift=6,
    decay_bits=12,
    decay_u_offset=1,
    current_bits=24,
    voltage_bits=24,
)
THRESHOLD_RANGE = (0, (1 << 17) - 1)
BIAS_MANTISSA_RANGE = (-4096, 4095)
BIAS_EXPONENT_RANGE = (-7, 7)  # the chip's are 0 to 7; Lava shifts right where one is negative
WEIGHT_EXPONENT_RANGE = (-8, 7)
DELAY_RANGE = (0, 62)  # ticks
REFRACTORY_RANGE = (1, 63)  # ticks
LARGEST_COMPARTMENTS = 1 << 24

REGISTERS = (
    "decay_u",
    "decay_v",
    "threshold_mantissa",
    "bias_mantissa",
    "bias_exponent",
    "u_initial",
    "v_initial",
    "refractory_ticks",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SynapseGroup:
    """Synapses with one exponent and sign mode, whose mantissas are summed before the exponent shifts the sum.

    It is what one Sparse or DelaySparse process of Lava holds. Mantissas are as the synapses hold them;
    `from_matrix` makes them from weights.

    Args:
        source: (synapses,) index of the compartment that sends.
        target: (synapses,) index of the compartment that receives.
        mantissa: (synapses,) -256 to 255 in mixed sign mode, 0 to 255 in excitatory, -255 to 0 in inhibitory.
        delay_ticks: (synapses,) 0 to 62 ticks, on top of the one tick that every spike takes.
        exponent: -8 to 7; the sum of mantissas is shifted left by it, or right where it is negative.
        sign: "mixed", "excitatory" or "inhibitory".

    Raises:
        InputError: With all that is wrong.

    Example:
        >>> group = neurocmc.SynapseGroup(source=[0], target=[1], mantissa=[200], delay_ticks=[2], exponent=-1)
    """

    source: Int  # (synapses,) compartment that sends
    target: Int  # (synapses,) compartment that receives
    mantissa: Int  # (synapses,)
    delay_ticks: Int  # (synapses,) 0 to 62, on top of the one tick that every spike takes
    exponent: int = 0  # -8 to 7
    sign: SignMode = "mixed"

    def __post_init__(self) -> None:
        faults = list(sign_problems(self.sign, 1))
        length = int(np.size(self.source))
        for field in ("source", "target", "mantissa", "delay_ticks"):
            whole = whole_numbers(getattr(self, field), field, faults)
            if whole is not None and whole.shape != (length,):
                cure = "give source, target, mantissa and delay_ticks one entry for each synapse"
                faults.append(
                    Problem("array-shape", field, f"shape {whole.shape}, there are {length} synapses", cure)
                )
            elif whole is not None:
                bounds = (0, LARGEST_COMPARTMENTS - 1)
                if field == "mantissa":
                    bounds = MANTISSA_RANGE.get(self.sign, (-256, 255))
                check_range(whole, field, DELAY_RANGE if field == "delay_ticks" else bounds, faults)
        check_range(np.asarray(self.exponent), "exponent", WEIGHT_EXPONENT_RANGE, faults)
        raise_input_problems(faults)
        for field in ("source", "target", "mantissa", "delay_ticks"):
            set_frozen(self, field, np.int64, (length,))

    @classmethod
    def from_matrix(
        cls, weights: Any, *, exponent: int = 0, sign: SignMode = "mixed", weight_bits: int = 8, delay_ticks: Any = 0
    ) -> "SynapseGroup":
        """Makes the synapses of a matrix of weights, each clipped and truncated as Lava does.

        Args:
            weights: (targets, sources) whole numbers, a numpy array or any scipy sparse matrix. Zeros make no
                synapse.
            exponent: -8 to 7, of all the synapses.
            sign: The range that weights are clipped to: "mixed", "excitatory" or "inhibitory".
            weight_bits: Bits that weights are truncated to, 1 to 8; in mixed sign mode 1 to 9.
            delay_ticks: 0 to 62 ticks: one number, or a matrix of the shape of `weights`.

        Returns:
            The group, without the synapses whose mantissa comes to 0.

        Raises:
            InputError: With all that is wrong.

        Example:
            >>> neurocmc.SynapseGroup.from_matrix([[0, 0], [201, 0]]).mantissa
            array([200])
        """
        faults = list(sign_problems(sign, weight_bits))
        check_range(np.asarray(exponent), "exponent", WEIGHT_EXPONENT_RANGE, faults)
        target, source, values = _entries(weights, "weights", faults)
        delays = _delays(delay_ticks, target, source, shape_of(weights), faults)
        raise_input_problems(faults)
        mantissa = synapse_mantissa(values, sign, weight_bits)
        kept = np.flatnonzero(mantissa)
        return cls(
            source=source[kept],
            target=target[kept],
            mantissa=mantissa[kept],
            delay_ticks=delays[kept],
            exponent=exponent,
            sign=sign,
        )


def _entries(matrix: Any, where: str, faults: list[Problem]) -> tuple[Int, Int, Int]:
    """Row, column and value of the entries of a dense or sparse matrix that are not zero; doubled ones are summed."""
    none = np.zeros(0, dtype=np.int64)
    if len(shape_of(matrix)) != 2:
        cure = "give a matrix, rows are targets and columns sources"
        faults.append(Problem("array-shape", where, f"shape {shape_of(matrix)} is not that of a matrix", cure))
        return none, none, none
    table = sparse.coo_matrix(sparse.csr_matrix(matrix)) if sparse.issparse(matrix) else None
    values = (
        whole_numbers(matrix, where, faults) if table is None else whole_numbers(table.data, f"{where}.data", faults)
    )
    if values is None:
        return none, none, none
    if table is not None:
        return table.row.astype(np.int64), table.col.astype(np.int64), values
    row, column = np.nonzero(values)
    return row.astype(np.int64), column.astype(np.int64), values[row, column]


def _delays(delay_ticks: Any, target: Int, source: Int, shape: tuple[int, ...], faults: list[Problem]) -> Int:
    """The delay of each synapse, from one number or a matrix of the weights' shape."""
    none = np.zeros(target.shape, dtype=np.int64)
    if shape_of(delay_ticks) not in ((), shape):
        what = f"shape {shape_of(delay_ticks)}, the weights have {shape}"
        faults.append(Problem("array-shape", "delay_ticks", what, "give one number, or one for each weight"))
        return none
    if sparse.issparse(delay_ticks):
        row, column, ticks = _entries(delay_ticks, "delay_ticks", faults)
        check_range(ticks, "delay_ticks.data", DELAY_RANGE, faults)
        return _looked_up(row * shape[1] + column, ticks, target * shape[1] + source)
    whole = whole_numbers(delay_ticks, "delay_ticks", faults)
    if whole is None:
        return none
    check_range(whole, "delay_ticks", DELAY_RANGE, faults)
    return none + whole if whole.ndim == 0 else whole[target, source]


def _looked_up(keys: Int, values: Int, wanted: Int) -> Int:
    """The value of each wanted key, 0 where it is not among `keys`, which are all different."""
    if not keys.size:
        return np.zeros(wanted.shape, dtype=np.int64)
    order = np.argsort(keys)
    at = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), keys.size - 1)]
    return np.where(keys[at] == wanted, values[at], 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompartmentNetwork:
    """Compartments with registers of their own, and the groups of synapses between them.

    `from_arrays` takes single numbers and a weight matrix, and is easier to call.

    Args:
        decay_u: (compartments,) 0 to 4095, what the current loses in a tick, in 1/4096; the chip adds 1 to it.
        decay_v: (compartments,) 0 to 4095, what the voltage loses in a tick, in 1/4096.
        threshold_mantissa: (compartments,) 0 to 131,071; the threshold is 64 times it.
        bias_mantissa: (compartments,) -4096 to 4095.
        bias_exponent: (compartments,) -7 to 7.
        u_initial: (compartments,) LSB of u before tick 0.
        v_initial: (compartments,) LSB of v before tick 0.
        refractory_ticks: (compartments,) 1 to 63 ticks from a spike to the first that can follow; 1 is none.
        synapses: The groups of synapses.
        rule: The arithmetic of a tick; the default is that of Loihi and Lava.

    Raises:
        InputError: With everything that is wrong: place, fact and cure of each.

    Example:
        See `from_arrays`.
    """

    decay_u: Int  # (compartments,) 0 to 4095
    decay_v: Int  # (compartments,) 0 to 4095
    threshold_mantissa: Int  # (compartments,) 0 to 131,071; the threshold is 64 times it
    bias_mantissa: Int  # (compartments,) -4096 to 4095
    bias_exponent: Int  # (compartments,) -7 to 7
    u_initial: Int  # (compartments,) LSB of u before tick 0
    v_initial: Int  # (compartments,) LSB of v before tick 0
    refractory_ticks: Int  # (compartments,) 1 to 63 ticks from a spike to the first that can follow; 1: none
    synapses: tuple[SynapseGroup, ...] = ()
    rule: StepRule = LOIHI_RULE

    def __post_init__(self) -> None:
        raise_input_problems(rule_problems(self.rule, RULE_BOUNDS))
        faults: list[Problem] = []
        length = int(np.size(self.decay_u))
        if not 1 <= length <= LARGEST_COMPARTMENTS:
            what = f"a network of {length:,} compartments, the emulator steps 1 to {LARGEST_COMPARTMENTS:,}"
            raise InputError(Problem("network-too-large", "decay_u", what, "give every compartment its registers"))
        bounds = register_bounds(self.rule)
        for field in REGISTERS:
            value = register(getattr(self, field), field, length, bounds[field], faults)
            object.__setattr__(self, field, value)
        for index, group in enumerate(self.synapses):
            for field, ends in (("source", group.source), ("target", group.target)):
                cure = f"the network has {length} compartments, count them from 0"
                check_range(ends, f"synapses[{index}].{field}", (0, length - 1), faults, cure)
        raise_input_problems(faults)
        for field in REGISTERS:
            set_frozen(self, field, np.int64, (length,))
        object.__setattr__(self, "synapses", tuple(self.synapses))

    @property
    def compartments(self) -> int:
        """The number of compartments."""
        return self.decay_u.size

    @classmethod
    def from_arrays(
        cls,
        *,
        weights: Any = None,
        decay_u: Any,
        decay_v: Any,
        threshold: Any,
        bias: Any = 0,
        bias_exponent: Any = 0,
        weight_exponent: int = 0,
        weight_bits: int = 8,
        sign: SignMode = "mixed",
        delay_ticks: Any = 0,
        u_initial: Any = 0,
        v_initial: Any = 0,
        refractory_ticks: Any = 1,
        compartments: int | None = None,
        synapses: tuple[SynapseGroup, ...] = (),
        rule: StepRule = LOIHI_RULE,
    ) -> "CompartmentNetwork":
        """Makes a network from what a user has at hand: one number stands for all compartments.

        Args:
            weights: (targets, sources) whole numbers, dense or scipy.sparse; with `weight_exponent`, `weight_bits`,
                `sign` and `delay_ticks` they become a SynapseGroup (see its `from_matrix`).
            decay_u: 0 to 4095, a number or (compartments,), and so are all registers.
            decay_v: 0 to 4095.
            threshold: Mantissas, 0 to 131,071; the threshold is 64 times it.
            bias: Mantissas, -4096 to 4095.
            bias_exponent: -7 to 7.
            weight_exponent: -8 to 7.
            weight_bits: 1 to 8; in mixed sign mode 1 to 9.
            sign: "mixed", "excitatory" or "inhibitory".
            delay_ticks: 0 to 62 ticks: one number, or a matrix of the shape of `weights`.
            u_initial: LSB of u before tick 0.
            v_initial: LSB of v before tick 0.
            refractory_ticks: 1 to 63 ticks from a spike to the first that can follow; 1 is none.
            compartments: How many there are, where neither weights nor arrays say so.
            synapses: Further groups, with other exponents or sign modes.
            rule: The arithmetic of a tick; the default is that of Loihi and Lava.

        Returns:
            The network.

        Raises:
            InputError: With everything that is wrong.

        Example:
            >>> network = neurocmc.CompartmentNetwork.from_arrays(
            ...     weights=[[0, 0], [200, 0]], decay_u=0, decay_v=[0, 409], threshold=[500, 300], bias=[103, 0],
            ...     bias_exponent=7, weight_exponent=-1, delay_ticks=2,
            ... )
            >>> network.compartments
            2
        """
        faults: list[Problem] = []
        given = (decay_u, decay_v, threshold, bias, bias_exponent, u_initial, v_initial, refractory_ticks)
        values = dict(zip(REGISTERS, given, strict=True))
        length = _length(weights, compartments, list(values.values()), faults)
        groups = tuple(synapses)
        try:
            if weights is not None:
                own = SynapseGroup.from_matrix(
                    weights, exponent=weight_exponent, sign=sign, weight_bits=weight_bits, delay_ticks=delay_ticks
                )
                groups = (own, *groups)
        except InputError as error:
            faults.extend(error.problems)
        faults.extend(rule_problems(rule, RULE_BOUNDS))
        if not faults or length:
            bounds = register_bounds(rule)
            for field, value in values.items():
                values[field] = register(value, field.removesuffix("_mantissa"), length, bounds[field], faults)
        raise_input_problems(faults)
        return cls(**values, synapses=groups, rule=rule)


def _length(weights: Any, compartments: int | None, values: list[Any], faults: list[Problem]) -> int:
    """How many compartments the arguments speak of; 0 and a fault where they do not say."""
    if weights is not None:
        shape = shape_of(weights)
        if len(shape) == 2 and shape[0] != shape[1]:
            cure = "give a square matrix, rows are targets and columns sources; inputs go into run_compartments"
            faults.append(Problem("array-shape", "weights", f"shape {shape} is not square", cure))
        return shape[0] if len(shape) == 2 else 0
    if compartments is not None:
        return compartments
    found = next((shape[0] for shape in map(shape_of, values) if len(shape) == 1), 0)
    if not found:
        cure = "give weights, an array of one register, or compartments=N"
        faults.append(Problem("length-missing", "compartments", "their number is not given", cure))
    return found


def register_bounds(rule: StepRule) -> dict[str, tuple[int, int]]:
    """Returns the lowest and highest value of each register of a compartment."""
    highest_decay, current, voltage = rule.full_decay - 1, rule.half_current, rule.largest_voltage
    return {
        "decay_u": (0, highest_decay),
        "decay_v": (0, highest_decay),
        "threshold_mantissa": (0, min(THRESHOLD_RANGE[1], voltage >> rule.threshold_shift)),
        "bias_mantissa": BIAS_MANTISSA_RANGE,
        "bias_exponent": BIAS_EXPONENT_RANGE,
        "u_initial": (1 - current, current),
        "v_initial": (-voltage, voltage),
        "refractory_ticks": REFRACTORY_RANGE,
    }
