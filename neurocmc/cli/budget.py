"""`neurocmc budget`: what a compiled circuit takes of its target, per core and in all, and what it costs."""

from neurocmc.cli.options import ArtifactDirectory, Json
from neurocmc.cli.output import say_json, show

EXAMPLES = ("neurocmc budget build", "neurocmc budget build --json")


def budget(directory: ArtifactDirectory, as_json: Json = False) -> None:
    """Show each resource with its limit, the energy estimate, and the operations next to a quantised network's."""
    from neurocmc.pipeline.neurons.artifact import NeuronArtifact, open_any
    from neurocmc.pipeline.reporting import read_budget
    from neurocmc.report.tables import bits_table, budget_table, energy_table

    artifact = open_any(directory)
    found = artifact.budget if isinstance(artifact, NeuronArtifact) else read_budget(artifact)
    if as_json:
        say_json(found)
        return
    show(budget_table(found))
    if found.energy is not None:
        show(energy_table(found.energy))
    if found.bits is not None:
        show(bits_table(found.bits))
