"""Make the pages that are not there yet, and the index of all of them.

A page is done when its record stands under ``pages/``, written in one stroke; its scans are in ``stores/``, cell
by cell. So whatever ends the making, even a power failure, the same call goes on where it was.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from numerics.commands.chapter.page import Desk, Edition, Page
from numerics.commands.running import Show, progress_text
from numerics.errors import InputError
from numerics.reports.chapter import PageRecord, Waiting, chapter_html
from numerics.scans import ScanProgress

__all__ = ["in_use", "known_record", "make", "open_chapter"]

INDEX = "index.html"
_CHAPTER, _LOCK = "chapter.json", ".lock"


@contextmanager
def in_use(root: Path) -> Iterator[None]:
    """Keep other processes from the same folder."""
    lock = FileLock(root / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"--out {root}: another 'phasetheory reproduce' is at work there; wait, or give another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()


def open_chapter(root: Path, edition: Edition) -> None:
    """Begin a chapter in a folder, or go on with one of the same edition."""
    file = root / _CHAPTER
    if not file.exists():
        _write(file, asdict(edition))
        return
    try:
        there = Edition(**_read(file))
    except TypeError as error:
        raise InputError(f"{file} is of another version; give another folder") from error
    if there != edition:
        begun = f"with{there.options}" if there.options else "without --quick and --language"
        raise InputError(
            f"--out {root}: the chapter there was begun {begun}; go on in the same way, or give another folder"
        )


def known_record(root: Path, page: Page) -> PageRecord | None:
    """The record of a page that is done."""
    file = _record_file(root, page.number)
    if not file.exists():
        return None
    try:
        return PageRecord.from_dict(_read(file))
    except TypeError as error:
        raise InputError(f"{file} is of another version; remove it, and it is made again") from error


def make(root: Path, pages: Iterable[Page], every: tuple[Page, ...], edition: Edition, *, show: Show) -> None:
    """Make those of the pages that are not done; the index names all."""
    _write_index(root, every, edition)
    missing = [page for page in pages if known_record(root, page) is None]
    total, done = sum(page.cost for page in missing), 0.0
    for page in missing:
        _make_one(root, page, edition, _part(show, page, done, total))
        _write_index(root, every, edition)
        done += page.cost
    show(total, total, f"pages made: {len(missing)}")


def _part(show: Show, page: Page, before: float, total: float) -> Callable[[ScanProgress | None], None]:
    """Progress of the whole, from that of the scans of one page."""
    name = f"page {page.number}: {page.title}"

    def report(now: ScanProgress | None) -> None:
        share = (now.done + now.failed) / max(now.total, 1) if now else 0.0
        show(before + min(share, 0.99) * page.cost, total, f"{name}, {progress_text(now)}" if now else name)

    report(None)
    return report


def _make_one(root: Path, page: Page, edition: Edition, show: Callable[[ScanProgress | None], None]) -> None:
    started = time.perf_counter()
    found = page.make(Desk(root, page.number, edition, show))
    record = PageRecord(
        number=page.number,
        title=page.title,
        source=page.source,
        alone=_alone(page, edition),
        commands=page.commands,
        predicted=found.predicted,
        measured=found.measured,
        verdict=found.verdict.value if found.verdict else "answer",
        because=found.because,
        differs=found.differs,
        seconds=time.perf_counter() - started,
    )
    _write(_record_file(root, page.number), record.to_dict())


def _write_index(root: Path, every: tuple[Page, ...], edition: Edition) -> None:
    shown = [
        known_record(root, page) or Waiting(page.number, page.title, page.source, _alone(page, edition))
        for page in every
    ]
    made = [record for record in shown if isinstance(record, PageRecord)]
    about = [
        "Every page of chapter 7, 'Phase diagram of deep learning', of the lectures on understanding deep learning, "
        "made by one command: what the theory predicts beside what trained networks do.",
        f"{len(made)} of {len(every)} pages are made, in {sum(record.seconds for record in made):.0f} s"
        + (", at the small size of --quick: fewer points, smaller widths, fewer seeds." if edition.quick else "."),
        "Intervals are over the seeds of the random starts, 95 % unless something else is said; seeds count from 0. A "
        "verdict 'agrees' allows for what its page says, nothing else; runs that were left out are named.",
    ]
    html = chapter_html(shown, heading="The chapter, reproduced: phase diagrams of neural networks", about=about)
    _write_text(root / INDEX, html)


def _alone(page: Page, edition: Edition) -> str:
    return f"phasetheory reproduce --out DIR --only {page.number}{edition.options}"


def _record_file(root: Path, number: int) -> Path:
    return root / "pages" / f"{number:02d}.json"


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file} is damaged; remove it, and it is made again") from error


def _write(file: Path, data: dict[str, Any]) -> None:
    _write_text(file, json.dumps(data, ensure_ascii=False, indent=1))


def _write_text(file: Path, text: str) -> None:
    """There whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.new")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, file)
