"""Quick start: compiles a trained circuit for Loihi 1, simulates and verifies it, and shows the cores that it takes.

python examples/quick_start.py [OUT]
"""

import sys
from pathlib import Path

import neurocmc

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/quick-start")

model = neurocmc.load("swta-digits")
print(f"{model.circuit.name}: {model.circuit.units} rate units; on the host: {', '.join(model.circuit.on_host)}")

artifact = neurocmc.compile(model, target="loihi1", out=out)
for population in artifact.spiking.populations:
    fit = population.fit
    print(f"{population.name}: {population.units} x {population.neurons} neurons, gain within {fit.max_error:.2%}")

recording = neurocmc.simulate(artifact, on="emulator", duration_s=0.3)
excite = recording.activity["excite"]  # (trials, ticks, units)
print(f"first digit on the emulator: unit {excite[0, -100:].mean(axis=0).argmax()} wins")

verification = neurocmc.verify(artifact, samples=50)
for edge in verification.edges:
    print(f"{edge.name}: {edge.quantity} {edge.value if edge.value is None else f'{edge.value:.4g}'}: {edge.verdict}")

budget = neurocmc.budget(artifact)
print(f"{budget.cores_used} cores, {budget.cores_lower_bound} at least; all edges kept: {verification.passed}")
