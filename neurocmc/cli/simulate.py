"""`neurocmc simulate`: one artifact on one interpreter under one stimulus, or a file of cores, recorded to a file."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurocmc.cli import complete
from neurocmc.cli.options import Json, check_output_file
from neurocmc.cli.output import WARNING, results, say, say_json, stages
from neurocmc.common.errors import InputError, Problem, raise_input_problems

if TYPE_CHECKING:
    from neurocmc.ir.rate import Classifier, Readout
    from neurocmc.ir.recording import Recording
    from neurocmc.ir.stimulus import Stimulus

EXAMPLES = (
    "neurocmc simulate build --on emulator -o out.npz",
    "neurocmc simulate build --on brian2 --stimulus mine.npz --duration 0.5 -o out.npz",
    "neurocmc simulate build --on lava --samples 4 -o out.npz",
    "neurocmc simulate build --on float --stimulus events.npz -o out.npz",
    "neurocmc simulate ranc.json --on emulator --config config.json --ticks 100 -o out.txt",
    "neurocmc simulate corelets.json --on emulator --input spikes.npz -o out.npz",
)
SHOWN_DECISIONS = 20
CORES = "Only for a file of cores (FILE.json)"


class Interpreter(StrEnum):
    """What the circuit can be run on."""

    rate = "rate"
    staged = "staged"
    float = "float"
    fitted = "fitted"
    brian2 = "brian2"
    emulator = "emulator"
    lava = "lava"


class Codegen(StrEnum):
    """How Brian2 runs: without a compiler, or with one."""

    numpy = "numpy"
    cython = "cython"
    cpp_standalone = "cpp_standalone"


def simulate(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE.json",
            help="A directory made by `neurocmc compile`, or a file of cores: corelets.json or a RANC network.",
            show_default=False,
        ),
    ],
    on: Annotated[Interpreter, typer.Option("--on", help="The level or simulator to run.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT.npz",
            help="The recording to write. For FILE.json also a .csv, or a .txt as RANC writes it.",
            show_default=False,
        ),
    ],
    stimulus: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.npz",
            help="A stimulus of the artifact by its name, or a file.",
            show_default="the first test stimulus",
            autocompletion=complete.stimuli,
        ),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(metavar="S", help="Cut or prolong the stimulus to this many seconds.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help="Run only the first trials of the stimulus: this many.", show_default="all")
    ] = None,
    observe_ms: Annotated[
        float | None,
        typer.Option(
            metavar="MS",
            help="Time constant in ms of the filter through which activity r is recorded.",
            show_default="as compiled; rate: none",
        ),
    ] = None,
    codegen: Annotated[Codegen, typer.Option(help="Code generation of Brian2.")] = Codegen.numpy,
    time_limit: Annotated[
        float, typer.Option(metavar="S", help="For --on lava: stop Lava and its processes after this many seconds.")
    ] = 3600.0,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="CONFIG.json",
            help="RANC's configuration file. Needed for a RANC network.",
            show_default=False,
            rich_help_panel=CORES,
        ),
    ] = None,
    ticks: Annotated[
        int | None, typer.Option(help="Number of ticks to run.", show_default=False, rich_help_panel=CORES)
    ] = None,
    spikes: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="SPIKES.npz",
            help="For corelets: the spikes that the host sends.",
            show_default=False,
            rich_help_panel=CORES,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="For corelets: seed of stochastic neurons.", show_default="0", rich_help_panel=CORES),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a compiled circuit and record spikes and decoded activity of all populations, or run a file of cores."""
    check_output_file(output)
    of_files = {"--config": config, "--ticks": ticks, "--input": spikes, "--seed": seed}
    if directory.suffix == ".json" and not directory.is_dir():
        from neurocmc.cli.simulate_cores import simulate_file
        from neurocmc.pipeline.core_files import CoreRunOptions

        if on is not Interpreter.emulator:
            what = f"a file of cores does not run on {on.value}"
            raise InputError(Problem("interpreter-unfit", "--on", what, "use --on emulator, or name an artifact"))
        of_artifacts = {"--stimulus": stimulus, "--duration": duration, "--samples": samples}
        _check_absent({**of_artifacts, "--observe-ms": observe_ms}, "an artifact")
        simulate_file(directory, output, CoreRunOptions(config, ticks, spikes, seed or 0), as_json=as_json)
        return
    _check_absent(of_files, "a .json file of cores")
    from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any

    artifact = open_any(directory)
    if isinstance(artifact, NeuronArtifact):
        from neurocmc.cli.neurons import simulate_on

        _check_absent({"--duration": duration, "--observe-ms": observe_ms}, "rate circuits")
        simulate_on(artifact, on.value, output, stimulus, samples, time_limit, as_json=as_json)
        return
    if on in (Interpreter.float, Interpreter.fitted):
        what = f"a rate circuit does not run on {on.value}"
        raise InputError(
            Problem("interpreter-unfit", "--on", what, "use --on rate, staged, brian2, emulator or lava")
        )
    from neurocmc.ir.store import save_recording
    from neurocmc.pipeline.simulate import find_stimulus
    from neurocmc.pipeline.simulate import simulate as run
    from neurocmc.verification.metrics import window_ticks

    with stages("simulate") as progress:
        recording = run(
            artifact,
            on.value,
            stimulus,
            duration,
            codegen=codegen.value,
            samples=samples,
            observe_ms=observe_ms,
            time_limit_s=time_limit,
            progress=progress,
        )
        chosen = find_stimulus(artifact, stimulus).take(slice(samples))
        save_recording(recording, output)
    winners = [readout for readout in artifact.circuit.readouts if readout.kind == "winner"]
    readouts = (*winners, *artifact.circuit.classifiers)
    early = [readout.name for readout in readouts if window_ticks(recording, readout) > recording.ticks]
    decided = [_decided(recording, readout, chosen) for readout in readouts if readout.name not in early]
    facts = _facts(recording, chosen)
    if as_json:
        say_json({"recording": output, **facts, "decisions": decided, "undecided": early})
        return
    with results():
        _tell(facts, decided)
    for name in early:
        say(f"{WARNING}{name} has no decision: its window is longer than the run")
    say(f"recording: {output}")


