"""The five pictures of the page: each takes results, and shows them without being made again."""

import math
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, LinearColorMapper, PointDrawTool
from bokeh.models.annotations import Label
from bokeh.plotting import figure
from matplotlib.colors import to_hex, to_rgb

from numerics.explore.map import DiagramMap
from numerics.explore.state import State
from numerics.explore.training import SAMPLES, CapacityPlane, Frame, Located
from numerics.explore.words import said
from numerics.figures.style import COLOURS, FINAL, INITIAL, REGIME_COLOURS, line_of_inputs
from numerics.flow import Solution
from phasetheory.scaling.regimes import Regime
from phasetheory.symbols.language import Catalogue

__all__ = ["CapacityPicture", "DiagramPicture", "DistancePicture", "FeaturePicture", "FunctionPicture", "spelled"]

_GREEK = {"gamma": "γ", "gamma_prime": "γ′", "gamma_2": "γ₂", "gamma_3": "γ₃"}
_FONT = "12px"
_AROUND = (-3.25, 3.25)  # decades around 1: the ground
_LEAST = 1e-6  # of the largest amplitude, below which a neuron is as good as gone
_CLEAR = 0.4  # decades around a network outside of it
_LINEAR, _CONDENSED, _CRITICAL = (REGIME_COLOURS[r] for r in (Regime.LINEAR, Regime.CONDENSED, Regime.CRITICAL))


def spelled(coordinate: str) -> str:
    """A coordinate as it is written: gamma as γ."""
    return _GREEK.get(coordinate, coordinate)


def _figure(title: str, across: str, up: str, **options: Any) -> Any:
    drawn: Any = figure(
        title=title,
        x_axis_label=across,
        y_axis_label=up,
        toolbar_location=None,
        sizing_mode="stretch_both",
        min_border=4,
        min_border_right=12,  # half of the last tick's label
        width=200,
        height=150,
        output_backend="canvas",
        **options,
    )
    drawn.title.text_font_size, drawn.title.text_font_style, drawn.title.text_color = "13px", "normal", "#333333"
    drawn.outline_line_color = "#cccccc"
    drawn.grid.grid_line_color = "#eeeeee"
    for axis in drawn.axis:
        axis.axis_label_text_font_style, axis.axis_label_text_font_size = "normal", _FONT
        axis.axis_line_color = axis.major_tick_line_color = "#999999"
        axis.minor_tick_line_color = None
    return drawn


class DiagramPicture:
    """The derived diagram: regions, boundaries, named schemes, the point asked for."""

    def __init__(self, given: DiagramMap, words: Catalogue) -> None:
        left, right, bottom, top = given.window
        across, up = map(spelled, given.diagram.names)
        title = words.translate("click: train that network")
        self.figure = _figure(title, across, up, x_range=(left, right), y_range=(bottom, top), tools="")
        self.figure.name = "diagram"
        self.figure.grid.visible = False
        self._regions(given)
        for across_segment, up_segment in given.boundaries:
            self.figure.line(across_segment, up_segment, color=_CRITICAL, width=3)
        self._pointer(given, words)
        self._names(given)
        for regimes, (x, y) in given.centres.items():
            text = said(words, _name(dict(zip(given.diagram.telling_layers, regimes, strict=True))))
            self._write(x, y, text, text_align="center", text_color="#333333", text_font_style="bold")
        self.point = ColumnDataSource({"x": [], "y": []})
        for colour, width in (("white", 5), ("black", 2.5)):
            look = {
                "fill_color": None,
                "line_color": colour,
                "line_width": width,
                "level": "overlay",
            }  # over labels too
            self.figure.scatter("x", "y", source=self.point, size=16, **look)

    def show(self, state: State) -> None:
        """Mark the point."""
        x, y = state.point
        self.point.data = {"x": [float(x)], "y": [float(y)]}

    def _regions(self, given: DiagramMap) -> None:
        for kinds, polygons in given.areas.items():
            corners = [tuple(map(list, zip(*polygon, strict=True))) for polygon in polygons]
            colour = to_hex(given.colours[kinds])
            self.figure.patches([x for x, _ in corners], [y for _, y in corners], fill_color=colour, line_color=colour)

    def _pointer(self, given: DiagramMap, words: Catalogue) -> None:
        x, y = given.cells
        spoken = {text: said(words, text) for text in set(given.basis)}
        source = ColumnDataSource(
            {
                "x": x,
                "y": y,
                "exponents": given.exponents,
                "slopes": given.slopes,
                "basis": [spoken[text] for text in given.basis],
            }
        )
        width, height = given.cell_size
        cells = self.figure.rect("x", "y", width, height, source=source, fill_alpha=0, line_alpha=0)
        across, up = map(spelled, given.diagram.names)
        rows = f"{across} = @x{{0.00}}, {up} = @y{{0.00}}<br>@exponents<br>@slopes<br><b>@basis</b>"
        self.figure.add_tools(
            HoverTool(renderers=[cells], limit=1, tooltips=f"<div style='max-width:270px'>{rows}</div>")
        )

    def _names(self, given: DiagramMap) -> None:
        points = ColumnDataSource({"x": [n.x for n in given.named], "y": [n.y for n in given.named]})
        self.figure.scatter("x", "y", source=points, size=9, fill_color="white", line_color="black", line_width=1.6)
        for named in given.named:
            self._write(named.x, named.y, _wrapped(named.title), x_offset=8, y_offset=-8, text_baseline="top")

    def _write(self, x: float, y: float, text: str, **look: Any) -> None:
        style: dict[str, Any] = {
            "text_font_size": _FONT,
            "background_fill_color": "white",
            "background_fill_alpha": 0.65,
        } | look
        self.figure.add_layout(Label(x=x, y=y, text=text, **style))


