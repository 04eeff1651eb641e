"""What became of the runs of an experiment: which of them count, which rest at a positive loss, and which are left out."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.scans import CellStatus

if TYPE_CHECKING:
    import xarray

__all__ = ["Account", "account_of"]

_REACHED = 1.05  # times loss_tol: a stop on the loss is located to 2 per cent


@dataclass(frozen=True)
class Account:
    """Numbers of runs.

    Attributes
    ----------
    planned, used, at_rest, still, stopped_short, failed, pending : int
        Those at rest above their final loss are used too: their largest RD is that of all time; and so are those that stood still
        in some layer, whose RD is 0 and has no logarithm. At a level of the loss none is at rest, and those that did not get
        there have stopped short of it.
    loss_tol : float
        At which a run ends, or the level.
    rest_losses, short_losses : (float, float)
        Smallest and largest loss of those at rest, and of those that stopped short; nan if there are none, or not known.
    """

    planned: int
    used: int
    at_rest: int
    still: int
    stopped_short: int
    failed: int
    pending: int
    loss_tol: float
    rest_losses: tuple[float, float]
    short_losses: tuple[float, float]

    @property
    def lines(self) -> list[str]:
        """What is to be said of them, a sentence each; nothing if every run reached its loss."""
        said = []
        if self.at_rest:
            said.append(
                f"{self.at_rest} of {self.planned} runs came to rest above the loss of {self.loss_tol:.2g} that ends a run, at "
                f"{_between(self.rest_losses)}: they count, and what they differ by widens the intervals"
            )
        known = np.isfinite(self.short_losses[0]) and np.isfinite(self.loss_tol)
        short = (
            f"stopped short of loss {self.loss_tol:.2g}, at {_between(self.short_losses)}" if known else "stopped short"
        )
        left_out = {short: self.stopped_short, "failed": self.failed, "are still to come": self.pending}
        parts = [f"{count} {what}" for what, count in left_out.items() if count]
        if parts:
            said.append(f"left out of {self.planned} runs: {', '.join(parts)}")
        if self.still:
            said.append(
                f"in {self.still} of {self.planned} runs a layer did not move: RD = 0 has no logarithm, and is in no slope"
            )
        return said

    def to_dict(self) -> dict[str, Any]:
        """As data for JSON."""
        return asdict(self) | {
            "loss_tol": self.loss_tol if np.isfinite(self.loss_tol) else None,
            "rest_losses": list(self.rest_losses) if self.at_rest else None,
            "short_losses": list(self.short_losses) if np.isfinite(self.short_losses[0]) else None,
        }


def account_of(dataset: "xarray.Dataset") -> Account:
    """The account of a scan of trained networks, also of one at a level of the loss; an experiment may not keep the losses."""
    status = dataset["status"].values
    loss = dataset["loss"].values if "loss" in dataset else np.full(status.shape, np.nan)
    tolerance = float(dataset.attrs.get("loss_level", dataset.attrs.get("loss_tol", np.nan)))
    done, short = status == CellStatus.DONE, status == CellStatus.STOPPED_SHORT
    # with dropout a run ends at a time, and with decay where it balances: what is left of the loss is the penalty's
    at_end = not {"loss_level", "dropout", "weight_decay"} & set(dataset.attrs)
    still = np.zeros(status.shape, dtype=bool)
    if "relative_distance" in dataset:
        stood = dataset["relative_distance"] == 0
        inner = [name for name in stood.dims if name not in dataset["status"].dims]
        still = stood.any(inner).transpose(*dataset["status"].dims).values
    resting = done & (loss > _REACHED * tolerance) & at_end
    return Account(
        planned=int(np.sum(status != CellStatus.NOT_PLANNED)),
        used=int(done.sum()),
        at_rest=int(resting.sum()),
        still=int((done & still).sum()),
        stopped_short=int(short.sum()),
        failed=int(np.sum(status == CellStatus.FAILED)),
        pending=int(np.sum(status == CellStatus.PENDING)),
        loss_tol=tolerance,
        rest_losses=_ends(loss[resting]),
        short_losses=_ends(loss[short]),
    )


def _ends(losses: np.ndarray) -> tuple[float, float]:
    return (float(losses.min()), float(losses.max())) if losses.size else (float("nan"), float("nan"))


def _between(losses: tuple[float, float]) -> str:
    low, high = (f"{loss:.2g}" for loss in losses)
    return low if low == high else f"{low} to {high}"