def _check_absent(options: Mapping[str, object], belonging_to: str) -> None:
    """Refuse options that would be passed over."""
    raise_input_problems(
        Problem("option-not-for-this", name, f"is for {belonging_to}", "leave it out")
        for name, value in options.items()
        if value is not None
    )


def _facts(recording: "Recording", stimulus: "Stimulus") -> dict[str, Any]:
    return {
        "on": recording.level,
        "stimulus": recording.stimulus,
        "trials": stimulus.batch,
        "ticks": recording.ticks,
        "tick_s": recording.tick_s,
        "duration_s": recording.ticks * recording.tick_s,
        "populations": [
            {
                "name": name,
                "units": int(activity.shape[2]),
                "largest_activity": float(activity.max(initial=0.0)),
                "spikes": int(recording.spike_counts[name].sum()) if name in recording.spike_counts else None,
            }
            for name, activity in recording.activity.items()
        ],
    }


def _decided(recording: "Recording", readout: "Readout | Classifier", stimulus: "Stimulus") -> dict[str, Any]:
    from neurocmc.verification.metrics import accuracy, decisions

    chosen = decisions(recording, readout)
    names = readout.labels or tuple(str(answer) for answer in range(int(chosen.max(initial=0)) + 1))
    return {
        "readout": readout.name,
        "chosen": [names[unit] if unit >= 0 else None for unit in chosen.tolist()],
        "labelled": int((stimulus.labels >= 0).sum()),
        "accuracy": accuracy(chosen, stimulus.labels),
    }


def _tell(facts: dict[str, Any], decided: list[dict[str, Any]]) -> None:
    say(
        f"{facts['stimulus']} on {facts['on']}: {facts['trials']:,} trial{'s' * (facts['trials'] != 1)} "
        f"of {facts['duration_s']:g} s, "
        f"{facts['ticks']:,} ticks of {1e3 * facts['tick_s']:g} ms"
    )
    for population in facts["populations"]:
        spikes = "" if population["spikes"] is None else f", {population['spikes']:,} spikes"
        say(
            f"  {population['name']}: {population['units']} units, "
            f"largest activity {population['largest_activity']:.4g}{spikes}"
        )
    for readout in decided:
        shown = [name or "none" for name in readout["chosen"][:SHOWN_DECISIONS]]
        more = f" ... ({len(readout['chosen']):,} in all)" if len(readout["chosen"]) > SHOWN_DECISIONS else ""
        say(f"{readout['readout']} decided: {' '.join(shown)}{more}")
        if readout["accuracy"] is not None:
            share = f"{100 * readout['accuracy']:.2f} %"
            say(f"{readout['readout']} accuracy: {share} of {readout['labelled']:,} labelled trials")
