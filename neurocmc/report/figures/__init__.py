"""The pictures of a report: gain fits, activity, cores, errors. Same input, same bytes; PNG or SVG by the suffix."""

from neurocmc.report.figures.activity import draw_activity
from neurocmc.report.figures.errors import ErrorSeries, draw_error_against_neurons, draw_error_waterfall
from neurocmc.report.figures.gain_fits import draw_gain_fits

__all__ = [
    "ErrorSeries",
    "draw_activity",
    "draw_error_against_neurons",
    "draw_error_waterfall",
    "draw_gain_fits",
]
