"""Both ways of writing a rate unit, filter before or after the nonlinearity, compiled to the chip's emulator.

That the two are mapped exactly is shown against their textbook equations in tests/frontends/test_circuit_yaml.py;
here the chip must follow the circuit that came of it.
"""

from pathlib import Path

import pytest

from neurocmc.frontends.circuit_yaml import read_circuit_yaml
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import seen_as, simulate_rate
from neurocmc.targets import Code, LoihiTarget, load_target
from neurocmc.verification.metrics import nrmse
from tests.made.winner_circuits import calibrated, integers

LIMIT = 0.02
SWTA = """\
name: swta
dt_ms: 1
form: {form}
populations:
  excite: {{size: 4, tau_ms: 20}}
  inhibit: {{size: 1, tau_ms: {tau_inhibit_ms}}}
projections:
  - {{from: excite, to: excite, weight: {{pattern: one-to-one, value: 1.2}}}}
  - {{from: excite, to: inhibit, weight: 0.35}}
  - {{from: inhibit, to: excite, weight: -2}}
inputs:
  drive: {{to: excite}}
stimuli:
  switch-of-winner:
    duration_s: 2
    steps:
      - {{at_s: 0.2, drive: [0.3, 0.25, 0.2, 0.1]}}
      - {{at_s: 1.0, drive: [0.15, 0.35, 0.2, 0.1]}}
      - {{at_s: 1.6, drive: 0}}
"""
SIGMOIDS = """\
name: sigmoids
dt_ms: 1
form: {form}
populations:
  a: {{size: 2, tau_ms: 20, transfer: sigmoid, gain: 6, threshold: 0.5, saturation: 1}}
  b: {{size: 1, tau_ms: {tau_inhibit_ms}, transfer: sigmoid, gain: 5, threshold: 0.6, saturation: 1}}
projections:
  - {{from: a, to: a, weight: [[0.3, 0.1], [-0.1, 0.2]]}}
  - {{from: a, to: b, weight: 0.5}}
  - {{from: b, to: a, weight: -0.6}}
inputs:
  drive: {{to: a}}
stimuli:
  steps:
    duration_s: 2
    steps:
      - {{at_s: 0.2, drive: [0.9, 0.4]}}
      - {{at_s: 1.0, drive: [0.2, 1.1]}}
      - {{at_s: 1.6, drive: 0}}
"""
# A compartment has one synaptic filter. Filters before the nonlinearity are the target's own, so populations may
# differ in tau; filters after it are the source's, and all that meet in one target must be equal.
TAU_INHIBIT_MS = {"filter-before": 10, "filter-after": 20}


@pytest.fixture(scope="module")
def loihi() -> LoihiTarget:
    target = load_target("loihi1")
    assert isinstance(target, LoihiTarget)
    return target


@pytest.mark.parametrize("form", ["filter-before", "filter-after"])
@pytest.mark.parametrize(
    ("text", "code"),
    [(SWTA, "threshold"), (SWTA, "rate"), (SIGMOIDS, "threshold")],
    ids=["swta-threshold", "swta-rate", "sigmoids-threshold"],
)
def test_the_emulator_follows(tmp_path: Path, loihi: LoihiTarget, text: str, form: str, code: Code) -> None:
    path = tmp_path / "circuit.yaml"
    path.write_text(text.format(form=form, tau_inhibit_ms=TAU_INHIBIT_MS[form]))
    loaded = read_circuit_yaml(path)
    (stimulus,) = loaded.stimuli
    assert (loaded.circuit.inputs[0].tau_s > 0) == (form == "filter-before")
    network = integers(loaded.circuit, calibrated(loaded.circuit, stimulus), loihi, 64, code)
    # Both are seen through one filter: in the rate code r can be seen through none.
    rate = simulate_rate(seen_as(loaded.circuit, {p.name: p.trace for p in network.populations}), stimulus)
    errors = nrmse(rate.activity, simulate_emulator(network, stimulus).activity)
    told = ", ".join(f"{name} {error:.3%}" for name, error in errors.items())
    print(f"\n    {loaded.circuit.name}, {form}, {code}, N = 64: NRMSE {told} (<= 2 %)", end="")
    assert max(errors.values()) <= LIMIT
