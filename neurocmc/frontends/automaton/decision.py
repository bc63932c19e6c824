"""Builds a context-dependent decision: evidence reaches the choice only from the context that is held.

    listen_ck = [w_held context_c + evidence_ck - T_l]_+      tau d_k' = -d_k + [alpha d_k + drive sum_c listen_ck
                                                                                - beta1 z - T]_+

Evidence lies between 0 and 1. T_l is `BOTH` times the strongest evidence, so evidence alone never passes, and
w_held x* = T_l / BOTH, so the context alone never passes; together all evidence above `unheard` does. The difference
of two choices then grows as tau d' = (alpha - 1) d + drive * (difference of evidence), and stays.
"""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.ticks import whole_s
from neurocmc.frontends.automaton.latch import Latch, Margin
from neurocmc.frontends.automaton.memory import CUE_TAU, add_clear, add_memory
from neurocmc.frontends.automaton.parts import Parts, picks
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus

BOTH = 1.2  # margin of the gate on either side
MEAN = 0.6  # of the evidence that stimuli give
COHERENCES = (-0.3, -0.15, 0.15, 0.3)
EVIDENCE_TAU, HELD_TAU, REDRAW_TAU = 30.0, 20.0, 1.0
NOISY_SEEDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Names of contexts and choices, and the noise on the evidence of the noisy test."""

    contexts: tuple[str, ...]
    choices: tuple[str, ...]
    noise: float
    seed: int

    @property
    def listen_threshold(self) -> float:
        """T_l, for evidence of at most 1."""
        return BOTH

    @property
    def w_held(self) -> float:
        """Weight of the context that is held."""
        return self.listen_threshold / BOTH

    @property
    def unheard(self) -> float:
        """Evidence up to which nothing passes although its context is held."""
        return self.listen_threshold - self.w_held

    def drive(self, latch: Latch) -> float:
        """Returns the weight of what is heard: evidence of MEAN drives as a transition drives x."""
        return latch.write / (MEAN - self.unheard)

    def margins(self, latch: Latch) -> tuple[Margin, ...]:
        """Returns the inequalities beyond those of the maps."""
        return (
            Margin("evidence alone below T_l", 1.0, self.listen_threshold),
            Margin("context alone below T_l", self.w_held, self.listen_threshold),
            Margin("mean evidence in context above T_l", self.unheard, MEAN),
            Margin("what is heard ignites a choice", latch.threshold, latch.write),
            Margin("a cue takes over the context", latch.takeover, latch.copy),
        )


def decision_circuit(
    decision: Decision, latch: Latch, name: str, dt_s: float, tau_s: float, sha256: str
) -> RateCircuit:
    """Returns the circuit: inputs `cue`, `evidence` (contexts x choices), and `clear` of the choice."""
    contexts, choices = len(decision.contexts), len(decision.choices)
    parts = Parts(tau_s)
    add_memory(parts, "context", contexts, latch, "cue")
    parts.rectifiers("listen", contexts * choices, decision.listen_threshold)
    parts.listen("evidence", "listen", np.eye(contexts * choices))
    parts.winners("choice", choices, latch)
    add_clear(parts, "choice", choices, latch)
    rows = [(row, row // choices) for row in range(contexts * choices)]
    parts.project("context", "listen", picks(contexts * choices, contexts, rows, decision.w_held))
    columns = [(column % choices, column) for column in range(contexts * choices)]
    parts.project("listen", "choice", picks(choices, contexts * choices, columns, decision.drive(latch)))
    parts.read("choice", "choice", decision.choices, whole_s(tau_s, dt_s))
    return parts.circuit(name, dt_s, sha256)


def decision_stimuli(
    decision: Decision, dt_s: float, tau_s: float
) -> tuple[tuple[Stimulus, ...], tuple[Stimulus, ...]]:
    """Returns (calibration, test): every context with every pair of evidence, congruent or not.

    In each trial a context is cued, a choice that stood before is cleared, and all contexts give evidence at once.
    Labels are the choice that the held context's evidence favours.
    """
    calibration = _stimulus(decision, "evidence", dt_s, tau_s, noise=0.0, seeds=1)
    noisy = _stimulus(decision, "noisy-evidence", dt_s, tau_s, noise=decision.noise, seeds=NOISY_SEEDS)
    # Noise drives harder than the evidence alone: gains are matched over both.
    return (calibration, noisy), (calibration, noisy)


def _stimulus(decision: Decision, name: str, dt_s: float, tau_s: float, noise: float, seeds: int) -> Stimulus:
    contexts, choices = len(decision.contexts), len(decision.choices)
    trials = [
        (context, favoured, coherence, other)
        for context in range(contexts)
        for favoured in range(choices)
        for coherence in COHERENCES
        for other in COHERENCES
        for _ in range(seeds)
    ]
    cue_end = _whole(CUE_TAU * tau_s, dt_s)
    clear_end = cue_end + _whole(CUE_TAU * tau_s, dt_s)
    start = clear_end + _whole(CUE_TAU * tau_s, dt_s)
    blocks = round(EVIDENCE_TAU / REDRAW_TAU)
    redraws = start + _whole(REDRAW_TAU * tau_s, dt_s) * np.arange(blocks + 1)
    edges = np.array([0.0, cue_end, clear_end, *redraws])
    cue = np.zeros((len(trials), edges.size, contexts))
    clear = np.zeros((len(trials), edges.size, 1))
    evidence = np.zeros((len(trials), edges.size, contexts, choices))
    rng = np.random.default_rng(decision.seed)
    labels = np.empty(len(trials), dtype=np.int64)
    for trial, (context, favoured, coherence, other) in enumerate(trials):
        cue[trial, 0, context] = 1.0
        clear[trial, 1] = 1.0
        mean = np.tile(_given(choices, favoured, other), (contexts, 1))
        mean[context] = _given(choices, favoured, coherence)
        sample = mean + noise * rng.standard_normal((blocks, contexts, choices))
        evidence[trial, 3:-1] = np.clip(sample, 0.0, 1.0)
        labels[trial] = int(mean[context].argmax())
    return Stimulus(
        name=name,
        duration_s=float(edges[-1]) + _whole(HELD_TAU * tau_s, dt_s),
        edges_s=edges,
        values={"cue": cue, "clear": clear, "evidence": evidence.reshape(len(trials), edges.size, -1)},
        labels=labels,
    )


def _given(choices: int, favoured: int, coherence: float) -> Float:
    """Evidence for each choice: the favoured one's differs from that of the next by the coherence, either way."""
    given = np.full(choices, MEAN - 0.5 * abs(coherence))
    given[favoured if coherence > 0 else (favoured + 1) % choices] += abs(coherence)
    return given


def _whole(time_s: float, dt_s: float) -> float:
    return round(time_s / dt_s) * dt_s
