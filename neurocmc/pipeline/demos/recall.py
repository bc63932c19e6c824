"""Shows a content-addressable memory: animals recall their features, and features the animals that have them."""

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.resources import resource_path
from neurocmc.frontends.recall.trials import recall_trials, recalled
from neurocmc.ir.neurons.memories import CONTENT, CUE, GIVEN_TICKS, RECALLED_TICKS
from neurocmc.pipeline.demos.common import Demo, DemoResult, Setting
from neurocmc.pipeline.neurons.compile import compile_neurons
from neurocmc.pipeline.neurons.options import NeuronOptions
from neurocmc.pipeline.neurons.recall import load_recall
from neurocmc.pipeline.neurons.verify import verify_neurons
from neurocmc.report.figures.recall import draw_recalls

EXAMPLE = "models/animals.yaml"
BY_CUE, BY_CONTENT = 0, 0  # which of them are told and drawn


def _recall(setting: Setting) -> DemoResult:
    """Compiled, every cue and every content bit recalled on every level, one of each drawn."""
    given = {
        "--neurons": setting.options.neurons,
        "--animate": setting.film,
        "--code": None if setting.options.code == "threshold" else setting.options.code or "auto",
    }
    raise_input_problems(
        Problem("option-not-for-this", name, "is for demos of rate circuits", "leave it out")
        for name, value in given.items()
        if value is not None
    )
    model = load_recall(resource_path(EXAMPLE))
    artifact = compile_neurons(model, setting.target, setting.directory, NeuronOptions(), setting.progress)
    verification = verify_neurons(artifact, progress=setting.progress)
    memories = artifact.memories
    if memories is None:
        raise InputError(Problem("artifact-inconsistent", str(artifact.directory), "it holds no memory", "run again"))
    seen = artifact.built.run(recall_trials(memories))
    setting.figures.mkdir(exist_ok=True)
    picture = setting.figures / "recall.png"
    draw_recalls(seen, memories, ((CUE, BY_CUE), (CONTENT, BY_CONTENT)), picture)
    features = recalled(seen, CONTENT)[BY_CUE]
    cues = recalled(seen, CUE)[len(memories.cues) + BY_CONTENT]
    named = ", ".join(name for name, spiked in zip(memories.features, features, strict=True) if spiked)
    found = ", ".join(name for name, spiked in zip(memories.cues, cues, strict=True) if spiked)
    lines = (
        f"{memories.stored} contents of {len(memories.features)} features: {memories.neurons} neurons with delays on "
        f"{artifact.target.title}",
        f"{memories.cues[BY_CUE]} recalls {named}",
        f"{memories.features[BY_CONTENT]} recalls {found}",
        f"what is given comes back after {GIVEN_TICKS} ticks, what it recalls after {RECALLED_TICKS}",
    )
    return DemoResult(lines=lines, pictures=(picture,), edges=verification.edges, artifact=artifact)


RECALL = Demo(
    title="a content-addressable memory after area CA3 of the hippocampus recalls both ways",
    explanation=(
        "Each cue is stored with some content bits. A spike of a cue is answered by one of each bit that is stored "
        "with it, and a spike of a bit by every cue that has it, six ticks later and to the tick: threshold units, "
        "delays, and a condition that keeps the two ways apart. Nothing is learned on the chip."
    ),
    run=_recall,
)
