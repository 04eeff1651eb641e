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
    planned, used, at_rest, stopped_short, failed, pending : int
        Those at rest, in a local minimum of the flow, are used too: their largest RD is that of all time.
    rest_losses : (float, float)
        Smallest and largest loss of those at rest; nan if there are none.
    """

    planned: int
    used: int
    at_rest: int
    stopped_short: int
    failed: int
    pending: int
    rest_losses: tuple[float, float]

    @property
    def lines(self) -> list[str]:
        """What is to be said of them, a sentence each; nothing if every run reached its loss."""
        said = []
        if self.at_rest:
            low, high = self.rest_losses
            losses = f"{low:.2g}" if f"{low:.2g}" == f"{high:.2g}" else f"{low:.2g} to {high:.2g}"
            said.append(
                f"{self.at_rest} of {self.planned} runs came to rest in a local minimum, at loss {losses}: they count, and what "
                "the minima differ by widens the intervals"
            )
        left_out = {"stopped short": self.stopped_short, "failed": self.failed, "are still to come": self.pending}
        parts = [f"{count} {what}" for what, count in left_out.items() if count]
        if parts:
            said.append(f"left out of {self.planned} runs: {', '.join(parts)}")
        return said

    def to_dict(self) -> dict[str, Any]:
        """As data for JSON."""
        return asdict(self) | {"rest_losses": list(self.rest_losses) if self.at_rest else None}


def account_of(dataset: "xarray.Dataset") -> Account:
    """The account of a scan of trained networks."""
    status = dataset["status"].values
    done = status == CellStatus.DONE
    loss = (
        dataset["loss"].values if "loss" in dataset else np.full(status.shape, np.nan)
    )  # an experiment may not keep it
    resting = done & (loss > _REACHED * float(dataset.attrs.get("loss_tol", np.inf)))
    losses = loss[resting]
    counts = {
        name: int(np.sum(status == which))
        for name, which in (
            ("used", CellStatus.DONE),
            ("stopped_short", CellStatus.STOPPED_SHORT),
            ("failed", CellStatus.FAILED),
            ("pending", CellStatus.PENDING),
        )
    }
    between = (float(losses.min()), float(losses.max())) if losses.size else (float("nan"), float("nan"))
    return Account(planned=sum(counts.values()), at_rest=int(resting.sum()), rest_losses=between, **counts)