class FunctionPicture:
    """The function while it is fitted, and the data, which can be drawn."""

    def __init__(self, words: Catalogue) -> None:
        self.figure = _figure(
            words.translate("function"), "x", "f", x_range=(-1, 1), y_range=(-1, 1), tools="", name="function picture"
        )
        self.now, self.before = (
            ColumnDataSource({"x": [], "y": []}, name=name) for name in ("function", "function before")
        )
        self.data = ColumnDataSource({"x": [], "y": []})
        self.figure.line("x", "y", source=self.before, color="#aaaaaa", width=1.5, line_dash="dotted")
        self.figure.line("x", "y", source=self.now, color=FINAL, width=2.5)
        samples = self.figure.scatter("x", "y", source=self.data, size=9, color="black")
        draw = PointDrawTool(renderers=[samples], add=True)
        self.figure.add_tools(draw)
        self.figure.toolbar.active_tap = draw

    def start(self, state: State) -> None:
        """New data, or another run on the same, of which the last stays in grey."""
        X, y = state.samples
        self.before.data = dict(self.now.data)
        if not np.array_equal(self.data.data["x"], X[:, 0]) or not np.array_equal(self.data.data["y"], y):
            self.data.data = {"x": X[:, 0].tolist(), "y": y.tolist()}
        position = line_of_inputs(X, SAMPLES)[0]
        margin = 0.8 * (float(np.ptp(y)) or 1.0)
        self.figure.x_range.update(start=float(position[0]), end=float(position[-1]))
        self.figure.y_range.update(start=float(y.min()) - margin, end=float(y.max()) + margin)

    def show(self, state: State, frame: Frame, title: str) -> None:
        """The function at one moment."""
        position = line_of_inputs(state.samples[0], SAMPLES)[0]
        self.now.data = {"x": position, "y": frame.function}
        self.figure.title.text = title


class FeaturePicture:
    """Orientation and amplitude of the neurons: at the start, and now."""

    def __init__(self, words: Catalogue) -> None:
        title, across, up = (words.translate(text) for text in ("features", "orientation of w", "amplitude"))
        self.figure = _figure(
            title, across, up, y_axis_type="log", x_range=(-math.pi, math.pi), y_range=(0.1, 10), tools=""
        )
        self.figure.xaxis.ticker = [-math.pi, -math.pi / 2, 0, math.pi / 2, math.pi]
        self.figure.xaxis.major_label_overrides = dict(
            zip((-math.pi, -math.pi / 2, 0, math.pi / 2, math.pi), ("−π", "−π/2", "0", "π/2", "π"), strict=True)
        )
        self.first, self.now = (
            ColumnDataSource({"x": [], "y": []}, name=name) for name in ("features at first", "features")
        )
        self.figure.scatter("x", "y", source=self.first, size=3, color=INITIAL, alpha=0.35)
        self.figure.scatter("x", "y", source=self.now, size=4.5, color=FINAL, alpha=0.6)

    def show(self, frame: Frame, *, first: bool) -> None:
        """The neurons at one moment; those of the start stay."""
        seen = frame.amplitude > 0
        data = {"x": frame.orientation[seen], "y": frame.amplitude[seen]}
        if first:
            self.first.data = data
        self.now.data = data
        both = np.concatenate([self.first.data["y"], self.now.data["y"]])
        self.figure.y_range.update(start=max(both.min(), _LEAST * both.max()) / 2, end=2 * both.max())


