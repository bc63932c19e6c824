"""The kinds of file that commands read: how each is mutated, put into a folder, and which command is to read it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.fuzz import archives, arrays, graphs, members, raw, special, trees
from tests.fuzz.case import Made
from tests.fuzz.corpus import EVENTS, Corpus
from tests.fuzz.neuron_files import SOUND

OUT = "out"  # what a command is told to write
_REPORTS = (
    f"{members.NAME}/verify.json",
    f"{members.NAME}/report.html",
    f"{members.NAME}/figures/*",
    f"{members.NAME}/figures",
)
_FAULTS = ("--kinds", "dead", "--levels", "0.1", "--seeds", "1", "--samples", "1", "--workers", "1")
_TREE = (OUT, f"{OUT}/*")
_BESIDE = f"{OUT}.*.npz"  # the spikes that an exported file of NIR has beside it

Maker = Callable[[Random, Corpus, Path], Made]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file, with its share of the cases of a campaign."""

    share: int
    make: Maker


def _yaml(rng: Random, path: Path, tree: Any) -> str:
    """A mutation of `tree` at `path`, and what it is; in one of ten, of its bytes."""
    if rng.random() < 0.1:
        content, done = raw.mutated(rng, yaml.safe_dump(tree, sort_keys=False).encode())
    else:
        changed, done = trees.mutated(rng, tree)
        content, more = trees.yaml_bytes(rng, changed)
        done = f"{done} {more}".rstrip()
    path.write_bytes(content)
    return done


def _json(rng: Random, path: Path, tree: Any) -> str:
    if rng.random() < 0.1:
        content, done = raw.mutated(rng, trees.json_bytes(rng, tree)[0])
    else:
        changed, done = trees.mutated(rng, tree)
        content, more = trees.json_bytes(rng, changed)
        done = f"{done} {more}".rstrip()
    path.write_bytes(content)
    return done


def _as_json(rng: Random) -> tuple[str, ...]:
    return ("--json",) if rng.random() < 0.3 else ()


def _figures(rng: Random) -> tuple[str, ...]:
    """Pictures take most of the time of a small circuit; what names do to them is seen on some."""
    return ("--no-figures",) if rng.random() < 0.8 else ()


def _compile(rng: Random, model: str, target: str) -> tuple[str, ...]:
    code = ("--code", "rate") if rng.random() < 0.2 else ()
    return (
        "compile",
        model,
        "--target",
        target,
        "--neurons",
        str(rng.choice((1, 2, 4, 8))),
        "-o",
        OUT,
        *code,
        *_figures(rng),
        *_as_json(rng),
    )


