"""Samples from text tables: what each column is, and numbers of its fields."""

from pathlib import Path

import numpy as np

from numerics.datasets.columns import TARGETS, Header, counts_rows, index_note, listing, named_target, target_note
from numerics.datasets.fields import as_labels, as_numbers, is_number, is_spoilt, misfit
from numerics.datasets.lines import Lines
from numerics.datasets.samples import Samples, checked_samples
from numerics.errors import InputError

__all__ = ["read_table"]


def read_table(file: Path, target: str | None) -> Samples:
    """Samples from a text table; see :func:`numerics.datasets.read_data`."""
    lines = Lines.of(file)
    count = lines.check()
    first = [column[0].strip() for column in lines.columns(0, 1)]
    named = _are_names(first, "," if lines.may_have_decimal_commas else ".")
    header = Header(lines.file, tuple(first) if named else None, count)
    header.check()
    start = int(named)
    if len(lines.texts) == start:
        raise InputError(f"{file} holds no samples; give at least one row of numbers")
    if not named and target is None:
        _check_comment(lines, count)
    columns = lines.columns(start)
    comma = lines.has_decimal_commas(start)
    return _samples(
        header, columns, lines.rows[start:], _remarks(lines, first, named, comma), target, "," if comma else "."
    )


def _samples(
    header: Header, columns: list[list[str]], rows: list[int], remarks: list[str], target: str | None, decimal: str
) -> Samples:
    """Every column in its place."""
    numbers = {column: as_numbers(fields, decimal) for column, fields in enumerate(columns)}
    chosen = named_target(header, target)
    dropped = _dropped(header, columns, numbers, chosen)
    used = [column for column in numbers if column not in dropped]
    named, chosen = chosen is not None, used[-1] if chosen is None and used else chosen
    inputs = [column for column in used if column != chosen]
    if chosen is None or not inputs:
        reason = "; ".join(dropped.values())
        raise InputError(f"{header.file}: no column is left to be an input ({reason}); name it x to keep it")
    notes = [listing(header, inputs), target_note(header, chosen, named=named), *dropped.values(), *remarks]
    labels = as_labels(columns[chosen]) if numbers[chosen] is None else None
    if labels is not None:
        numbers[chosen], (low, high) = labels
        notes[1] += f" ({low} is -1, {high} is +1)"
    found = _checked(header, columns, rows, {column: numbers[column] for column in used}, chosen, decimal)
    if len(inputs) > 1 and len(rows) > 2 and counts_rows(found[inputs[0]]):
        notes.append(f"{header.label(inputs[0])} counts the rows and is an input")
    return checked_samples(
        header.file, np.column_stack([found[column] for column in inputs]), found[chosen], rows, notes, target
    )


def _dropped(
    header: Header, columns: list[list[str]], numbers: dict[int, np.ndarray | None], target: int | None
) -> dict[int, str]:
    """Columns that are no data, with the reason."""
    dropped, last = {}, header.count - 1
    if not (header.names and header.names[last]) and not any(map(str.strip, columns[last])):
        dropped[last] = f"{header.label(last)} is empty and dropped"  # a separator at the end of every line
    for column, values in numbers.items():
        reason = index_note(header, column, values) if column not in (target, *dropped) else None
        if reason is not None:
            dropped[column] = reason
    return dropped


def _checked(
    header: Header,
    columns: list[list[str]],
    rows: list[int],
    numbers: dict[int, np.ndarray | None],
    target: int,
    decimal: str,
) -> dict[int, np.ndarray]:
    """The numbers, all of them finite; the first field that is not is refused, row by row."""
    wrong, found = [], {}
    for column, values in numbers.items():
        if values is None:
            bad = [i for i, text in enumerate(columns[column]) if not _finite(text, decimal)]
        else:
            bad, found[column] = np.flatnonzero(~np.isfinite(values)).tolist(), values
        if bad:
            wrong.append((bad[0], column))
    if wrong:
        i, column = min(wrong)
        instead = "give numbers" + (", or two words only, for -1 and +1" if column == target else "")
        what = misfit(columns[column][i], decimal, instead=instead)
        raise InputError(f"{header.file}, row {rows[i]}, {header.label(column)}: {what}")
    return found


def _finite(text: str, decimal: str) -> bool:
    value = as_numbers([text], decimal)
    return value is not None and bool(np.isfinite(value[0]))


def _are_names(first: list[str], decimal: str) -> bool:
    """Whether the first row names the columns: no number is in it, or numbers as pandas makes them up beside names we know."""
    numbers = [field for field in first if is_number(field) or is_number(field, decimal)]
    words = [field.casefold() for field in first if field not in numbers]
    if not numbers:
        return any(words) and (not TARGETS.isdisjoint(words) or not any(map(is_spoilt, words)))
    made_up = [str(number) for number in range(int(numbers[0] == "1"), len(numbers) + int(numbers[0] == "1"))]
    return bool(words) and numbers == made_up and TARGETS.issuperset(words[not first[0] :])


def _check_comment(lines: Lines, count: int) -> None:
    """Refuse a comment that names the columns and says another target than the last."""
    if not lines.comments:
        return
    text = lines.comments[-1].strip().lstrip("#").strip()
    names = [name.strip().casefold() for name in lines.fields(text)]
    if len(names) == count and TARGETS.intersection(names[:-1]) and not any(map(is_number, names)):
        raise InputError(
            f"{lines.file}: a comment names the columns ({', '.join(names)}); remove its # so that they count, or choose "
            "the target by its number, --target 1 (target='1')"
        )


def _remarks(lines: Lines, first: list[str], named: bool, comma: bool) -> list[str]:
    """What else was made of the file."""
    found = []
    if comma:
        found.append("decimal commas")
    if lines.comments:
        found.append(f"{len(lines.comments)} comment line{'s' if len(lines.comments) > 1 else ''} left out")
    if not named and len(first) > 2 and first in ([str(i + start) for i in range(len(first))] for start in (0, 1)):
        found.append(f"row {lines.rows[0]} ({', '.join(first[:3])} and so on) is a sample, not names")
    return found