class DistancePicture:
    """RD(t) of every layer, and F as predicted."""

    def __init__(self, words: Catalogue, layers: tuple[str, ...], time: str) -> None:
        across = words.translate(time)
        self.figure = _figure("RD(t)", across, "RD", x_axis_type="log", y_axis_type="log", tools="")
        self.lines, self.before, self.predicted = (
            {layer: ColumnDataSource({"x": [], "y": []}, name=f"{what} {layer}") for layer in layers}
            for what in ("RD", "before", "F")
        )
        for layer, colour in zip(layers, COLOURS, strict=False):
            self.figure.line("x", "y", source=self.before[layer], color="#bbbbbb", width=1.5, line_dash="dotted")
            self.figure.line("x", "y", source=self.lines[layer], color=colour, width=2.5, legend_label=layer)
            self.figure.line("x", "y", source=self.predicted[layer], color=colour, width=1.5, line_dash="dashed")
        legend = self.figure.legend[0]
        legend.location, legend.background_fill_alpha, legend.border_line_color = "bottom_right", 0.6, None
        legend.padding, legend.spacing, legend.label_text_font_size, legend.orientation = 2, 12, _FONT, "horizontal"

    def show(self, run: Solution[Any], where: Located | None, title: str) -> None:
        """A run; the last one stays in grey."""
        t = run.trajectory.t
        for layer, line in self.lines.items():
            distance = run.trajectory.relative_distance[layer]
            seen = (t > 0) & (distance > 0)
            self.before[layer].data = dict(line.data)
            line.data = {"x": t[seen], "y": distance[seen]}
            F = where.predicted.get(layer, math.nan) if where else math.nan
            ends = [float(t[seen].min()), float(t[seen].max())] if seen.any() and math.isfinite(F) else []
            self.predicted[layer].data = {"x": ends, "y": [F] * len(ends)}
        self.figure.title.text = title


class CapacityPicture:
    """The plane of capacity and kappa', coloured by RD of w, and the network on it, now and twice as wide."""

    def __init__(self, words: Catalogue) -> None:
        self.figure = _figure(
            words.translate("where (P, κ') sits"),
            "log₁₀ P",
            "log₁₀ κ′",
            x_range=_AROUND,
            y_range=_AROUND,
            tools="",
        )
        self.figure.grid.visible = False
        self.plane = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []}, name="plane")
        palette = [to_hex(_mixed(i / 20)) for i in range(21)]
        mapper = LinearColorMapper(palette=palette, low=-1.5, high=1.5)
        self.figure.image("image", "x", "y", "dw", "dh", source=self.plane, color_mapper=mapper)
        self.here, self.way = (ColumnDataSource({"x": [], "y": []}) for _ in range(2))
        self.figure.line("x", "y", source=self.way, color="black", line_dash="dotted", width=1.5)
        self.figure.scatter("x", "y", source=self.way, size=5, color="black")
        self.figure.scatter("x", "y", source=self.here, size=13, fill_color="white", line_color="black", line_width=2.5)

    def show(self, where: Located, title: str) -> None:
        """The network."""
        places = np.log10([where.here, where.twice])
        for axis, values in zip((self.figure.x_range, self.figure.y_range), places.T, strict=True):
            low, high = min(values) - _CLEAR, max(values) + _CLEAR
            axis.update(start=min(_AROUND[0], low), end=max(_AROUND[1], high))
        self.here.data = {"x": places[:1, 0], "y": places[:1, 1]}
        self.way.data = {"x": places[:, 0], "y": places[:, 1]}
        self.figure.title.text = title

    def show_plane(self, plane: CapacityPlane) -> None:
        """The ground: white where RD of w is 1, in the colours of the regimes beside."""
        x, y = plane.log_capacity, plane.log_kappa_prime
        steps = x[1] - x[0], y[1] - y[0]
        self.plane.data = {
            "image": [plane.log_distance],
            "x": [x[0] - steps[0] / 2],
            "y": [y[0] - steps[1] / 2],
            "dw": [steps[0] * len(x)],
            "dh": [steps[1] * len(y)],
        }


def _mixed(part: float) -> tuple[float, float, float]:
    """From the colour of linear at 0 over white to that of condensed at 1, pale as areas are."""
    strength = 0.75 * abs(2 * part - 1)
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(_LINEAR if part < 0.5 else _CONDENSED))
    return red, green, blue


def _name(regimes: dict[str, Regime]) -> str:
    """Of a region: its regime, or those of several layers, which are not all of the network."""
    if len(regimes) == 1:
        return f"{next(iter(regimes.values())).value} regime"
    groups: dict[Regime, list[str]] = {}
    for layer, regime in regimes.items():
        groups.setdefault(regime, []).append(layer)
    return "\n".join(f"${', '.join(layers)}$ {kind.value}" for kind, layers in groups.items())


def _wrapped(text: str) -> str:
    first, *rest = text.split(", ")
    lines = [first]
    for part in rest:
        if len(lines[-1]) + len(part) > 20:
            lines.append(part)
        else:
            lines[-1] += f", {part}"
    return "\n".join(lines)
