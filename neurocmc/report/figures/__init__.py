"""Draws the pictures of a report. Same input, same bytes; PNG or SVG by the suffix.

gain_fits     draws wanted and measured transfer
activity      draws drive, spikes and decoded activity of every level
recorded      draws one trial of a recording, for a notebook
rasters       draws one trial of a network of neurons
recall        draws recalls of a content-addressable memory
states        draws states over time
sensitive     draws where a circuit is fragile
errors        draws what each stage adds to the error
limits        draws shares of limits
robustness    draws errors against faults
study         draws all runs of a study
measures      draws what variants come to
sweep         draws what circuits come to against neurons
cmc_demo      draws the demo of a canonical microcircuit
cmc_dynamics  draws what such a circuit does
interneurons  draws circuits with and without interneurons
distractors   draws what a held item withstands
latency       draws messages on their way
film          shows a figure as time goes by
style         sets the look of all pictures
"""

from neurocmc.report.figures.activity import draw_activity
from neurocmc.report.figures.errors import ErrorSeries, draw_error_against_neurons, draw_error_waterfall
from neurocmc.report.figures.gain_fits import draw_gain_fits
from neurocmc.report.figures.sensitive import draw_sensitivity

__all__ = [
    "ErrorSeries",
    "draw_activity",
    "draw_error_against_neurons",
    "draw_error_waterfall",
    "draw_gain_fits",
    "draw_sensitivity",
]
