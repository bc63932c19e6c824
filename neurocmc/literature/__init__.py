"""Builds circuits that the literature describes: families for studies, their tasks, their measures and pictures.

Each is an ordinary user of the library: it calls `neurocmc` as anybody does, trains with the one training loop, and
is a family of circuits that a study names. The studies stand in `docs/studies/NAME/study.yaml`, the recipes in
`models/NAME.yaml`.

reservoir   builds reservoirs of balanced excitation and inhibition, and measures what they remember
motion      tells the velocity of moving dots by learned delays
filter      puts a soft winner-take-all in front of a vision transformer
ei_layers   builds layers of excitation and inhibition that divide, and compiles what a chip can hold of them
flux        measures the information that flows through a core of layer 5 in its embedding
connectome  trains recurrent networks that start from a connectome, and those that are held to distances
compiling   compiles circuits for what their emulator does
uci         has the digits that two of them read
"""
