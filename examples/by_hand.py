"""Compiles circuit.yaml with as few neurons as an error of 2 % allows, and shows its winner over time.

python examples/by_hand.py [OUT]
"""

import sys
from pathlib import Path

import neurocmc

circuit = Path(__file__).resolve().with_name("circuit.yaml")
out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/by-hand")

artifact = neurocmc.compile(circuit, target="loihi1", out=out, max_error=0.02)
print(artifact.manifest["neurons_reason"])

rate = neurocmc.simulate(artifact, on="rate", stimulus="switch")
chip = neurocmc.simulate(artifact, on="emulator", stimulus="switch")
names = artifact.circuit.readouts[0].labels
print("time   rate circuit          Loihi's arithmetic")
for time_s in (0.1, 0.5, 0.9, 1.1, 1.5, 1.9):
    tick = round(time_s / chip.tick_s)
    winners = []
    for recording in (rate, chip):
        activity = recording.activity["excite"][0, tick]
        best = int(activity.argmax())
        winners.append(f"{names[best]} wins at {activity[best]:.3f}" if activity[best] > 0 else "silent")
    print(f"{time_s:.1f} s  {winners[0]:20}  {winners[1]}")
