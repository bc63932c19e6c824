"""Puts a soft winner-take-all over pixels in front of a small vision transformer, and seven controls in its place.

equations    has the filter and its controls as functions of images
corruptions  spoils images in stated ways
sets         makes the images that filters are chosen on, and those of the table
recipe       describes what is made
circuit      writes a filter as a circuit that `neurocmc compile` reads
transformer  is the vision transformer
training     trains it behind a filter
family       makes a run of a study: a filter's circuit, and what the transformer behind it reads
choice       chooses the parameters of each filter, by a rule
pairs        compares variants with plain images, seed by seed
pictures     draws the study
"""
