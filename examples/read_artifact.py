"""Reads an artifact with only numpy and json; neurocmc is not needed.

python examples/read_artifact.py DIR
"""

import json
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
print(f"{manifest['circuit']} for {manifest['target']}, made by neurocmc {manifest['neurocmc']}")
print("options: " + ", ".join(f"{name} {value}" for name, value in manifest["options"].items()))

# A level is a JSON file of the structure and an npz of the arrays: {"array": key} names an entry of the npz.
level = json.loads((folder / "ir" / "20-spiking.json").read_text(encoding="utf-8"))["level"]
arrays = np.load(folder / "ir" / "20-spiking.npz", allow_pickle=False)
for population in level["populations"]:
    bias = arrays[population["bias"]["array"]]
    print(
        f"population {population['name']}: {population['units']} units of {population['neurons']} neurons "
        f"({population['code']} code), biases {bias.min():.3f} to {bias.max():.3f} thresholds"
    )

program = np.load(folder / "program" / "network.npz", allow_pickle=False)
neurons = program["neuron.core"].size
synapses = sum(program[key].size for key in program.files if key.startswith("weights.") and key.endswith(".mantissa"))
print(f"program: {neurons:,} neurons on {np.unique(program['neuron.core']).size} cores, {synapses:,} synapses")

budget = json.loads((folder / "budget.json").read_text(encoding="utf-8"))
for row in budget["in_all"]:
    if row["limit"] is not None:
        print(f"{row['resource']}: {row['used']:,} of {row['limit']:,} ({row['percent']:.2f} %)")
