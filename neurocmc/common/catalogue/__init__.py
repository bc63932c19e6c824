"""Lists the errors: every id that a Problem may have, with what it means; `docs/errors.md` is made from it.

An id names the fault and not the place where it was found, so that several places of the program may raise it. It is
kebab-case and stays when the words of a message change: tests and scripts go by it. A chip family that lives in
another distribution gives its own errors ids that begin with `x-`, such as `x-mychip-too-many-cores`; they need not
stand here, and no release of neurocmc will ever take one of them.

artifacts  compiled artifacts
campaigns  sweeps, studies, searches, and their workers
fields     texts, options, circuits and stimuli written by hand
files      paths, files, checkpoints and images
levels     levels, arrays, cores and runs
limits     what a chip, or another tool, cannot hold
neurons    spiking networks that were trained elsewhere
"""

from collections.abc import Mapping
from types import MappingProxyType

from neurocmc.common.catalogue.artifacts import ARTIFACTS
from neurocmc.common.catalogue.campaigns import CAMPAIGNS
from neurocmc.common.catalogue.fields import CIRCUITS, OPTIONS, PROGRAMS, STIMULI, TEXTS
from neurocmc.common.catalogue.files import CHECKPOINTS, FILES, IMAGES, PATHS, TRAINING
from neurocmc.common.catalogue.levels import ARRAYS, CORES, LEVELS, RUNS
from neurocmc.common.catalogue.limits import CHIPS, EXPORTS, TIMES
from neurocmc.common.catalogue.neurons import NEURONS

EXTENSION = "x-"  # how ids of other distributions begin

SECTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Paths": PATHS,
        "Files": FILES,
        "Text in YAML and JSON": TEXTS,
        "Options and arguments": OPTIONS,
        "Circuits and recipes": CIRCUITS,
        "Stimuli": STIMULI,
        "State machines and other programs": PROGRAMS,
        "Checkpoints": CHECKPOINTS,
        "Spiking networks": NEURONS,
        "Images and studies": IMAGES,
        "Trainings that go on": TRAINING,
        "Campaigns": CAMPAIGNS,
        "Artifacts": ARTIFACTS,
        "What a chip cannot hold": CHIPS,
        "Times and dynamics": TIMES,
        "Exports and Lava": EXPORTS,
        "Levels": LEVELS,
        "Arrays": ARRAYS,
        "Cores and compartments": CORES,
        "Runs": RUNS,
    }
)
CATALOGUE: Mapping[str, str] = MappingProxyType(
    {name: meaning for section in SECTIONS.values() for name, meaning in section.items()}
)


def is_known(name: str) -> bool:
    """Whether a Problem may have this id: it stands in the catalogue, or belongs to another distribution."""
    return name in CATALOGUE or name.startswith(EXTENSION)
