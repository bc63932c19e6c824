"""Turns spiking nodes and leaky integrators into populations and readouts: poles, gains, thresholds and resets."""

from dataclasses import dataclass, field
from math import prod

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.errors import Problem
from neurocmc.frontends.nir.graph import NirNode
from neurocmc.frontends.nir.semantics import Gains, Preset
from neurocmc.frontends.nir.windows import Shape
from neurocmc.ir.neurons.network import NeuronPopulation
from neurocmc.ir.neurons.semantics import Reset

_IGNORES = "give 1 and scale the weights instead, or name the framework that trained it"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filters:
    """The filter of a current and the one of a voltage, (size,) each."""

    pole_syn: Float
    pole_mem: Float
    gain_syn: Float
    gain_mem: Float


@dataclass(slots=True)
class NodeReader:
    """Reads the parameters of nodes under one preset, and gathers what is wrong and what was decided."""

    preset: Preset
    problems: list[Problem] = field(default_factory=list[Problem])
    said: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def note(self, name: str, text: str) -> None:
        """Keeps what was decided for a node; nodes of which the same is said share a note."""
        self.said.setdefault(text, []).append(name)

    def notes(self) -> tuple[str, ...]:
        """Returns what was decided, a sentence each."""
        return tuple(f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in self.said.items())

    def population(
        self, node: NirNode, shape: Shape, reset: Reset, current: NirNode | None, *, recurrent: bool
    ) -> NeuronPopulation:
        """Returns the population of a spiking node.

        Args:
            node: A node that spikes.
            shape: Of its neurons.
            reset: What a spike does.
            current: The leaky integrator whose value a Threshold compares; None for all other nodes.
            recurrent: Whether its spikes come back to itself.
        """
        size, preset = prod(shape), self.preset
        compared = node.type == "Threshold"
        threshold = _each(node, "threshold" if compared else "v_threshold", size)
        filters = self.filters(node if current is None else current, size)
        if compared:
            reset = "none"
            if current is not None:
                threshold = threshold - self.rest(current, size, reset)
            if current is not None and current.type == "LI":
                filters = Filters(
                    pole_syn=filters.pole_mem,
                    gain_syn=filters.gain_mem,
                    pole_mem=np.zeros(size),
                    gain_mem=np.ones(size),
                )
        else:
            threshold = threshold - self.rest(node, size, reset)
        late = preset.late_reset or (preset.late_spikes and node.type != "CubaLIF")
        held = preset.late_reset and reset == "zero" and (recurrent or node.type == "CubaLIF")
        return NeuronPopulation(
            name=node.name,
            size=size,
            pole_syn=filters.pole_syn,
            pole_mem=filters.pole_mem,
            gain_syn=filters.gain_syn,
            gain_mem=filters.gain_mem,
            threshold=threshold,
            reset=reset,
            reset_late=late and reset == "subtract",
            rest_kept=preset.keeps_rest and reset == "subtract",
            refractory_ticks=2 if held else 1,
            floor=-threshold if preset.clips_if and node.type == "IF" else np.full(size, -np.inf),
        )

    def filters(self, node: NirNode, size: int) -> Filters:
        """Returns the filters of a node; one without memory has the pole 0 and the gain 1."""
        none, one = np.zeros(size), np.ones(size)
        if node.type == "Threshold":
            return Filters(pole_syn=none, pole_mem=none, gain_syn=one, gain_mem=one)
        if node.type == "IF":
            return Filters(pole_syn=none, pole_mem=one, gain_syn=one, gain_mem=self.integrating(node, size))
        if node.type in ("LIF", "LI"):
            pole, gain = self.filter(node, "tau", "r", size)
            return Filters(pole_syn=none, pole_mem=pole, gain_syn=one, gain_mem=gain)
        if "w_in" not in node.fields:
            self.note(node.name, "w_in is absent, 1 as NIR has it")
        pole_syn, gain_syn = self.filter(node, "tau_syn", "w_in", size)
        pole_mem, gain_mem = self.filter(node, "tau_mem", "r", size)
        return Filters(pole_syn=pole_syn, pole_mem=pole_mem, gain_syn=gain_syn, gain_mem=gain_mem)

    def integrating(self, node: NirNode, size: int) -> Float:
        """The gain of an integrator without leak, of which NIR leaves open whether a tick counts as dt or as 1."""
        r, preset = _each(node, "r", size), self.preset
        if preset.name in ("nir", "neurocmc"):
            self.note(node.name, f"an input of 1 adds r dt = {r.flat[0] * preset.dt_s:g} to v in a tick")
            return r * preset.dt_s
        if not (r == 1).all():
            self.ignored(node, "r", r, 1.0)
        self.note(node.name, f"an input of 1 adds 1 to v in a tick, as {preset.name} has it, not r dt")
        return np.ones(size)

    def filter(self, node: NirNode, tau_name: str, factor_name: str, size: int) -> tuple[Float, Float]:
        """The poles and gains of a filter with a time constant and a factor."""
        preset = self.preset
        tau, factor = _each(node, tau_name, size), _each(node, factor_name, size, 1.0)
        if not (tau > 0).all():
            what = f"{tau_name} of neuron {int(np.argmin(tau > 0))} is {tau.min():g}"
            self.problems.append(Problem("tau-out-of-range", node.where, what, "give time constants above 0"))
            return np.zeros(size), np.ones(size)
        with np.errstate(over="ignore"):  # a time constant too small is refused by its pole
            pole, share = preset.pole(tau)
        if (pole < 0).any():
            what = f"a tick of {preset.dt_s:g} s is longer than its {tau_name} of {tau.min():g} s: it would decay"
            cure = f"give --dt, that of the training: at most {tau.min():g}"
            if preset.name.startswith("snntorch"):
                cure = "snnTorch has no other tick: name the framework that trained it"
            self.problems.append(Problem("step-too-coarse", node.where, f"{what} by more than 100 %", cure))
            return np.zeros(size), np.ones(size)
        mode = preset.gains_of.get(node.type, preset.gains)
        with np.errstate(over="ignore", invalid="ignore"):  # a gain that is not a number is refused with the network
            return pole, self.gain(node, factor_name, factor, pole, share, mode)

    def gain(self, node: NirNode, name: str, factor: Float, pole: Float, share: Float, mode: Gains) -> Float:
        """The gain of a filter, where the framework heeds it; else its factor must be what the framework does."""
        gain = self.preset.gain(factor, share)
        if mode == "used":
            snapped = int(((gain == 1.0) & (factor * share != 1.0)).sum())
            if snapped and self.preset.scheme == "linear":
                self.note(node.name, f"gains of {name} within 4 ulp of 1 taken as 1, for {snapped} neurons")
            return gain
        if mode == "one":
            if not (factor == 1).all():
                self.ignored(node, name, factor, 1.0)
            return share
        # Spyx adds what arrives as it is. Its exporter writes the pole, those of others r = tau / dt.
        sound = (factor == 1) | (gain == 1) | np.isclose(factor, pole, rtol=1e-6, atol=0)
        if not sound.all():
            self.ignored(node, name, np.where(sound, 1.0, factor), 1.0)
        elif not (gain == 1).all():
            self.note(node.name, f"{name} is ignored, as Spyx does: what arrives is added as it is")
        return np.ones_like(factor)

    def ignored(self, node: NirNode, name: str, values: Float, neutral: float) -> None:
        wrong = values != neutral
        what = f"{name} of neuron {int(np.argmax(wrong))} is {values[wrong][0]:g}, {self.preset.name} ignores {name}"
        self.problems.append(Problem("nir-field-unsupported", node.where, what, _IGNORES))

    def rest(self, node: NirNode, size: int, reset: Reset) -> Float:
        """What v_leak lowers the threshold by, where resting there is the same as at 0; else it is refused."""
        leak = _each(node, "v_leak", size, 0.0)
        back = _each(node, "v_reset", size, 0.0)
        if not leak.any() and not back.any():
            return leak
        to_rest = reset == "zero" and "v_reset" in node.fields and np.array_equal(back, leak)
        if self.preset.shifts and leak.any() and (reset == "none" or to_rest):
            if back.any() and not to_rest:
                self.refuse(node, "v_reset", back, "neurons here that reset go to 0", "give 0")
            self.note(node.name, "voltages are counted from v_leak, where they start and are reset to")
            return leak
        if leak.any():
            why = f"{self.preset.name} takes only 0 here: v cannot be counted from it"
            cure = "give 0, and lower thresholds instead; or --semantics nir with a v_reset that equals v_leak"
            self.refuse(node, "v_leak", leak, why, cure)
        if back.any():
            does = {"zero": "resets to 0", "subtract": "subtracts the threshold", "none": "does not reset"}[reset]
            self.refuse(node, "v_reset", back, f"under {self.preset.name} a spike {does}", "give 0")
        return np.zeros(size)

    def refuse(self, node: NirNode, name: str, values: Float, why: str, cure: str) -> None:
        what = f"{name} of neuron {int(np.argmax(values != 0))} is {values[values != 0][0]:g}; {why}"
        self.problems.append(Problem("nir-field-unsupported", node.where, what, cure))


def _each(node: NirNode, name: str, size: int, default: float | None = None) -> Float:
    """A parameter of each neuron; one number stands for all."""
    if default is not None and name not in node.fields:
        return np.full(size, default)
    return np.broadcast_to(np.ravel(node.numbers(name)).astype(np.float64), (size,)).copy()
