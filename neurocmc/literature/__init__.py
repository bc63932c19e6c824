"""Builds circuits that the literature describes: families for studies, their tasks, their measures and pictures.

Each is an ordinary user of the library: it calls `neurocmc` as anybody does, trains with the one training loop, and
is a family of circuits that a study names. The studies stand in `docs/studies/NAME/study.yaml`, the recipes in
`models/NAME.yaml`.

motion  tells the velocity of moving dots by learned delays, the family `delays-motion`
"""
