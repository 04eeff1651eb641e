"""Figures in another language: a font that has its letters, and one table for what is written in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from numerics.errors import InputError
from numerics.figures.chinese import CHINESE
from phasetheory.symbols.language import ENGLISH, Catalogue, check_language

__all__ = ["check_letters", "figures_in", "translate", "translate_texts"]

# that of a collection of fonts is the first in it: of Noto and Source Han the Japanese one, which has all letters
_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Source Han Sans",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Heiti TC",
    "STHeiti",
    "Microsoft YaHei",
    "SimHei",
    "DengXian",
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
    "SimSun",
    "Arial Unicode MS",
)
_ENGLISH = Catalogue(None)
_words: ContextVar[Catalogue] = ContextVar("words of figures", default=_ENGLISH)


@contextmanager
def figures_in(language: str) -> Iterator[None]:
    """Figures that are drawn and saved (:func:`numerics.figures.style.save_as`) within are in a language.

    Parameters
    ----------
    language : str
        ``'en'`` or ``'zh'``, Chinese.

    Raises
    ------
    InputError
        No font on this machine has Chinese letters.
    """
    if check_language(language) == ENGLISH:
        yield
        return
    with mpl.rc_context({"font.family": [_chinese_font(), *mpl.rcParams["font.family"]]}):
        before = _words.set(Catalogue(CHINESE))
        try:
            yield
        finally:
            _words.reset(before)


def check_letters(language: str) -> None:
    """Refuse a language whose letters no font here has, before what takes long."""
    with figures_in(language):
        pass


def translate(text: str) -> str:
    """A text in the language of the figures that are being drawn."""
    return _words.get().translate(text)


def translate_texts(figure: Figure) -> None:
    """All that is written in a figure."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_text(translate(text.get_text()))


def _chinese_font() -> str:
    known = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in _FONTS if name in known), None) or _installed_since()
    if found is None:
        raise InputError(
            "no font with Chinese letters is installed, and figures in Chinese need one: Noto Sans CJK is in the package "
            "fonts-noto-cjk of Debian and Ubuntu"
        )
    return found


def _installed_since() -> str | None:
    """A font that is newer than Matplotlib's list of them, which it keeps between runs; in all its weights."""
    known = {Path(font.fname) for font in font_manager.fontManager.ttflist}
    found: dict[str, list[Path]] = {}
    for file in sorted({*map(Path, font_manager.findSystemFonts())} - known):
        try:
            found.setdefault(FT2Font(str(file)).family_name, []).append(file)
        except RuntimeError:  # a format that Matplotlib does not read
            continue
    name = next((name for name in _FONTS if name in found), None)
    for file in found.get(name or "", ()):
        font_manager.fontManager.addfont(file)
    return name
