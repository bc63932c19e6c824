"""Builds circuits that the literature describes: families for studies, their tasks, their measures and pictures.

Each is an ordinary user of the library: it calls `neurocmc` as anybody does, trains with the one training loop, and
is a family of circuits that a study names. The studies stand in `docs/studies/NAME/study.yaml`, the recipes in
`models/NAME.yaml`.

filter  puts a soft winner-take-all in front of a vision transformer
"""
