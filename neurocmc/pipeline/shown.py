"""Shows an artifact in a notebook: a table of what was compiled, and its report within the cell."""

from pathlib import Path
from typing import TYPE_CHECKING

from neurocmc.common.errors import InputError, Problem
from neurocmc.targets import Target

if TYPE_CHECKING:
    from neurocmc.report.notebook import Page, PictureFile


class ShownInNotebooks:
    """What artifacts of circuits and of networks of neurons do alike; their `repr` says what was compiled."""

    directory: Path
    target: Target

    def _repr_html_(self) -> str:
        """A table of what was compiled, for what, and whether it was verified."""
        from neurocmc.report.notebook import facts_as_html  # here and not above: only notebooks show it

        verified = (self.directory / "verify.json").is_file()
        return facts_as_html(
            {
                "artifact": str(self.directory),
                "compiled": repr(self).partition(": ")[2].rstrip(">"),
                "target": f"{self.target.name}: {self.target.title}",
                "verified": "yes: .report() shows it" if verified else "not yet: neurocmc.verify",
            }
        )

    def report(self) -> "Page":
        """Returns the report as it was written last; a notebook shows it within the cell.

        Returns:
            The page; `path` is its file.

        Raises:
            InputError: Where the artifact has none.
        """
        from neurocmc.report.notebook import Page  # as above

        path = self.directory / "report.html"
        if not path.is_file():
            cure = "compile again, or verify"
            raise InputError(Problem("file-missing", str(path), "the artifact has no report", cure))
        return Page(path)

    def picture(self, name: str) -> "PictureFile":
        """Returns a picture of the report as it was drawn last; a notebook shows it.

        Args:
            name: The name of a file in `figures/` of the artifact, without its ending: "gain-fits", "trial", and
                "core-map" or "core-grid" for the cores that the circuit takes.

        Returns:
            The picture; `path` is its file.

        Raises:
            InputError: Where the artifact has no picture of that name.

        Example:
            >>> neurocmc.compile("models/two-state.yaml", out="build/drawn").picture("core-map").path.name
            'core-map.png'
        """
        from neurocmc.report.notebook import PictureFile  # as above

        folder = self.directory / "figures"
        drawn = {path.stem: path for path in sorted(folder.glob("*.png"))}
        if name not in drawn:
            what = "the artifact has no such picture"
            cure = f"its pictures are: {', '.join(drawn)}" if drawn else "compile again with figures=True"
            raise InputError(Problem("file-missing", str(folder / f"{name}.png"), what, cure))
        return PictureFile(drawn[name])
