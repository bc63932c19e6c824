"""A content-addressable memory on the emulator of Loihi 1: places recall their plants, plants recall their places.

python examples/memory.py [OUT]
"""

import sys
from pathlib import Path

import neurocmc

out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/memory")
places = ("bog", "meadow", "forest")
plants = ("moss", "clover", "fern", "birch")
grows = [[1, 0, 0, 1], [0, 1, 0, 0], [1, 0, 1, 1]]

model = neurocmc.from_memory(cues=range(3), contents=grows, cue_names=places, feature_names=plants, name="plants")
artifact = neurocmc.compile(model, target="loihi1", out=out)
recording = neurocmc.simulate(artifact)  # one trial for each place, then one for each plant
for trial, given in enumerate((*places, *plants)):
    names, answers = (plants, "content_out") if trial < len(places) else (places, "cue_out")
    spikes = recording.spikes[answers]
    own = spikes.trial == trial
    found = ", ".join(names[unit] for unit in spikes.unit[own])
    print(f"{given} recalls {found} in tick {', '.join(map(str, sorted(set(spikes.tick[own].tolist()))))}")
print(f"all edges kept: {neurocmc.verify(artifact).passed}")
