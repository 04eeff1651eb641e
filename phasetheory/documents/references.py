"""The literature that the documents cite, ``[@luo2021]`` in their prose."""

import re
from dataclasses import dataclass

__all__ = ["REFERENCES", "Reference", "cited", "with_cite", "with_labels"]


@dataclass(frozen=True)
class Reference:
    """A source.

    Attributes
    ----------
    label : str
        What stands in the text where it is cited.
    entry : str
        Authors, title and place.
    """

    label: str
    entry: str


REFERENCES = {
    "luo2021": Reference(
        "Luo et al. 2021",
        "T. Luo, Z.-Q. J. Xu, Z. Ma, Y. Zhang, Phase diagram for two-layer ReLU neural networks at infinite-width limit, "
        "JMLR 22 (2021), arXiv 2007.07497",
    ),
    "zhou2022": Reference(
        "Zhou et al. 2022",
        "H. Zhou et al., Empirical phase diagram for three-layer neural networks with infinite width, NeurIPS 2022, "
        "arXiv 2205.12101",
    ),
    "du2018": Reference(
        "Du et al. 2018",
        "S. Du, W. Hu, J. Lee, Algorithmic regularization in learning deep homogeneous models: layers are automatically "
        "balanced, NeurIPS 2018",
    ),
    "jacot2018": Reference(
        "Jacot et al. 2018",
        "A. Jacot, F. Gabriel, C. Hongler, Neural tangent kernel: convergence and generalization in neural networks, "
        "NeurIPS 2018, arXiv 1806.07572",
    ),
    "mei2018": Reference(
        "Mei et al. 2018",
        "S. Mei, A. Montanari, P.-M. Nguyen, A mean field view of the landscape of two-layer neural networks, PNAS 115 (2018), "
        "arXiv 1804.06561",
    ),
    "yang2021": Reference(
        "Yang, Hu 2021",
        "G. Yang, E. Hu, Feature learning in infinite-width neural networks, ICML 2021, arXiv 2011.14522",
    ),
    "yang2023": Reference(
        "Yang et al. 2023",
        "G. Yang, J. B. Simon, J. Bernstein, A spectral condition for feature learning, arXiv 2310.17813",
    ),
}

_KEYS = "|".join(REFERENCES)
_MARK = re.compile(rf"\[@({_KEYS})\]|@({_KEYS})\b")


def cited(prose: str) -> list[str]:
    """Keys of the references in a prose, in order of their first citation."""
    return list(dict.fromkeys(alone or inside for alone, inside in _MARK.findall(prose)))


def with_labels(words: str) -> str:
    """Marks replaced by labels: ``[@luo2021]`` by ``[Luo et al. 2021]``, and without brackets within a sentence."""
    return _MARK.sub(lambda mark: f"[{REFERENCES[mark[1]].label}]" if mark[1] else REFERENCES[mark[2]].label, words)


def with_cite(words: str) -> str:
    r"""Marks replaced by ``\cite``, which brings its own brackets."""
    return _MARK.sub(lambda mark: rf"\cite{{{mark[1] or mark[2]}}}", words)
