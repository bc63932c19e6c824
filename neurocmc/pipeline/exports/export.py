"""Writes a compiled circuit for another tool, whole or not at all."""

from pathlib import Path
from tempfile import TemporaryDirectory

from neurocmc.common.files import check_replaceable, replace_directory, write_file
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.exports.registry import find_export, writer_for
from neurocmc.pipeline.neurons.artifact import NeuronArtifact


def export(artifact: Artifact | NeuronArtifact, to: str, path: str | Path) -> tuple[str, ...]:
    """Writes the level that an export takes to `path`; where that fails nothing is left on disk.

    Args:
        artifact: The artifact, of a circuit or of a network of neurons.
        to: The name of the export.
        path: The file or folder to write; the export says which.

    Returns:
        What there is to know of it, a line each.

    Raises:
        InputError: For an export that does not exist, a level that the artifact has not, or a path that cannot be
            written.
        InfeasibleError: Where the tool cannot hold the circuit.

    Example:
        >>> from neurocmc.pipeline.artifact import open_artifact
        >>> from neurocmc.pipeline.exports.export import export
        >>> notes = export(open_artifact("build/two-state"), "brian2", "build/two-state-script")
    """
    path, chosen = Path(path), find_export(to)
    write = writer_for(chosen, to, artifact)
    if chosen.folder:
        check_replaceable(path)
        with replace_directory(path) as folder:
            return write(folder)
    with TemporaryDirectory(prefix="neurocmc-export-") as folder:
        made = Path(folder) / "export"
        notes = write(made)
        for beside in sorted(Path(folder).glob("export.*")):
            write_file(path.with_name(f"{path.stem}{beside.name.removeprefix('export')}"), beside.read_bytes())
        write_file(path, made.read_bytes())
    return notes
