"""The derivation as a document: what is assumed, every substitution, what is proved and what is argued."""

from phasetheory.diagrams.diagram import PhaseDiagram
from phasetheory.documents.derivation import Derivation
from phasetheory.documents.document import Section, render, render_part
from phasetheory.documents.dynamics import activation_words, checks_section, dynamics_sections
from phasetheory.documents.graphs import GraphDerivation, graph_sections, graph_title
from phasetheory.documents.scaling import (
    boundaries_section,
    network_section,
    regions_section,
    scaling_sections,
    statements_section,
)
from phasetheory.errors import TheoryError, shown
from phasetheory.networks.graph import Graph
from phasetheory.networks.network import Network
from phasetheory.scaling.optimizers import GRADIENT_FLOW
from phasetheory.symbols.language import ENGLISH
from phasetheory.symbols.prose import literal

__all__ = ["for_notebook", "write"]


def write(derivation: Derivation | GraphDerivation, form: str = "text", language: str = ENGLISH) -> str:
    """A derivation as a document.

    Parameters
    ----------
    derivation : Derivation or GraphDerivation
        See :func:`phasetheory.derive`.
    form : str
        ``'text'`` for a terminal, ``'markdown'`` with TeX formulas, or ``'latex'``, a complete document.
    language : str
        ``'en'`` or ``'zh'``, Chinese, whose LaTeX is one for XeLaTeX or LuaLaTeX, with the ctex classes. Formulas, and the
        literature, are the same.

    Examples
    --------
    >>> from phasetheory.documents.derivation import derive
    >>> print(write(derive(), "markdown").splitlines()[0])
    # The phase diagram of a 2-layer relu network, derived
    >>> print(write(derive(), "markdown", language="zh").splitlines()[0])
    # 2 层 relu 网络的相图及其推导
    """
    if isinstance(derivation, GraphDerivation):
        return render(graph_sections(derivation), form, graph_title(derivation), language)
    if not isinstance(derivation, Derivation):
        raise TheoryError(f"derivation = {shown(derivation)}; give what phasetheory.derive() returns")
    return render(_sections(derivation), form, _title(derivation), language)


def for_notebook(shown_object: Derivation | Network | Graph | PhaseDiagram, form: str) -> str:
    """What a notebook shows of an object, as ``'html'`` that needs no script, or as the ``'latex'`` of an exported paper."""
    match shown_object:
        case Derivation():
            sections = _sections(shown_object)
        case Network():
            sections = [network_section(shown_object), statements_section(shown_object)]
        case Graph():
            sections = [statements_section(shown_object)]
        case PhaseDiagram():
            sections = [boundaries_section(shown_object), regions_section(shown_object)]
    return render_part(sections, form)


def _sections(derivation: Derivation) -> list[Section]:
    return [*dynamics_sections(derivation), *scaling_sections(derivation), checks_section(derivation)]


def _title(derivation: Derivation) -> str:
    network = derivation.network
    name = f": {literal(network.name)}" if network is not None and network.name else ""
    activation = activation_words(derivation.activation)
    under = "" if derivation.optimizer == GRADIENT_FLOW else f" under {derivation.optimizer.title}"
    decayed = "" if derivation.decayed is None else " with weight decay"
    decayed += "" if derivation.dropout is None else " with dropout"
    return f"The phase diagram of a {derivation.depth}-layer {activation} network{under}{decayed}, derived{name}"
