"""What a page of the chapter is, and the desk on which it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from matplotlib.figure import Figure

from numerics.experiments.judgement import Verdict
from numerics.figures.equations import write_formula
from numerics.figures.style import save
from numerics.reports.chapter import formula, picture, proved
from numerics.scans import OnProgress
from phasetheory.documents.derivation import Check
from phasetheory.symbols.language import ENGLISH

__all__ = ["Content", "Desk", "Edition", "Page", "seeds_from_zero", "verdict_on"]

T = TypeVar("T")


@dataclass(frozen=True)
class Content:
    """What a page found; ``verdict`` is None where nothing is compared. See :class:`numerics.reports.chapter.PageRecord`."""

    predicted: tuple[str, ...]
    measured: tuple[str, ...]
    verdict: Verdict | None
    because: str
    differs: tuple[str, ...]


@dataclass(frozen=True)
class Edition:
    """What a chapter is one of: as a whole quick or not, its figures and derivations in one language."""

    quick: bool = False
    language: str = ENGLISH

    @property
    def options(self) -> str:
        """As the command has it: ``' --quick --language zh'``."""
        return " --quick" * self.quick + (f" --language {self.language}" if self.language != ENGLISH else "")


@dataclass(frozen=True)
class Desk:
    """Where a page is made.

    Attributes
    ----------
    root : Path
        Folder of the chapter.
    number : int
        Of the page.
    edition : Edition
    progress : callable(ScanProgress)
    """

    root: Path
    number: int
    edition: Edition
    progress: OnProgress = field(repr=False)

    def choose(self, quick: T, full: T) -> T:
        """The one of two that belongs to the size asked for."""
        return quick if self.edition.quick else full

    def store(self, name: str) -> Path:
        """A scan of this page."""
        folder = self.root / "stores"
        folder.mkdir(exist_ok=True)
        return folder / f"{self.number:02d}-{name}.zarr"

    @property
    def folder(self) -> Path:
        """Pictures of this page."""
        folder = self.root / "pages" / f"{self.number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def draw(self, figure: Figure, name: str, caption: str) -> str:
        """Save a figure of this page; the piece of HTML that shows it."""
        save({name: figure}, self.folder)
        return self.show(name, caption)

    def show(self, name: str, caption: str) -> str:
        """The piece of HTML for a figure that is saved in the folder of this page."""
        png, pdf = (self._relative(self.folder / f"{name}.{ending}") for ending in ("png", "pdf"))
        return picture(png, pdf, caption)

    def formula(self, name: str, tex: str) -> str:
        """A displayed formula as a piece of HTML."""
        return formula(tex, self._relative(write_formula(tex, self.folder / f"{name}.svg")))

    def proved(self, checks: Sequence[Check]) -> str:
        """The piece of HTML for identities that SymPy has proved."""
        return proved(checks, self.edition.language)

    def _relative(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Page:
    """A page of the chapter.

    Attributes
    ----------
    number : int
    title : str
    source : str
        Titles of the slides it stands for.
    make : callable(Desk) -> Content
    commands : tuple of str
        Other commands that show the same, at full size.
    cost : float
        Seconds that it takes at full size, about, for the progress.
    """

    number: int
    title: str
    source: str
    make: Callable[[Desk], Content]
    commands: tuple[str, ...]
    cost: float


def verdict_on(wrong: int, *, undecided: bool = False) -> Verdict:
    """That of a page whose parts were judged one by one: how many contradict, and whether any decides nothing."""
    if wrong:
        return Verdict.DISAGREES
    return Verdict.UNDECIDED if undecided else Verdict.AGREES


def seeds_from_zero(count: int) -> str:
    """So many seeds, in words."""
    return f"seeds 0 to {count - 1}" if count > 1 else "seed 0"
