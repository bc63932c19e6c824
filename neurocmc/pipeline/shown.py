"""Shows an artifact in a notebook: a table of what was compiled, and its report within the cell."""

from pathlib import Path
from typing import TYPE_CHECKING

from neurocmc.common.errors import InputError, Problem
from neurocmc.targets import Target

if TYPE_CHECKING:
    from neurocmc.report.notebook import Page


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