def circuit(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A circuit written by hand."""
    done = _yaml(rng, folder / "c.yaml", rng.choice(corpus.circuits))
    if rng.random() < 0.5:
        return Made(what=done, arguments=("inspect", "c.yaml", *_as_json(rng)))
    target = rng.choice(("brian2", "loihi1", "loihi1", "loihi2", "ranc", "truenorth"))
    oracle = "verify" if rng.random() < 0.1 else "recurrences"
    return Made(what=done, arguments=_compile(rng, "c.yaml", target), writes=_TREE, oracle=oracle)


def behaviour(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A circuit given as interneurons, an automaton, a sequence, a memory or a decision."""
    done = _yaml(rng, folder / "c.yaml", rng.choice(corpus.behaviours))
    return Made(what=done, arguments=("inspect", "c.yaml", *_as_json(rng)))


def circuit_file(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A trained circuit for which no torch is needed."""
    content, done = arrays.mutated(rng, rng.choice(corpus.circuit_files))
    (folder / "m.circuit.npz").write_bytes(content)
    return Made(what=done, arguments=("inspect", "m.circuit.npz", *_as_json(rng)))


def checkpoint(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A checkpoint."""
    content, done = archives.mutated(rng, rng.choice(corpus.checkpoints))
    (folder / "m.pt").write_bytes(content)
    return Made(what=done, arguments=("inspect", "m.pt", *_as_json(rng)))


def target(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A chip of one's own."""
    done = _yaml(rng, folder / "t.yaml", rng.choice(corpus.targets))
    if rng.random() < 0.6:
        return Made(what=done, arguments=("targets", "t.yaml", *_as_json(rng)))
    shutil.copy(corpus.folder / "circuit.yaml", folder / "c.yaml")
    return Made(what=done, arguments=_compile(rng, "c.yaml", "t.yaml"), writes=_TREE)


def recipe(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A recipe of a training."""
    done = _yaml(rng, folder / "r.yaml", rng.choice(corpus.recipes))
    seed = ("--seed", rng.choice(("0", "3", "-1", str(2**64)))) if rng.random() < 0.2 else ()
    return Made(what=done, arguments=("train", "r.yaml", "-o", "m.pt", *seed, *_as_json(rng)), training=True)


def study(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A study's plan or recipe, over a folder in which its run is done."""
    shutil.copytree(corpus.folder / "studied", folder / OUT)
    plan, recipes = corpus.tree("study.yaml"), corpus.tree("recipe.yaml")
    if rng.random() < 0.7:
        done = _yaml(rng, folder / "s.yaml", plan)
        (folder / "recipe.yaml").write_bytes(corpus.read("recipe.yaml"))
    else:
        done = "its recipe: " + _yaml(rng, folder / "recipe.yaml", recipes)
        (folder / "s.yaml").write_bytes(corpus.read("study.yaml"))
    return _studied(rng, done)


def result(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """What a study keeps of a run that is done: its result, its verdict on the chip, its checkpoint."""
    shutil.copytree(corpus.folder / "studied", folder / OUT)
    (folder / "recipe.yaml").write_bytes(corpus.read("recipe.yaml"))
    name = rng.choice(("result.json", "result.json", "chip.json", "checkpoint.pt"))
    plan = corpus.tree("study.yaml")
    if name != "chip.json" and rng.random() < 0.9:  # only the verdict on the chip is read for it, or made in seconds
        del plan["compile"]
    (folder / "s.yaml").write_text(yaml.safe_dump(plan))
    path = folder / OUT / "runs" / "1-full-0" / name
    if name == "checkpoint.pt":  # which is read where pictures are drawn of it
        content, done = archives.mutated(rng, path.read_bytes())
        path.write_bytes(content)
        return _studied(rng, f"{name}: {done}", drawn=True)
    return _studied(rng, f"{name}: " + _json(rng, path, corpus.tree(f"studied/runs/1-full-0/{name}")))


def _studied(rng: Random, done: str, *, drawn: bool = False) -> Made:
    # The plan is written into the folder before what is kept there is read.
    arguments = (
        "study",
        "s.yaml",
        "-o",
        OUT,
        "--workers",
        "1",
        *(() if drawn else ("--no-figures",)),
        *_as_json(rng),
    )
    # So are the tables: they are of what is kept, pictures come after them.
    keeps = (f"{OUT}/study.yaml", *((f"{OUT}/*",) if drawn else ()))
    return Made(what=done, arguments=arguments, writes=_TREE, keeps=keeps, training=True)


def sweep(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A sweep's plan, over a folder in which its run is done."""
    shutil.copytree(corpus.folder / "swept", folder / OUT)
    (folder / "circuit.yaml").write_bytes(corpus.read("circuit.yaml"))
    done = _yaml(rng, folder / "w.yaml", corpus.tree("sweep.yaml"))
    arguments = ("sweep", "w.yaml", "-o", OUT, "--workers", "1", "--no-figures", *_as_json(rng))
    return Made(what=done, arguments=arguments, writes=_TREE, training=True)


def measured_study(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A study of a circuit in YAML, over a folder in which its runs are done; or that circuit."""
    shutil.copytree(corpus.folder / "measured", folder / OUT)
    name = rng.choice(("measured.yaml", "measured.yaml", "circuit.yaml"))
    for each in ("measured.yaml", "circuit.yaml"):
        (folder / each).write_bytes(corpus.read(each))
    done = f"{name}: " + _yaml(rng, folder / name, corpus.tree(name))
    arguments = ("study", "measured.yaml", "-o", OUT, "--workers", "1", "--no-figures", *_as_json(rng))
    return Made(what=done, arguments=arguments, writes=_TREE)


def kept_run(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """What a campaign keeps of a run that is done."""
    plan, command = rng.choice((("sweep.yaml", "sweep"), ("measured.yaml", "study")))
    shutil.copytree(corpus.folder / ("swept" if command == "sweep" else "measured"), folder / OUT)
    for each in (plan, "circuit.yaml"):
        (folder / each).write_bytes(corpus.read(each))
    path = rng.choice(sorted((folder / OUT / "runs").iterdir()))
    done = f"{path.name}: " + _json(rng, path, json.loads(path.read_text()))
    arguments = (command, plan, "-o", OUT, "--workers", "1", "--no-figures", *_as_json(rng))
    # A study's plan is written once its circuits are known to be of it, before what was measured of them is read.
    return Made(what=done, arguments=arguments, writes=_TREE, keeps=(f"{OUT}/study.yaml",), training=True)


def stimulus(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A stimulus of one's own."""
    content, done = arrays.mutated(rng, corpus.read("stimulus.npz"))
    (folder / "s.npz").write_bytes(content)
    chip = rng.choice(("loihi1", "brian2", "ranc"))
    (folder / members.NAME).symlink_to(corpus.artifact(chip).resolve())
    on = rng.choice(("rate", "rate", "staged", "emulator" if chip != "brian2" else "brian2"))
    arguments = ("simulate", members.NAME, "--on", on, "--stimulus", "s.npz", "-o", "o.npz", *_as_json(rng))
    return Made(what=done, arguments=arguments, writes=("o.npz",))


def state(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """The state of a training that was stopped."""
    content, done = archives.mutated(rng, corpus.read("half.pt.resume"))
    (folder / "m.pt.resume").write_bytes(content)
    (folder / "r.yaml").write_bytes(corpus.read("recipe.yaml"))
    arguments = ("train", "r.yaml", "-o", "m.pt", "--resume", *_as_json(rng))
    return Made(what=done, arguments=arguments, training=rng.random() < 0.9, writes=("m.pt", "m.pt.resume"))


def corelets(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """Corelets, or the host's spikes for them."""
    (folder / "c.json").write_bytes(corpus.read("corelets.json"))
    arguments = ("simulate", "c.json", "--on", "emulator", "-o", "o.npz", *_as_json(rng))
    if rng.random() < 0.35:
        content, done = arrays.mutated(rng, corpus.read("spikes.npz"))
        (folder / "s.npz").write_bytes(content)
        return Made(what=f"its spikes: {done}", arguments=(*arguments, "--input", "s.npz"), writes=("o.npz",))
    done = _json(rng, folder / "c.json", corpus.tree("corelets.json"))
    return Made(what=done, arguments=(*arguments, "--ticks", "5"), writes=("o.npz",))


def ranc(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """RANC's file or its config."""
    for name in ("ranc.json", "config.json"):
        (folder / name).write_bytes(corpus.read(name))
    name = rng.choice(("ranc.json", "ranc.json", "config.json"))
    done = f"{name}: " + _json(rng, folder / name, corpus.tree(name))
    arguments = (
        "simulate",
        "ranc.json",
        "--on",
        "emulator",
        "--config",
        "config.json",
        "--ticks",
        "9",
        "-o",
        "o.txt",
    )
    return Made(what=done, arguments=(*arguments, *_as_json(rng)), writes=("o.txt",), oracle="ranc")


def images(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """Files of images, of MNIST's form and CIFAR-10's."""
    name = rng.choice(("idx", "idx", "cifar"))
    shutil.copytree(corpus.folder / name, folder / name)
    path = rng.choice(sorted((folder / name).iterdir()))
    content, done = raw.mutated(rng, path.read_bytes())
    path.write_bytes(content)
    tree = corpus.tree("recipe.yaml") | {"task": f"{'idx' if name == 'idx' else 'cifar-10'}:{name}", "images": None}
    if name == "cifar":
        tree["retina"] = tree["retina"] | {"inputs": 3}
    (folder / "r.yaml").write_text(yaml.safe_dump({key: value for key, value in tree.items() if value is not None}))
    return Made(what=f"{path.name}: {done}", arguments=("train", "r.yaml", "-o", "m.pt"), training=True)


def nir(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """A network of spiking neurons."""
    sound = SOUND[rng.choice(sorted(SOUND))]
    content, done = graphs.mutated(rng, sound.tree)
    (folder / "net.nir").write_bytes(content)
    rules = rng.choice(sound.options)
    if rng.random() < 0.15:
        rules = graphs.other_rules(rng)
    if rng.random() < 0.35:
        shown = () if rng.random() < 0.2 else rules
        return Made(what=done, arguments=("inspect", "net.nir", *shown, *_as_json(rng)))
    more = (*_figures(rng), *_as_json(rng))
    if rng.random() < 0.1:
        more += ("--weights", rng.choice(("one", "two")))
    arguments = ("compile", "net.nir", "--target", _neuron_target(rng), *rules, "-o", OUT, *more)
    return Made(what=done, arguments=arguments, writes=_TREE, oracle="verify" if rng.random() < 0.2 else "")


def _neuron_target(rng: Random) -> str:
    return rng.choice(("loihi1", "loihi1", "loihi2", "brian2"))


def events(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """Spikes for a network of spiking neurons, or what a framework recorded of it."""
    content, done = arrays.mutated(rng, corpus.read(f"events-{rng.choice(EVENTS)}.npz"))
    (folder / "e.npz").write_bytes(content)
    if rng.random() < 0.35:
        (folder / "net.nir").write_bytes(corpus.read("layers.nir"))
        rules = rng.choice(SOUND["layers"].options)
        given = ("--target", _neuron_target(rng), rng.choice(("--events", "--calibration")), "e.npz")
        arguments = ("compile", "net.nir", *rules, *given, "-o", OUT, *_figures(rng), *_as_json(rng))
        return Made(what=done, arguments=arguments, writes=_TREE, oracle="verify" if rng.random() < 0.2 else "")
    chip = _neuron_target(rng)
    shutil.copytree(corpus.neuron_artifact(chip), folder / members.NAME)
    choice = rng.random()
    if choice < 0.6:
        on = rng.choice(("float", "fitted", "brian2" if chip == "brian2" else "emulator"))
        arguments = ("simulate", members.NAME, "--on", on, "--stimulus", "e.npz", "-o", "o.npz")
    elif choice < 0.9:
        arguments = ("verify", members.NAME, "--against", "e.npz", "--samples", "1", *_figures(rng))
    else:
        arguments = ("robustness", members.NAME, *_FAULTS, "--stimulus", "e.npz", "-o", OUT)
    return Made(what=done, arguments=(*arguments, *_as_json(rng)), writes=("o.npz", *_TREE, *_REPORTS))


def neuron_artifact(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """An artifact of a network of spiking neurons in which one file was altered, and its hash."""
    chip = _neuron_target(rng)
    done = f"for {chip}, {members.altered(rng, corpus.neuron_artifact(chip), folder)}"
    choice = rng.random()
    if choice < 0.2:
        arguments: tuple[str, ...] = ("budget", members.NAME)
    elif choice < 0.6:
        on = rng.choice(("float", "fitted", "emulator", "brian2" if chip == "brian2" else "emulator"))
        arguments = ("simulate", members.NAME, "--on", on, "--samples", "2", "-o", "o.npz")
    elif choice < 0.8:
        arguments = ("verify", members.NAME, "--samples", "1", *_figures(rng))
    elif choice < 0.9:
        arguments = ("robustness", members.NAME, *_FAULTS, "-o", OUT)
    else:
        arguments = ("export", members.NAME, "--to", rng.choice(("nir", "nir", "brian2")), "-o", OUT)
    return Made(what=done, arguments=(*arguments, *_as_json(rng)), writes=("o.npz", _BESIDE, *_TREE, *_REPORTS))


def artifact(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """An artifact in which one file was altered, and its hash."""
    chip = rng.choice(("loihi1", "loihi1", "brian2", "ranc", "truenorth"))
    done = f"for {chip}, {members.altered(rng, corpus.artifact(chip), folder)}"
    choice = rng.random()
    if choice < 0.35:
        arguments: tuple[str, ...] = ("budget", members.NAME, *_as_json(rng))
    elif choice < 0.85:
        on = rng.choice(("rate", "staged", "emulator", "brian2" if rng.random() < 0.3 else "emulator"))
        arguments = ("simulate", members.NAME, "--on", on, "--samples", "1", "-o", "o.npz", *_as_json(rng))
    elif choice < 0.93:
        arguments = ("verify", members.NAME, "--samples", "1", *_figures(rng), *_as_json(rng))
    else:
        arguments = ("robustness", members.NAME, *_FAULTS, "-o", OUT, *_as_json(rng))
    return Made(what=done, arguments=arguments, writes=("o.npz", *_TREE, *_REPORTS))


_DOORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "checkpoint": ("m.pt", ("inspect", "m.pt")),
    "circuit": ("c.yaml", ("inspect", "c.yaml")),
    "circuit file": ("m.circuit.npz", ("inspect", "m.circuit.npz")),
    "model": ("c.yaml", ("compile", "c.yaml", "--target", "loihi1", "--neurons", "2", "-o", OUT)),
    "target": ("t.yaml", ("targets", "t.yaml")),
    "target of compile": ("t.yaml", ("compile", "circuit.yaml", "--target", "./t.yaml", "--neurons", "2", "-o", OUT)),
    "network": ("n.nir", ("compile", "n.nir", "--target", "loihi1", "--semantics", "snntorch-0", "-o", OUT)),
    "events": (
        "e.npz",
        ("compile", "layers.nir", "--target", "brian2", "--semantics", "snntorch-0", "--events", "e.npz", "-o", OUT),
    ),
    "recipe": ("r.yaml", ("train", "r.yaml", "-o", "m.pt")),
    "state": ("m.pt.resume", ("train", "recipe.yaml", "-o", "m.pt", "--resume")),
    "study": ("s.yaml", ("study", "s.yaml", "-o", OUT, "--workers", "1")),
    "sweep": ("w.yaml", ("sweep", "w.yaml", "-o", OUT, "--workers", "1")),
    "corelets": ("c.json", ("simulate", "c.json", "--on", "emulator", "--ticks", "3", "-o", "o.npz")),
    "config": (
        "k.json",
        ("simulate", "ranc.json", "--on", "emulator", "--config", "k.json", "--ticks", "3", "-o", "o.npz"),
    ),
    "spikes": ("s.npz", ("simulate", "corelets.json", "--on", "emulator", "--input", "s.npz", "-o", "o.npz")),
    "manifest": ("manifest.json", ("budget", ".")),
    "output of compile": (OUT, ("compile", "circuit.yaml", "--target", "brian2", "--neurons", "2", "-o", OUT)),
    "output of train": ("m.pt", ("train", "recipe.yaml", "-o", "m.pt")),
    "output of a study": (OUT, ("study", "study.yaml", "-o", OUT, "--workers", "1", "--no-figures")),
    "output of a sweep": (OUT, ("sweep", "sweep.yaml", "-o", OUT, "--workers", "1", "--no-figures")),
    "output of simulate": (
        "o.npz",
        ("simulate", "corelets.json", "--on", "emulator", "--ticks", "3", "-o", "o.npz"),
    ),
}


def special_file(rng: Random, corpus: Corpus, folder: Path) -> Made:
    """No regular file, or none with a sound name, at a path that a command reads or writes."""
    for beside in (
        "circuit.yaml",
        "recipe.yaml",
        "study.yaml",
        "sweep.yaml",
        "ranc.json",
        "corelets.json",
        "layers.nir",
    ):
        (folder / beside).write_bytes(corpus.read(beside))
    door = rng.choice(sorted(_DOORS))
    name, arguments = _DOORS[door]
    if rng.random() < 0.6 or door == "manifest":
        done = special.put(rng, folder / name)
    else:
        odd = rng.choice(special.NAMES)
        changed = odd + Path(name).suffix if rng.random() < 0.5 else odd
        arguments = tuple(changed if argument == name else argument for argument in arguments)
        done = f"the name {changed[:20]!r}"
        if name in (OUT, "m.pt", "o.npz"):  # the output has a sound, odd name: whatever it is
            name = changed
    return Made(what=f"{door}: {done}", arguments=(*arguments, *_as_json(rng)), writes=("*",), training=True)


KINDS: dict[str, Kind] = {
    "circuit": Kind(18, circuit),
    "behaviour": Kind(6, behaviour),
    "circuit file": Kind(7, circuit_file),
    "checkpoint": Kind(8, checkpoint),
    "target": Kind(8, target),
    "recipe": Kind(7, recipe),
    "study": Kind(4, study),
    "result": Kind(4, result),
    "sweep": Kind(3, sweep),
    "measured study": Kind(3, measured_study),
    "kept run": Kind(3, kept_run),
    "stimulus": Kind(7, stimulus),
    "state": Kind(6, state),
    "corelets": Kind(7, corelets),
    "ranc": Kind(6, ranc),
    "images": Kind(3, images),
    "artifact": Kind(14, artifact),
    "nir": Kind(12, nir),
    "events": Kind(6, events),
    "neuron artifact": Kind(10, neuron_artifact),
    "special file": Kind(5, special_file),
}
SHARES = tuple(name for name, kind in KINDS.items() for _ in range(kind.share))


def kind_of(rng: Random, number: int) -> str:
    """The kind of a case: every kind once in the first cases, then by their shares."""
    return list(KINDS)[number] if number < len(KINDS) else rng.choice(SHARES)
