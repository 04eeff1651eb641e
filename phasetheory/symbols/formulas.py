r"""Formulas: written once, as one line of a terminal shows them, and read into TeX or HTML.

A formula is Unicode text such as ``W̄_l = W_l/σ_l``, ``√max(s_l², Δ) ~ m^(1/2)`` or ``S_W1 ≤ -1/2``:

* an index after ``_``, a power after ``^``, in brackets where they are longer than a letter or a number: ``W_(l+1)``;
* digits after a letter are its index, ``W1``; ``√`` takes what follows it, ``√m``, ``√(s² + Δ)``, ``√max(..)``;
* a quotient is written without spaces, ``(1/n)``, ``(log κ)/(log m)``, ``dW_l/dt``; displayed, it becomes a fraction;
* ``log``, ``min``, ``sup`` .. are functions, words of two letters and more are text, two spaces are a wide one.

Reading gives a tree of :class:`Node`, and each form is one function of a tree.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

__all__ = ["formula_html", "formula_tex", "with_words"]


def formula_tex(formula: str, *, display: bool = False) -> str:
    r"""A formula in TeX, without delimiters; quotients become fractions in a displayed one.

    Examples
    --------
    >>> print(formula_tex("δ = min_l s_l/P,   √η_l → W_(l+1)"))
    \delta = \min_l s_l/P, \quad \sqrt{\eta_l} \to W_{l+1}
    >>> print(formula_tex("κ' (1/n) Σ_i e_i ∂(κ F_i)/∂W̄_l", display=True))
    \kappa' \frac{1}{n} \sum_i e_i \frac{\partial(\kappa F_i)}{\partial\bar{W}_l}
    """
    return _tex(_read(formula), display)


def formula_html(formula: str) -> str:
    """A formula in HTML: letters in italics, raised powers and lowered indices, real minus signs.

    Examples
    --------
    >>> print(formula_html("S_W1 ≤ -1/2"))
    <i>S</i><sub><i>W</i><sub>1</sub></sub> ≤ −1/2
    """
    return _html(_read(formula))


def with_words(formula: str, change: Callable[[str], str]) -> str:
    """A formula whose text is another.

    Examples
    --------
    >>> with_words("S_w = x for every neuron k", str.upper)
    'S_w = x FOR EVERY NEURON k'
    """
    return _TOKEN.sub(lambda token: change(token.group()) if token.lastgroup == "text" else token.group(), formula)


@dataclass(frozen=True)
class Node:
    """A part of a formula.

    Attributes
    ----------
    kind : str
        row, space, text, symbol, word, call, group, fixed (a group), bars, quotient, root, index, power or bar.
    text : str
        Its characters, where it has no parts, and the name of a call.
    parts : tuple of Node
    """

    kind: str
    text: str = ""
    parts: tuple["Node", ...] = ()


# Reading

_FUNCTIONS = ("log", "max", "min", "lim", "sup", "exp")
_DIFFERENTIAL = "d(?=[A-Za-z](?![A-Za-z]))"  # dt is d and t
_WORD = rf"(?!(?:{'|'.join(_FUNCTIONS)}|RD)(?![A-Za-z])|{_DIFFERENTIAL})[A-Za-z]{{2,}}(?![A-Za-z(_\d])"
_TEXT = rf" ?{_WORD}(?: {_WORD})* ?"
_DIGITS = "₀₁₂₃₄₅₆₇₈₉"
_TOKEN = re.compile(
    rf"(?P<text>{_TEXT})|\s+|\d+(?:\.\d+)?|{_DIFFERENTIAL}|[A-Za-z]{{2,}}|[{_DIGITS}]+|\.\.\.|···|.\u0304?"
)
_OPERATORS = (
    "+",
    "-",
    "=",
    "<",
    ">",
    "≤",
    "≥",
    "~",
    "≈",
    "∈",
    "→",
    ",",
    ";",
    ":",
    ".",
    "...",
    "·",
    "···",
    "∘",
    "/",
    ")",
)


def _read(formula: str) -> Node:
    return _Reader(unicodedata.normalize("NFD", formula)).row("")


class _Reader:
    """Takes tokens from left to right; what is not closed is closed by the end."""

    def __init__(self, formula: str) -> None:
        found = list(_TOKEN.finditer(formula))
        self.tokens = [*(match.group() for match in found), ""]
        self.is_text = [*(match.lastgroup == "text" for match in found), False]

    @property
    def next(self) -> str:
        return self.tokens[0]

    def take(self) -> str:
        if not self.next:
            return ""
        self.is_text.pop(0)
        return self.tokens.pop(0)

    def row(self, end: str) -> Node:
        """Everything up to the token ``end``, which is taken too."""
        parts = []
        while self.next not in ("", end):
            parts.append(self.term(end))
        if self.next:
            self.take()
        return Node("row", parts=tuple(parts))

    def term(self, end: str) -> Node:
        if self.next.isspace():
            return Node("space", self.take())
        if self.is_text[0]:
            return Node("text", self.take())
        if self.next in _OPERATORS:
            return Node("symbol", self.take())
        found = self.factor(end)
        while self.next == "/" and not self.ends(1, end):
            self.take()
            found = Node("quotient", parts=(found, self.factor(end)))
        return found

    def ends(self, ahead: int, end: str) -> bool:
        """Whether a factor ends before the token that comes after so many others."""
        token = self.tokens[ahead]
        return token in ("", end, *_OPERATORS) or token.isspace() or self.is_text[ahead]

    def factor(self, end: str) -> Node:
        """What stands together without a space or an operator."""
        units = [self.unit()]
        while not self.ends(0, end):
            units.append(self.unit())
        return units[0] if len(units) == 1 else Node("row", parts=tuple(map(_fixed, units)))

    def unit(self) -> Node:
        """One thing with its indices, powers and primes."""
        parts = [self.bare()]
        while self.next and (self.next in "_^'²ᵀ" or self.next[0] in _DIGITS):
            parts.append(self.script(self.take()))
        return parts[0] if len(parts) == 1 else Node("row", parts=tuple(map(_fixed, parts)))

    def script(self, token: str) -> Node:
        match token:
            case "_":
                return Node("index", parts=(self.operand(),))
            case "^":
                return Node("power", parts=(self.operand(),))
            case "²" | "ᵀ":
                return Node("power", parts=(Node("symbol", "2") if token == "²" else Node("word", "T"),))
            case "'":
                return Node("symbol", token)
        number = "".join(str(_DIGITS.index(digit)) for digit in token)
        return Node("index", parts=(Node("symbol", number),))

    def bare(self) -> Node:
        """The same without them; digits after a letter are its index."""
        token = self.take()
        match token:
            case "(":
                return Node("group", parts=(self.row(")"),))
            case "|":
                return Node("bars", parts=(self.row("|"),))
            case "√":
                return Node("root", parts=(self.operand() if self.next == "(" else self.unit(),))
        if token.endswith("\u0304"):
            return Node("bar", token[:-1])
        if len(token) > 1 and token.isalpha() and self.next == "(":
            self.take()
            return Node("call", token, (self.row(")"),))
        name = Node("word" if len(token) > 1 and token.isalpha() else "symbol", token)
        if token.isalpha() and token.isascii() and self.next.isdecimal():
            return Node("row", parts=(name, Node("index", parts=(Node("symbol", self.take()),))))
        return name

    def operand(self) -> Node:
        """Of an index, a power or a root: in brackets, which fall away, or one letter or number with its sign."""
        if self.next == "(":
            self.take()
            return self.row(")")
        sign = [Node("symbol", self.take())] if self.next == "-" else []
        return Node("row", parts=(*sign, self.bare()))


def _fixed(node: Node) -> Node:
    """A group that keeps its brackets, since something belongs to it: its power, or the function that it is the argument of."""
    return Node("fixed", parts=node.parts) if node.kind == "group" else node


# Writing

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "Δ": "Delta", "Λ": "Lambda",
}  # fmt: skip
_SIGNS = {
    "Σ": "sum", "Π": "prod", "∂": "partial", "∇": "nabla", "∞": "infty", "≤": "leq", "≥": "geq", "~": "sim", "≈": "approx",
    "→": "to", "·": "cdot", "∘": "circ", "∈": "in", "ℓ": "ell", "...": "dots", "···": "cdots",
}  # fmt: skip
_COMMANDS = {**_GREEK, **_SIGNS, **{name: name for name in _FUNCTIONS}}


def _tex(node: Node, display: bool) -> str:
    display = display and node.kind not in ("index", "power")
    inner = [_tex(part, display) for part in node.parts]
    match node.kind:
        case "row":
            return "".join(map(_apart, inner, [*inner[1:], ""]))
        case "space":
            return r" \quad " if len(node.text) > 1 else " "
        case "text":
            return rf"\text{{{node.text}}}"
        case "call":
            name = rf"\{node.text}" if node.text in _FUNCTIONS else rf"\operatorname{{{node.text}}}"
            return f"{name}{_fenced('(', inner[0], ')')}"
        case "group" if display and [part.kind for part in node.parts[0].parts] == ["quotient"]:
            return inner[0]
        case "group" | "fixed":
            return _fenced("(", inner[0], ")")
        case "bars":
            return _fenced("|", inner[0], "|")
        case "quotient":
            if not display:
                return "/".join(inner)
            above, below = (_tex(part.parts[0] if part.kind == "group" else part, display) for part in node.parts)
            return rf"\frac{{{above}}}{{{below}}}"
        case "root" | "bar":
            return rf"\sqrt{{{inner[0]}}}" if inner else rf"\bar{{{node.text}}}"
        case "index":
            return f"_{_braced(inner[0])}"
        case "power":
            return f"^{_braced(inner[0])}"
        case "word" if node.text not in _COMMANDS:
            return rf"\mathrm{{{node.text}}}"
    return rf"\{_COMMANDS[node.text]}" if node.text in _COMMANDS else node.text


def _apart(left: str, right: str) -> str:
    r"""The left of two neighbours, with the space that \sigma needs before a letter."""
    return f"{left} " if re.search(r"\\[A-Za-z]+$", left) and right[:1].isalpha() else left


def _fenced(left: str, inside: str, right: str) -> str:
    """In brackets, tall ones around what is tall."""
    tall = r"\frac" in inside
    return rf"\left{left} {inside} \right{right}" if tall else f"{left}{inside}{right}"


def _braced(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def _html(node: Node) -> str:
    inner = [_html(part) for part in node.parts]
    match node.kind:
        case "row":
            return "".join(inner)
        case "space":
            return "&emsp;" if len(node.text) > 1 else " "
        case "call":
            return f"{node.text}({inner[0]})"
        case "group" | "fixed":
            return f"({inner[0]})"
        case "bars":
            return f"|{inner[0]}|"
        case "quotient":
            return "/".join(inner)
        case "root":
            return f"√({inner[0]})" if node.parts[0].kind == "row" and " " in inner[0] else f"√{inner[0]}"
        case "index":
            return f"<sub>{inner[0]}</sub>"
        case "power":
            return f"<sup>{inner[0]}</sup>"
        case "bar":
            return f"<i>{node.text}\u0304</i>"
    if node.kind == "symbol" and node.text.isalpha() and node.text not in _SIGNS:
        return f"<i>{node.text}</i>"
    return escape(node.text.replace("-", "−").replace("'", "′"), quote=False)
