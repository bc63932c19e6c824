"""Holds what each framework computes of a NIR graph: how a time constant becomes a pole, and what a spike does.

snntorch-0  the versions 0.x, which trained the networks of the paper of NIR: a spike resets in its own tick
snntorch-1  the versions 1.x as they train by default (reset_delay): the reset comes a tick later
norse       Norse 1.1 behind nirtorch's executor, which hands a node's output on in the order in which it visits nodes
sinabs      sinabs 3.1: exponential decay, time constants in ticks, several spikes a tick
spyx        Spyx 1.0.0 (38374e9): a neuron is asked for its spike before it is updated. Before 1.0 a CubaLIF lost its
            threshold twice for each spike; those versions are not meant
nir         the equations of NIR, exact over a tick
neurocmc    the files that neurocmc itself writes
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem
from neurocmc.common.names import nearest_name
from neurocmc.common.yaml_complaints import shown
from neurocmc.ir.neurons.semantics import RESETS, Reset, Semantics

Scheme = Literal["linear", "norse", "steps", "exact"]
Gains = Literal["used", "one", "spyx"]
ULPS = 4  # of single precision, by which exporters miss a gain of 1

SNNTORCH_DT_S = 1e-4  # its exporter and its importer know no other
DEFAULT_DT_S = 1e-3  # of Norse, and for reports where time is counted in ticks
_SNNTORCH_1 = "snntorch-1 (1.0 and later, as it trains by default)"
_PADS = "the framework ignores its padding"
_SPYX_LI = "Spyx shows its spikes at once, those of other layers a tick later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The rules by which one framework reads a NIR graph, settled for a file and its options."""

    semantics: Semantics
    scheme: Scheme
    reset: Reset | None = None  # None: the file has to say it
    resets: tuple[Reset, ...] = RESETS
    default_reset: Reset | None = None
    reads_v_reset: bool = False
    shifts: bool = False  # whether v_leak may shift the threshold
    gains: Gains = "used"
    gains_of: Mapping[str, Gains] = field(default_factory=dict[str, Gains])  # of single types
    refused: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # types of nodes that it does not take, and why
    pads: bool = True  # whether it heeds the padding of a SumPool2d
    in_nirtorch: bool = False
    late_spikes: bool = False
    late_reset: bool = False
    keeps_rest: bool = False
    clips_if: bool = False

    @property
    def name(self) -> str:
        """What `--semantics` calls it."""
        return self.semantics.name

    @property
    def dt_s(self) -> float:
        """The time of a tick, in s."""
        return self.semantics.dt_s

    def pole(self, tau: Float) -> tuple[Float, Float]:
        """Returns the poles of time constants in s (in ticks for sinabs), and what a gain of 1 is in each tick."""
        if self.scheme == "norse":
            with np.errstate(over="ignore", divide="ignore"):  # a time constant too small is refused by its pole
                step = np.float32(self.dt_s) * (np.float32(1.0) / tau.astype(np.float32))
            return 1.0 - step.astype(np.float64), step.astype(np.float64)
        if self.scheme == "steps":
            return _single(np.exp(-1.0 / tau)), np.ones_like(tau)
        if self.scheme == "exact":
            return np.exp(-self.dt_s / tau), -np.expm1(-self.dt_s / tau)
        pole = 1.0 - self.dt_s / tau
        # A pole of 0 that was written as the time constant of a tick comes back a rounding below.
        pole = np.where((pole < 0) & (pole >= -self.rounding), 0.0, pole)
        return (_single(pole) if self.semantics.precision == "float32" else pole), self.dt_s / tau

    def gain(self, factor: Float, share: Float) -> Float:
        """Returns the gain of a filter: exactly 1 where rounding alone keeps it from 1."""
        gain = factor * share
        if self.scheme != "linear":
            return gain
        gain = np.where(np.abs(gain - 1.0) <= self.rounding, 1.0, gain)
        return _single(gain) if self.semantics.precision == "float32" else gain

    @property
    def rounding(self) -> float:
        """What counts as rounding, near 1."""
        return ULPS * float(np.finfo(self.semantics.precision).eps)


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            semantics=Semantics(
                name="snntorch-0", dt_s=SNNTORCH_DT_S, decay="linear", update="pole", precision="float32"
            ),
            scheme="linear",
            refused={"IF": "snnTorch imports it as a leaky neuron (beta = 0.9)"},
            keeps_rest=True,
        ),
        Preset(
            semantics=Semantics(
                name="snntorch-1", dt_s=SNNTORCH_DT_S, decay="linear", update="pole", precision="float32"
            ),
            scheme="linear",
            refused={"IF": "snnTorch imports it as a leaky neuron (beta = 0.9)"},
            late_reset=True,
        ),
        Preset(
            semantics=Semantics(name="norse", dt_s=DEFAULT_DT_S, decay="linear", update="euler", precision="float32"),
            scheme="norse",
            resets=("zero", "subtract"),
            default_reset="zero",
            gains_of={"IF": "one", "LIF": "one"},
            refused={"Delay": "Norse does not import it"},
            pads=False,
            in_nirtorch=True,
        ),
        Preset(
            semantics=Semantics(
                name="sinabs",
                dt_s=DEFAULT_DT_S,
                decay="exponential",
                update="pole",
                precision="float32",
                at_threshold=True,
                several_spikes=True,
            ),
            scheme="steps",
            resets=("subtract",),
            default_reset="subtract",
            gains="one",
            refused={
                "CubaLIF": "sinabs does not import it",
                "CubaLI": "sinabs does not import it",
                "Delay": "sinabs does not import it: its time is counted in ticks",
                "Threshold": "sinabs does not import it",
            },
            pads=False,
            clips_if=True,
        ),
        Preset(
            semantics=Semantics(
                name="spyx", dt_s=1.0, decay="linear", update="pole", precision="float32", output_late_ticks=1
            ),
            scheme="linear",
            resets=("subtract",),
            default_reset="subtract",
            gains="spyx",
            refused={
                "Delay": "Spyx does not import it",
                "LI": _SPYX_LI,
                "CubaLI": "Spyx does not import it",
                "Threshold": _SPYX_LI,
            },
            pads=False,
            late_spikes=True,
        ),
        Preset(
            semantics=Semantics(name="nir", dt_s=1.0, decay="exponential", update="pole", precision="float64"),
            scheme="exact",
            reads_v_reset=True,
            shifts=True,
        ),
        Preset(
            semantics=Semantics(name="neurocmc", dt_s=1.0, decay="linear", update="pole", precision="float64"),
            scheme="linear",
            resets=("zero", "subtract"),
            default_reset="zero",
        ),
    )
}
NAMES = tuple(PRESETS)


