"""Shows circuits that read digits: a soft winner-take-all, and three regions of canonical microcircuits."""

from dataclasses import replace

from neurocmc.pipeline.compile import compile_model
from neurocmc.pipeline.demos.common import (
    Demo,
    DemoResult,
    Setting,
    draw_levels,
    interpreters,
    neurons_of,
    trained,
    units_and_neurons,
)
from neurocmc.pipeline.simulate import simulate
from neurocmc.pipeline.verify import VerifyOptions, verify
from neurocmc.report.figures.cmc_demo import draw_cmc_demo
from neurocmc.report.figures.film import film_path
from neurocmc.verification.metrics import decisions

CMC_NEURONS = 32
CMC_DIGITS = 200  # judged in the demo
CMC_DRAWN = 5


def _swta_digits(setting: Setting) -> DemoResult:
    """Compiled, verified on all test digits, one digit drawn."""
    progress = setting.progress
    model, told = trained("swta-digits")
    artifact = compile_model(model, setting.target, setting.directory, setting.options, progress)
    verification = verify(artifact, progress=progress)
    stimulus = artifact.stimuli.test[0]
    one = stimulus.take(slice(0, 1))
    picture = setting.figures / "digit.png"
    film = film_path(picture, setting.film)
    draw_levels(artifact, {on: simulate(artifact, on, one) for on in interpreters(artifact)}, one, picture, film)
    lines = (
        *told,
        f"{artifact.circuit.name}: {units_and_neurons(artifact)}",
        f"on the host: {', '.join(artifact.circuit.on_host)}; on the chip: the circuit",
        f"judged on {stimulus.batch:,} test digits",
    )
    pictures = (picture,) if film is None else (picture, film)
    return DemoResult(lines=lines, pictures=pictures, edges=verification.edges, artifact=artifact)


def _cmc_digits(setting: Setting) -> DemoResult:
    """Compiled, verified on some test digits, the first of them drawn."""
    options, progress = setting.options, setting.progress
    if options.neurons is None and options.code is not None:
        options = replace(options, neurons=CMC_NEURONS)
    source, told = trained("cmc-v1v3")
    artifact = compile_model(source, setting.target, setting.directory, options, progress)
    verification = verify(artifact, VerifyOptions(samples=CMC_DIGITS), progress)
    streamed = artifact.stimuli.test[0].take(slice(CMC_DRAWN))
    seen = {on: simulate(artifact, on, streamed, progress=progress) for on in interpreters(artifact)}
    model, (classifier,) = artifact.model(), artifact.circuit.classifiers
    picture = setting.figures / "digits.png"
    film = film_path(picture, setting.film)
    picture.parent.mkdir(exist_ok=True)
    assert model.test_images is not None  # a checkpoint of the cmc family has images
    draw_cmc_demo(
        seen,
        streamed,
        model.test_images()[:CMC_DRAWN],
        classifier,
        picture,
        neurons=neurons_of(artifact),
        trials=tuple(range(CMC_DRAWN)),
        film=film,
    )
    answers = {on: decisions(recording, classifier) for on, recording in seen.items()}
    said = ", ".join(f"{on} {' '.join(classifier.labels[a] for a in answer)}" for on, answer in answers.items())
    lines = (
        *told,
        f"{artifact.circuit.name}: {units_and_neurons(artifact)}, relays included",
        *(f"on the host: {part}" for part in artifact.circuit.on_host),
        f"judged on the first {CMC_DIGITS} test digits; drawn are the first {CMC_DRAWN}, they show "
        f"{' '.join(classifier.labels[label] for label in streamed.labels)}",
        f"read as: {said}",
    )
    pictures = (picture,) if film is None else (picture, film)
    return DemoResult(lines=lines, pictures=pictures, edges=verification.edges, artifact=artifact)


SWTA_DIGITS = Demo(
    title="a trained soft winner-take-all reads handwritten digits",
    explanation=(
        "An encoder on the host turns each image into evidence for ten classes; on the chip ten units compete for it "
        "through one inhibitory unit they all excite, and the unit left standing is the answer."
    ),
    run=_swta_digits,
)
CMC_DIGITS_DEMO = Demo(
    title="three regions of canonical microcircuits read handwritten digits, glimpse by glimpse",
    explanation=(
        "Three cortical regions, each with four populations, are shown a digit in five glimpses; the wave of "
        "activity that runs through them gathers what no glimpse shows, and a classifier on the host reads it at "
        "the end."
    ),
    run=_cmc_digits,
)
