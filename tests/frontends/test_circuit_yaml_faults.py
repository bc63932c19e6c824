"""A bad circuit file gets the message we promise: line, field, what is wrong, and a cure."""

from pathlib import Path

import pytest

from neurocmc.common.errors import InputError
from tests.made.circuit_documents import TEXT, changed, read


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "tau_ms: 20, threshold",
            "tau_ms: 20, treshold",
            "circuit.yaml:5: populations.e.treshold: unknown field (got 0.1) [field-unknown]"
            "\n    cure: did you mean threshold?",
        ),
        (
            "tau_ms: 20",
            "tau_s: 20",
            "circuit.yaml:5: populations.e.tau_ms: is missing [field-missing]\n    cure: add it\n"
            "circuit.yaml:5: populations.e.tau_s: unknown field (got 20) [field-unknown]"
            "\n    cure: did you mean tau_ms?",
        ),
        (
            "form: filter-after",
            "form: filter-afer",
            "circuit.yaml:3: form: should be 'filter-after' or 'filter-before' (got 'filter-afer') [field-wrong]\n"
            "    cure: did you mean filter-after?",
        ),
        (
            "dt_ms: 1\n",
            "dt_ms: 0\n",
            "circuit.yaml:2: dt_ms: should be greater than or equal to 0.000000001 (got 0)"
            " [field-wrong]\n    cure: give 1e-09 or more",
        ),
        (
            "size: 3",
            "size: 99999999",
            "circuit.yaml:5: populations.e.size: should be less than or equal to 10000000 (got 99999999)"
            " [field-wrong]\n    cure: give 10,000,000 or less",
        ),
        (
            "threshold: 0.1",
            "threshold: [0.1, 0.2]",
            "circuit.yaml:5: populations.e.threshold: 2 values for 3 units [values-count]\n"
            "    cure: give one number, or one per unit",
        ),
        (
            "threshold: 0.1",
            "gain: [1, 0, 1]",
            "circuit.yaml:5: populations.e.gain[1]: should be greater than or equal to 0.000000001 (got 0)"
            " [field-wrong]\n    cure: give 1e-09 or more",
        ),
        (
            "threshold: 0.1",
            "threshold: .inf",
            "circuit.yaml:5: populations.e.threshold: should be a finite number or a list (got inf)"
            " [field-wrong]\n    cure: write a finite number, or write a list, such as [1, 2]",
        ),
        (
            "  e: {size",
            "  1e: {size",
            "circuit.yaml:5: populations.1e: the name should match pattern "
            "'^[A-Za-z][A-Za-z0-9_-]*([.][A-Za-z0-9_-]+)*$' [field-wrong]\n    cure: begin with a letter; then "
            "letters, digits, _ and - may stand, and between them single dots",
        ),
        (
            "{from: e, to: i",
            "{from: e, to: j",
            "circuit.yaml:8: projections[0].to: there is no such population (got 'j') [population-unknown]"
            "\n    cure: known names: e, i",
        ),
        (
            "population: e",
            "population: ee",
            "circuit.yaml:13: readouts.winner.population: there is no such population (got 'ee')"
            " [population-unknown]\n"
            "    cure: did you mean e?",
        ),
        (
            "weight: 0.5}",
            "weight: {pattern: one-to-one, value: 1}}",
            "circuit.yaml:8: projections[0].weight: one-to-one needs as many target units as sources (got 1 and 3)"
            " [weight-shape]\n"
            "    cure: use all-to-all, or write the matrix out",
        ),
        (
            "weight: 0.5}",
            "weight: {patern: one-to-one, value: 1}}",
            "circuit.yaml:8: projections[0].weight.pattern: is missing [field-missing]\n    cure: add it\n"
            "circuit.yaml:8: projections[0].weight.patern: unknown field (got 'one-to-one') [field-unknown]\n"
            "    cure: did you mean pattern?",
        ),
        (
            "weight: 0.5}",
            "weight: [[1, 2]]}",
            "circuit.yaml:8: projections[0].weight: has 1 rows of 2 numbers, 1 rows of 3 are needed [weight-shape]\n"
            "    cure: a row per target unit, in it a number per source unit or channel",
        ),
        (
            "{to: e}",
            "{to: e, channels: 2}",
            "circuit.yaml:11: inputs.drive.channels: one-to-one needs as many target units as sources (got 3 and 2)"
            " [weight-shape]\n"
            "    cure: use all-to-all, or write the matrix out\n"
            "circuit.yaml:18: stimuli.pulse.steps[0].drive: 3 values for 2 channels [stimulus-channels]\n"
            "    cure: give one number for all channels, or one per channel",
        ),
        (
            "labels: [a, b, c]",
            "labels: [a, b]",
            "circuit.yaml:13: readouts.winner.labels: 2 labels for 3 units [labels-count]"
            "\n    cure: give one per unit, or none",
        ),
        (
            "at_s: 0.5",
            "at_s: 0.1",
            "circuit.yaml:19: stimuli.pulse.steps[1].at_s: is not after the step before it, at 0.1 s (got 0.1)"
            " [times-disordered]\n"
            "    cure: put the steps in order of time",
        ),
        (
            "at_s: 0.5",
            "at_s: 1",
            "circuit.yaml:19: stimuli.pulse.steps[1].at_s: is not before the end at 1 s (got 1) [times-disordered]\n"
            "    cure: make the stimulus longer or the step earlier",
        ),
        (
            "drive: [1, 2, 3]",
            "drive: [1, 2]",
            "circuit.yaml:18: stimuli.pulse.steps[0].drive: 2 values for 3 channels [stimulus-channels]\n"
            "    cure: give one number for all channels, or one per channel",
        ),
        (
            "drive: [1, 2, 3]",
            "drve: [1, 2, 3]",
            "circuit.yaml:18: stimuli.pulse.steps[0].drve: there is no such input [input-unknown]"
            "\n    cure: did you mean drive?",
        ),
        (
            "    steps:\n",
            "    label: 3\n    steps:\n",
            "circuit.yaml:17: stimuli.pulse.label: there is no such unit (got 3) [label-beyond-range]"
            "\n    cure: units are 0 to 2",
        ),
        (
            "    steps:\n",
            "    trials: [{}]\n    steps:\n",
            "circuit.yaml:15: stimuli.pulse: has both `trials` and `steps` or `label` [field-inconsistent]\n"
            "    cure: put steps and label into the trials",
        ),
        (
            "    steps:\n",
            "    noise: {std: {drve: 1}, redraw_ms: 1, seeds: 1, from_s: 2}\n    steps:\n",
            "circuit.yaml:17: stimuli.pulse.noise.std.drve: there is no such input [input-unknown]"
            "\n    cure: did you mean drive?\n"
            "circuit.yaml:17: stimuli.pulse.noise: noise from 2 to 1 s in a stimulus of 1 s [times-disordered]\n"
            "    cure: from_s < until_s <= duration_s is needed",
        ),
        (
            "    steps:\n",
            "    noise: {std: {drive: 1}, redraw_ms: 1e-4, seeds: 100}\n    steps:\n",
            "circuit.yaml:15: stimuli.pulse: would hold up to 3,000,001,500 values, limit 50,000,000"
            " [stimulus-too-large]\n"
            "    cure: use fewer trials or seeds, or draw the noise less often",
        ),
        (
            "    steps:\n",
            "    use: test\n    steps:\n",
            "circuit.yaml:14: stimuli: there is no stimulus for calibration [calibration-missing]"
            "\n    cure: give at least one stimulus with "
            "`use: calibration` or `both`: gains are matched over the activities that it causes",
        ),
        (
            "  drive: {to: e}",
            "  drive: {to: e}\n  at_s: {to: e}",
            "circuit.yaml:12: inputs.at_s: is a reserved name: steps use it for their time [name-reserved]\n"
            "    cure: give another name",
        ),
    ],
)
def test_message(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert refused(tmp_path, changed((old, new))) == message


def test_no_stimuli_at_all(tmp_path: Path) -> None:
    assert refused(tmp_path, TEXT[: TEXT.index("stimuli:")]) == (
        "circuit.yaml:1: stimuli: is missing [calibration-missing]\n"
        "    cure: give at least one stimulus with `use: calibration` or `both`: "
        "gains are matched over the activities that it causes"
    )


def test_label_without_a_winner(tmp_path: Path) -> None:
    text = changed(("kind: winner", "kind: activity"), ("    steps:\n", "    label: 0\n    steps:\n"))
    assert refused(tmp_path, text) == (
        "circuit.yaml:17: stimuli.pulse.label: a label needs a winner readout [label-beyond-range]\n"
        "    cure: add a readout of kind winner"
    )