def semantics_of(
    name: str,
    dt_s: float | None = None,
    reset: str | None = None,
    metadata: Mapping[str, object] | None = None,
) -> tuple[Preset | None, tuple[Problem, ...]]:
    """Returns the preset of a name, settled for the options and the file's own words, with what is wrong with them.

    Args:
        name: One of NAMES.
        dt_s: The time of a tick, in s, where it was given.
        reset: What a spike does, where it was given.
        metadata: What is written beside the graph.
    """
    if name not in PRESETS:
        cure = nearest_name(name, NAMES)
        if name.lower().replace("_", "-") in ("snntorch", "snn-torch"):
            cure = f"say which: snntorch-0 (0.x, and the paper of NIR), {_SNNTORCH_1}"
        return None, (Problem("choice-unknown", "--semantics", f"there is no {shown(name)}", cure),)
    preset, beside = PRESETS[name], metadata or {}
    problems = list(_own_problems(preset, dt_s, reset, beside))
    if preset.name == "neurocmc":
        dt_s, reset = _number(beside.get("neurocmc_dt_s")) or dt_s, _text(beside.get("neurocmc_reset")) or reset
    problems += _option_problems(preset, dt_s, reset)
    if problems:
        return None, tuple(problems)
    return _settled(preset, preset.dt_s if dt_s is None else float(dt_s), reset), ()


def _settled(preset: Preset, dt_s: float, given: str | None) -> Preset:
    reset = preset.default_reset
    for known in RESETS:
        if known == given:
            reset = known
    return replace(preset, reset=reset, semantics=replace(preset.semantics, dt_s=dt_s))


def _option_problems(preset: Preset, dt_s: float | None, reset: str | None) -> Iterator[Problem]:
    if dt_s is not None and not 0 < dt_s < 1e3:
        yield Problem("time-not-positive", "--dt", f"a tick is {dt_s:g} s", "give a time above 0 s")
    fixed = preset.name.startswith("snntorch")
    if fixed and dt_s is not None and dt_s != SNNTORCH_DT_S:
        what = f"snnTorch writes and reads NIR with {SNNTORCH_DT_S:g} s a tick, whatever it was trained with"
        yield Problem("option-not-for-this", "--dt", what, "leave --dt out")
    if dt_s is None and preset.name in ("nir", "spyx", "neurocmc"):
        what = f"the file does not say how long a tick is, and --semantics {preset.name} has no default"
        yield Problem("tick-unsaid", "--dt", what, "give --dt, in s: that of the training")
    if reset is not None and reset not in RESETS:
        yield Problem("choice-unknown", "--reset", f"there is no {shown(reset)}", nearest_name(reset, RESETS))
    elif reset is not None and reset not in preset.resets:
        what = f"{preset.name} does not reset by {reset}"
        yield Problem("option-not-for-this", "--reset", what, f"give {' or '.join(preset.resets)}, or leave it out")


def _own_problems(
    preset: Preset, dt_s: float | None, reset: str | None, metadata: Mapping[str, object]
) -> Iterator[Problem]:
    """What the words of neurocmc's own file and the options say differently."""
    if preset.name != "neurocmc":
        return
    written = _text(metadata.get("neurocmc_semantics"))
    if written != "neurocmc":
        what = "neurocmc did not write this file" if written is None else f"the file is one of {shown(written)}"
        yield Problem("option-not-for-this", "--semantics", what, "name the framework that trained it")
        return
    own = _number(metadata.get("neurocmc_dt_s"))
    if own is None:
        yield Problem("nir-field-missing", "metadata", "lack neurocmc_dt_s", "export the network again")
    elif dt_s is not None and dt_s != own:
        yield Problem("options-exclusive", "--dt", f"the file says {own:g} s", "leave --dt out")
    own_reset = _text(metadata.get("neurocmc_reset"))
    if own_reset is None:
        yield Problem("nir-field-missing", "metadata", "lack neurocmc_reset", "export the network again")
    elif reset is not None and reset != own_reset:
        yield Problem("options-exclusive", "--reset", f"the file says {shown(own_reset)}", "leave --reset out")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _single(values: Float) -> Float:
    return values.astype(np.float32).astype(np.float64)
