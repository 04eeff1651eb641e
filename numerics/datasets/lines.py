"""The lines of a text file that hold fields, taken apart by pandas behind checks of ours.

pandas alone guesses: it takes the first field of a longer row for an index, fills up a shorter row, and knows its own words for
missing values. Here every row must have as many fields as the first, and every field stays text.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from numerics.errors import InputError

__all__ = ["Lines"]

_SPACES = r"\s+"
_SIGN = {"\t": "tabs", ";": "';'", ",": "commas", _SPACES: "spaces"}
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_DECIMAL_COMMA = re.compile(r'(?:^|[;\t"])\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*(?:$|[;\t"])', re.ASCII)


@dataclass(frozen=True)
class Lines:
    """The lines of a file that hold fields, with their numbers."""

    file: str
    texts: list[str]
    rows: list[int]
    comments: list[str]
    separator: str

    @classmethod
    def of(cls, file: Path) -> "Lines":
        """The lines of a file that are neither blank nor comments; what is between the columns is what the first has."""
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(
                f"cannot read {file}: not in UTF-8 at byte {error.start}; save it as text in UTF-8"
            ) from error
        if "\0" in text:
            raise InputError(f"cannot read {file}: it is no text; save it as text in UTF-8")
        numbered = list(enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1))
        kept = [(row, line) for row, line in numbered if line.strip() and not line.lstrip().startswith("#")]
        comments = [line for row, line in numbered if line.lstrip().startswith("#")]
        if not kept:
            raise InputError(f"{file} is empty; give at least one row of numbers")
        first = _QUOTED.sub("", kept[0][1])
        separator = next((sign for sign in "\t;," if sign in first), _SPACES)
        return cls(str(file), [line for _, line in kept], [row for row, _ in kept], comments, separator)

    def fields(self, line: str) -> list[str]:
        """A line taken apart, its quoted parts left out."""
        bare = _QUOTED.sub("q", line)
        return re.findall(r"[^ \t]+", bare) if self.separator == _SPACES else bare.split(self.separator)

    def check(self) -> int:
        """Number of fields of every row; refuse rows of different length, and quotes that are not closed."""
        columns = len(self.fields(self.texts[0]))
        if columns < 2:
            raise InputError(
                f"{self.file}, row {self.rows[0]}: one column; give the inputs and the target, separated by commas, ';' or tabs"
            )
        for row, line in zip(self.rows, self.texts, strict=True):
            if '"' in line and '"' in _QUOTED.sub("", line):
                raise InputError(f"{self.file}, row {row}: a quote is opened and not closed; close it in its line")
            count = len(self.fields(line))
            if count != columns:
                raise InputError(
                    f"{self.file}, row {row}: {count} values, not {columns} as in row {self.rows[0]} (separated by "
                    f"{_SIGN[self.separator]}); give every row as many"
                )
        return columns

    @property
    def may_have_decimal_commas(self) -> bool:
        """Whether a comma is not between the columns."""
        return self.separator in (";", "\t")

    def has_decimal_commas(self, start: int) -> bool:
        """Whether a number from this line on is written with one."""
        return self.may_have_decimal_commas and any(map(_DECIMAL_COMMA.search, self.texts[start:]))

    def columns(self, start: int, stop: int | None = None) -> list[list[str]]:
        """The fields of these lines as text, column by column."""
        import pandas  # a third of a second: only for those who read a table

        try:
            frame = pandas.read_csv(
                BytesIO("\n".join(self.texts[start:stop]).encode()),
                sep=self.separator,
                header=None,
                dtype=str,
                na_filter=False,
                skipinitialspace=True,
                low_memory=False,
            )
        except pandas.errors.ParserError as error:
            raise InputError(self._cut_quote()) from error
        if frame.shape[1] != len(self.fields(self.texts[0])):
            raise InputError(self._cut_quote())
        return [frame[column].tolist() for column in frame]

    def _cut_quote(self) -> str:
        return f"cannot read {self.file}: a quote stands inside a field; put quotes around whole fields"
