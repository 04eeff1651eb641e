"""The page of one tab: controls above, the diagram on the left, four small pictures on the right; what is asked is a State."""

import asyncio
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import panel as pn
from bokeh.events import Tap

from numerics.errors import InputError
from numerics.explore.code import python_lines
from numerics.explore.map import map_of, regimes_and_basis
from numerics.explore.pictures import (
    CapacityPicture,
    DiagramPicture,
    DistancePicture,
    FeaturePicture,
    FunctionPicture,
    spelled,
)
from numerics.explore.state import DATA, NARROWEST, STANDARD, WIDEST, State
from numerics.explore.training import Frame, capacity_plane, frames, located, train
from numerics.explore.words import mistake, said, words_in
from numerics.flow import Progress
from phasetheory import TheoryError

__all__ = ["Page"]

_PAUSE = 0.04  # seconds between frames
_DECAY = "0.0001"  # of the button: the fit is reached, and the walk after it is seen
_COMPILING = "training … the first time on a machine the program is compiled for it, which takes a minute or two"
_POINTS = "-1,0.7; -0.3,-0.5; 0.4,0.2; 1,-0.6"


class Page:
    """What one tab shows.

    Parameters
    ----------
    query : str
        Of the link that was opened.
    language : str
        Where the link says none.
    ahead : Thread, optional
        What compiles ahead of the clicks.
    """

    def __init__(self, query: str = "", language: str = "en", ahead: threading.Thread | None = None) -> None:
        self.state, self.mistake = State(language=language), ""
        try:
            self.state = (
                State.from_query(query) if "language=" in query else replace(State.from_query(query), language=language)
            )
        except (InputError, TheoryError) as error:
            self.mistake = str(error)
        self.ahead, self.stopping = ahead, threading.Event()
        self.task: asyncio.Task[None] | None = None
        self.setting = False  # whether the widgets follow the state, and not the state the widgets
        self.message = pn.pane.HTML("", height=36, margin=(0, 10), sizing_mode="stretch_width")
        self.code = pn.widgets.CodeEditor(language="python", readonly=True, sizing_mode="stretch_both", visible=False)
        self.top = pn.Column(sizing_mode="stretch_width")
        self.left, self.right = (
            pn.Column(width=520, sizing_mode="stretch_height"),
            pn.Column(sizing_mode="stretch_both"),
        )
        self.whole = pn.Column(
            self.top,
            self.message,
            pn.Row(
                self.left, self.right, self.code, sizing_mode="stretch_both", styles={"height": "calc(100vh - 136px)"}
            ),
            sizing_mode="stretch_both",
        )
        self._lay_out()

    def view(self) -> Any:
        """The page, for a server; the first network is trained when it has been loaded."""
        self.document: Any = pn.state.curdoc
        pn.state.onload(self._loaded)
        pn.state.on_session_destroyed(lambda _: self.stop())
        return self.whole

    def stop(self) -> None:
        """End what trains, where it is."""
        self.stopping.set()

    def ask(self, **changes: Any) -> None:
        """Show another state; what is refused is said on the page, and all stays as it was."""
        try:
            wanted = self.state.changed(**changes)
            if wanted.diagram != self.state.diagram and not {"x", "y"} & set(changes):
                wanted = _inside(wanted)
        except (InputError, TheoryError) as error:
            self._wrong(str(error))
            return
        before, self.state = self.state, wanted
        if wanted.diagram != before.diagram or wanted.language != before.language:
            self._lay_out()
        self._follow()
        self._begin()

    def _loaded(self) -> None:
        if self.mistake:
            self._wrong(self.mistake)
        self._begin(quiet=bool(self.mistake))

    def _lay_out(self) -> None:
        """Everything anew, in the language and for the diagram of the state."""
        words = words_in(self.state.language)
        self._controls(words.translate)
        self.diagram = DiagramPicture(map_of(self.state.diagram), words)
        self.function, self.features, self.capacity = (
            FunctionPicture(words),
            FeaturePicture(words),
            CapacityPicture(words),
        )
        time = "steps" if self.state.optimizer == "adam" else "time"
        self.distances = DistancePicture(words, self.state.diagram.layers, time)
        self.diagram.figure.on_event(Tap, self._tapped)
        self.function.data.on_change("data", self._drawn)
        pictures: list[Any] = [self.function, self.features, self.distances, self.capacity]
        self.panes = [pn.pane.Bokeh(picture.figure, sizing_mode="stretch_both", margin=3) for picture in pictures]
        self.left[:] = [pn.pane.Bokeh(self.diagram.figure, sizing_mode="stretch_both", margin=3)]
        self.right[:] = [
            pn.Row(*self.panes[:2], sizing_mode="stretch_both"),
            pn.Row(*self.panes[2:], sizing_mode="stretch_both"),
        ]
        self._follow()

    def _controls(self, say: Callable[[str], str]) -> None:
        names = map_of(self.state.diagram).diagram.names
        narrow = {"width": 60, "margin": (2, 5)}
        choices = {say("2 layers"): "2", say("3 layers"): "3", say("slice"): "slice"}
        self.plane = pn.widgets.Select(name=say("plane"), width=90, margin=(2, 5), options=choices)
        self.slice = pn.widgets.TextInput(name=say("slice"), width=165, margin=(2, 5))
        choices = {say("gradient flow"): "gradient-flow", say("Adam"): "adam"}
        self.optimizer = pn.widgets.Select(name=say("optimiser"), width=132, margin=(2, 5), options=choices)
        self.x = pn.widgets.TextInput(name=spelled(names[0]), **narrow)
        self.y = pn.widgets.TextInput(name=spelled(names[1]), **narrow)
        widths = [*(round(NARROWEST * 10 ** (i / 10) / 2) * 2 for i in range(30)), WIDEST]
        self.width = pn.widgets.DiscreteSlider(name=say("width"), options=widths, width=150, margin=(2, 5))
        self.decay = pn.widgets.TextInput(name=say("decay μ = λα"), width=100, margin=(2, 5))
        self.seed = pn.widgets.TextInput(name=say("seed"), **narrow)
        choices = dict(zip(map(say, ("four points", "curve")), DATA, strict=True)) | {say("points"): "points"}
        self.data = pn.widgets.Select(name=say("data"), width=118, margin=(2, 5), options=choices)
        self.points = pn.widgets.TextInput(
            name=say("points: click below to add, drag to move"), width=245, margin=(2, 5)
        )
        self.language = pn.widgets.RadioButtonGroup(options={"English": "en", "中文": "zh"}, width=130, margin=(2, 5))
        self.adam, self.decayed, self.wider, self.link, self.lines = (
            pn.widgets.Button(margin=(4, 4), button_type="light", height=30) for _ in range(5)
        )
        self.link.name, self.lines.name, self.wider.name = say("copy link"), say("Python"), say("width × 2")
        self.link.js_on_click(code="navigator.clipboard.writeText(window.location.href)")
        self.adam.on_click(lambda _: self.ask(optimizer="gradient-flow" if self.state.optimizer == "adam" else "adam"))
        self.decayed.on_click(lambda _: self.ask(decay="0" if self.state.mu else _DECAY))
        self.wider.on_click(lambda _: self.ask(width=2 * self.state.width))
        self.lines.on_click(lambda _: self._toggle_lines())
        for name in ("optimizer", "x", "y", "decay", "seed", "language"):
            getattr(self, name).param.watch(lambda event, name=name: self._changed(name, event.new), "value")
        self.plane.param.watch(
            lambda event: self._changed("plane", _SLICE if event.new == "slice" else event.new), "value"
        )
        self.slice.param.watch(lambda event: self._changed("plane", event.new), "value")
        self.width.param.watch(lambda event: self._changed("width", event.new), "value_throttled")
        self.data.param.watch(
            lambda event: self._changed("data", _POINTS if event.new == "points" else event.new), "value"
        )
        self.points.param.watch(lambda event: self._changed("data", event.new), "value")
        title = pn.pane.HTML(
            f"<b style='font-size:16px;white-space:nowrap'>{say('Phase diagram of neural networks')}</b>",
            margin=(6, 10),
            width=310,
        )
        what_if = pn.pane.HTML(f"<span style='color:#666'>{say('what if')}</span>", margin=(9, 4))
        buttons = (what_if, self.adam, self.decayed, self.wider, pn.HSpacer(), self.lines, self.link, self.language)
        fields = [
            self.plane,
            self.slice,
            self.optimizer,
            self.x,
            self.y,
            self.width,
            self.decay,
            self.seed,
            self.data,
            self.points,
        ]
        self.top[:] = [
            pn.Row(title, *buttons, sizing_mode="stretch_width"),
            pn.FlexBox(*fields, sizing_mode="stretch_width"),
        ]

    def _changed(self, name: str, value: Any) -> None:
        if not self.setting:
            self.ask(**{name: value})

    def _follow(self) -> None:
        """Widgets, link and lines as the state has them."""
        state, say = self.state, words_in(self.state.language).translate
        self.setting = True
        try:
            sliced = state.plane not in STANDARD
            self.plane.value, self.slice.visible = "slice" if sliced else state.plane, sliced
            self.slice.value = state.plane if sliced else ""
            self.width.options = sorted({*self.width.options, state.width})
            named = state.data in DATA
            self.data.value, self.points.visible = state.data if named else "points", not named
            self.points.value = "" if named else state.data
            for name in ("optimizer", "x", "y", "width", "decay", "language"):
                getattr(self, name).value = getattr(state, name)
            self.seed.value = str(state.seed)
        finally:
            self.setting = False
        self.adam.name = say("gradient flow again" if state.optimizer == "adam" else "Adam")
        self.decayed.name = say("no decay" if state.mu else "weight decay")
        self.decayed.disabled = state.depth > 2
        self.code.value = python_lines(state)
        self.diagram.show(state)
        if pn.state.location is not None:
            pn.state.location.search = f"?{state.to_query()}" if state.to_query() else ""

    def _toggle_lines(self) -> None:
        self.code.visible, self.right.visible = not self.code.visible, not self.right.visible

    def _tapped(self, event: Any) -> None:
        x, y = (f"{round(value * 20) / 20 + 0.0:g}" for value in (event.x, event.y))  # to a twentieth
        self.ask(x=x, y=y)

    def _drawn(self, _: str, __: Any, new: dict[str, Any]) -> None:
        X, y = self.state.samples
        if list(new["x"]) != X[:, 0].tolist() or list(new["y"]) != y.tolist():
            try:
                wanted = self.state.with_points(new["x"], new["y"])
            except (InputError, TheoryError) as error:
                self._wrong(str(error))
                return
            self.ask(data=wanted.data)

    def _begin(self, *, quiet: bool = False) -> None:
        """Train; whatever trained before ends where it is."""
        self.stopping.set()
        self.stopping = threading.Event()
        if not quiet:
            compiling = self.ahead is not None and self.ahead.is_alive()
            self._say(words_in(self.state.language).translate(_COMPILING if compiling else "training …"))
        self.task = asyncio.get_running_loop().create_task(self._shown(self.state, self.stopping, quiet=quiet))

    async def _shown(self, state: State, stopping: threading.Event, *, quiet: bool) -> None:
        """Train in a thread, then show the run as it went."""
        words = words_in(state.language)
        say = words.translate
        try:
            run, where = await asyncio.to_thread(_work, state, stopping)
            title = "RD(t)" if where is None or not where.predicted else f"RD(t), {say('dashed: predicted F')}"
            self._soon(stopping, self.function.start, state)
            self._soon(stopping, self.distances.show, run, where, title)
            self._soon(stopping, self._locate, say, where)
            if not quiet:
                self._soon(stopping, self._say, self._ending(state, run))
            made = frames(state, run, _stop(stopping))
            first = True
            while not stopping.is_set() and (frame := await asyncio.to_thread(next, made, None)) is not None:
                self._soon(stopping, self._show, state, frame, say("function"), first)
                first = False
                await asyncio.sleep(_PAUSE)
            if where is not None and not stopping.is_set():
                plane = await asyncio.to_thread(capacity_plane, state.data, stopping.is_set)
                if plane is not None:
                    self._soon(stopping, self.capacity.show_plane, plane)
        except (InputError, TheoryError) as error:
            self._soon(stopping, self._wrong, str(error))
        except Exception as error:
            mistake = f"{type(error).__name__}: {error}; this is our mistake, please report it with the link"
            self._soon(stopping, self._wrong, mistake)

    def _soon(self, stopping: threading.Event, change: Callable[..., None], *given: Any) -> None:
        """Change the page when nothing else does, unless another run was asked for by then."""
        self.document.add_next_tick_callback(lambda: None if stopping.is_set() else change(*given))

    def _show(self, state: State, frame: Frame, name: str, first: bool) -> None:
        time = f"{frame.t:.0f}" if state.optimizer == "adam" else f"{frame.t:.2g}"
        self.function.show(state, frame, f"{name}, t = {time}, R = {frame.loss:.1e}")
        self.features.show(frame, first=first)

    def _locate(self, say: Callable[[str], str], where: Any) -> None:
        self.panes[-1].visible = where is not None
        if where is not None:
            P, ratio = where.here
            ground = say("colour: RD of w" if where.predicted else "colour: RD, gradient flow")
            self.capacity.show(where, f"P = {P:.3g}, κ′ = {ratio:.3g}; {ground}")

    def _ending(self, state: State, run: Any) -> str:
        """Regimes with their basis, slopes, what moved how far, and how the run ended."""
        words = words_in(state.language)
        slopes = ", ".join(f"S_{layer} = {s}" for layer, s in state.network.slopes(optimizer=state.optimizer).items())
        moved = ", ".join(f"RD_{layer} = {value:.3g}" for layer, value in run.relative_distance.items())
        ended = words.translate(run.status.value.split(";")[0])
        known = said(words, regimes_and_basis(state.diagram, state.point))
        return f"<b>{known}</b> · {slopes} · m = {state.width}: {moved} · {ended}, R = {run.loss:.1e}"

    def _say(self, text: str) -> None:
        self.message.object = (
            f"<div class='explore-result' style='color:#333;font-size:13px;line-height:17px'>{text}</div>"
        )

    def _wrong(self, text: str) -> None:
        text = mistake(words_in(self.state.language), text)
        line = (
            f"<div class='explore-mistake' style='color:#b00020;font-size:13px;line-height:17px'>⚠ {escape(text)}</div>"
        )
        self.message.object = line


_SLICE = "x,y: m^-y, m^-x, 1; 1"


def _work(state: State, stopping: threading.Event) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that decay takes all: the run shows it
        return train(state, _stop(stopping)), located(state)


def _stop(stopping: threading.Event) -> Callable[[Progress], bool]:
    return lambda _: stopping.is_set()


def _inside(state: State) -> State:
    """The same with a point within the window of its diagram."""
    left, right, bottom, top = map_of(state.diagram).window
    x, y = (float(value) for value in state.point)
    if left <= x <= right and bottom <= y <= top:
        return state
    return replace(state, x=f"{(left + right) / 2:g}", y=f"{(bottom + top) / 2:g}")
