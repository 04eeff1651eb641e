"""Training as a moving picture: the function and the features, frame by frame."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter
from matplotlib.artist import Artist

from numerics.errors import InputError
from numerics.experiments.portraits import Portrait
from numerics.figures.canvas import new_figure, resolution
from numerics.figures.features import draw_scatter, orientation_axis
from numerics.figures.language import translate, translate_texts
from numerics.figures.style import DATA, FINAL, INITIAL, line_of_inputs
from numerics.flow import Solution, gradient_flow
from numerics.observe.features import features

__all__ = ["animate_training", "frame_times", "save_animation", "write_animations"]

_FRAMES_A_SECOND = 10
_HOLD = 10  # frames for which the end is shown
_COARSER = 2 / 3  # than a picture: a frame of a slide has 1280 x 720 pixels


def frame_times(solution: Solution, frames: int = 60) -> np.ndarray:
    """Normalised times at which equal parts of the way have been covered, shape (frames,): run once, then ask for these.

    The way is measured in log loss and in RD at once, so that the slow escape from the start and the late fit both get frames.
    """
    if isinstance(frames, bool) or not isinstance(frames, (int, np.integer)) or frames < 2:
        raise InputError(f"frames = {frames!r}; give an integer >= 2")
    t, loss = solution.trajectory.t, solution.trajectory.loss
    distance = np.abs(np.diff(np.log(loss))) / max(1e-300, float(np.ptp(np.log(loss)))) + np.diff(t) / t[-1]
    way = np.concatenate([[0.0], np.cumsum(distance)])
    wanted = np.interp(np.linspace(0, way[-1], frames + 1)[1:], way, t)
    return np.unique(wanted[wanted > 0])


def animate_training(solution: Solution, X: np.ndarray, y: np.ndarray, *, samples: int = 400) -> FuncAnimation:
    """Function (left) and features (right) of a run on data on a line (d = 2).

    Parameters
    ----------
    solution : Solution
        With snapshots that kept the weights (``times=, keep_weights=True``).
    X : array (n, 2), y : array (n,)
    samples : int
        Points on which the function is drawn.
    """
    networks = [solution.initial, *solution.snapshots.networks]
    if len(networks) < 2:
        raise InputError("the run has no snapshots with weights; give gradient_flow times= and keep_weights=True")
    times, losses = (
        np.concatenate([[first], values])
        for first, values in (
            (0.0, solution.snapshots.t),
            (solution.trajectory.loss[0], solution.snapshots.loss),
        )
    )
    position, inputs = line_of_inputs(X, samples)
    outputs = [net(inputs) for net in networks]
    neurons = [features(net) for net in networks]
    figure = new_figure(8.0, 3.8)
    figure.set_dpi(_COARSER * resolution(figure))
    left, right = figure.subplots(1, 2)
    (curve,) = left.plot(position, outputs[0], color=FINAL, lw=2)
    left.plot(X[:, 0], y, "o", color=DATA, ms=6, zorder=4)
    low, high = (f([f(values) for values in (*outputs, y)]) for f in (np.min, np.max))
    left.set(xlabel="$x$", ylabel="$f(x)$", ylim=(low - 0.1 * (high - low), high + 0.1 * (high - low)))
    left.grid(True, alpha=0.25)
    start = neurons[0].orientation, neurons[0].amplitude
    draw_scatter(right, *start, colour=INITIAL, label="start", alpha=0.35)
    dots = draw_scatter(right, *start, colour=FINAL, label="now", alpha=0.7)
    orientation_axis(right)
    positive = np.concatenate([n.amplitude[n.amplitude > 0] for n in neurons])
    right.set(ylabel=r"amplitude $|\bar a_k|\,|\bar w_k|$")
    right.set(ylim=(np.quantile(positive, 1e-3) / 2, positive.max() * 2))
    right.legend(fontsize="small", loc="lower left")
    title = figure.suptitle("t = 0")
    translate_texts(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, not in every frame
    frames = [*range(len(networks)), *[len(networks) - 1] * _HOLD]

    def draw(frame: int) -> list[Artist]:
        curve.set_ydata(outputs[frame])
        dots.set_data(neurons[frame].orientation, neurons[frame].amplitude)
        title.set_text(translate(f"t = {times[frame]:.3g} (normalised time), loss {losses[frame]:.1e}"))
        return [curve, dots, title]

    return FuncAnimation(figure, draw, frames=frames, interval=1000 / _FRAMES_A_SECOND)


def save_animation(animation: FuncAnimation, path: Path) -> None:
    """Write a GIF (Pillow) or an MP4 (ffmpeg, which has to be installed), by the ending of the path."""
    ending = path.suffix.lower()
    if ending == ".gif":
        animation.save(path, writer=PillowWriter(fps=_FRAMES_A_SECOND))
    elif ending == ".mp4":
        if not FFMpegWriter.isAvailable():
            raise InputError(f"{path} needs ffmpeg, which is not installed; write a .gif instead")
        animation.save(path, writer=FFMpegWriter(fps=_FRAMES_A_SECOND))
    else:
        raise InputError(f"{path}: an animation is written as .gif or .mp4")


def write_animations(
    portraits: Sequence[Portrait], X: np.ndarray, y: np.ndarray, folder: Path, ending: str
) -> list[Path]:
    """Train again with a snapshot for every frame, and write one animation a network."""
    paths = []
    for net in portraits:
        again = gradient_flow(net.solution.initial, X, y, times=frame_times(net.solution), keep_weights=True)
        gamma, prime = map(float, net.point)
        paths.append(folder / f"training_{gamma:g}_{prime:g}{ending}")
        save_animation(animate_training(again, X, y), paths[-1])
    return paths
