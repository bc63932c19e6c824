"""Builds a core of layer 5 in its embedding, and measures the information that flows from each state to the next.

The circuit follows Metzner, Ghebleh, Prebeck, Schilling, Maier, Kinfe & Krauss, "Are cortical microcircuits optimized
for information flux?", arXiv:2605.14680 (2026), in kind; its numbers are those of `models/flux-l5.yaml`.

recipe        describes a circuit: its three groups of units, what is lesioned, how biases come about
network       holds units with their weights, and steps them
anatomy       draws the core, the periphery and the interneurons
biases        sets the biases of the core: none, anchored or self-organised
lesions       takes the embedding away, and puts its mean, its fluctuation or both in its place
information   measures flux, distinct states and moving units
family        makes the circuit of a recipe as a file
measures      measures the circuit of a run: its flux, over noise, and on the chip
pictures      draws a study
"""
