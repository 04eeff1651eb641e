"""Page 6: the linear approximation, and where it holds."""

from numerics.commands.chapter.page import Content, Desk, Page, verdict_on
from numerics.commands.linearize import LINEARIZED, tangent_table
from numerics.experiments.allowance import allowance_at
from numerics.experiments.judgement import Verdict
from numerics.experiments.plan import Plan
from numerics.experiments.portraits import regime_of_w
from numerics.experiments.tangent_check import linear_approximation
from numerics.figures.tangent import write_linear_approximation
from numerics.reports.chapter import paragraph, table
from numerics.slopes import SlopeFit
from phasetheory import Regime

__all__ = ["PAGE"]

_FALLS = allowance_at(2).critical


def _make(desk: Desk) -> Content:
    plan = Plan(
        points=[(gamma, "0") for gamma in LINEARIZED],  # type: ignore[arg-type]
        widths=desk.choose((500, 1000, 2000, 4000), (1000, 2000, 4000, 8000, 16_000)),
        seeds=desk.choose(3, 4),
    )
    found = linear_approximation(plan, store=desk.store("tangent"), progress=desk.progress)
    write_linear_approximation(found, plan, desk.folder)
    regimes = [regime_of_w(point) for point in plan.points]
    fits = {"|f - f_lin|": found.difference_slope, "the kernel's change": found.kernel_slope}
    kinds = [
        _judge(slope_of(i), linear=regime is Regime.LINEAR)
        for slope_of in fits.values()
        for i, regime in enumerate(regimes)
    ]
    right, wrong = kinds.count(Verdict.AGREES), kinds.count(Verdict.DISAGREES)
    lost = (
        f"; left out of {plan.seeds * len(plan.points) * len(plan.widths)} runs: {len(found.failures)}"
        if found.failures
        else ""
    )
    return Content(
        predicted=(
            paragraph(
                "As long as the weights stay in a small neighbourhood of their start, the network is its own "
                "linearisation:"
            ),
            desk.formula(
                "tangent",
                r"f_\theta(x) \approx f_{\theta(0)}(x) + \nabla_\theta f_{\theta(0)}(x)\cdot(\theta(t)-\theta(0))",
            ),
            paragraph(
                "So the largest difference between a network and the model on the right, trained for the same time, "
                "goes to zero with the width in the linear regime, and only there; and so does the change of the "
                "tangent kernel."
            ),
        ),
        measured=(
            desk.show(
                "linear_approximation",
                "Network and tangent model at the time at which the network has fitted the data.",
            ),
            desk.show(
                "loss_and_kernel", "Loss and tangent kernel over time in the linear regime, and against the width."
            ),
            table(tangent_table(found)),
        ),
        verdict=verdict_on(wrong, undecided=right < len(kinds)),
        because=f"{' and '.join(fits)} fall with the width (whole interval of the slope below -{_FALLS:g}) where the "
        f"regime is linear and only there: {right} of {len(kinds)} slopes, {wrong} contradict{lost}",
        differs=(
            "The slides state the approximation; here the tangent model is trained beside the network, for the same "
            "time, and the largest difference over all times and samples is measured.",
            "The slides ask θ_w to stay in a small neighbourhood; the model is linear in all weights, w and a.",
        ),
    )


def _judge(fit: SlopeFit, *, linear: bool) -> Verdict:
    """Whether a difference falls with the width where it should: undecided if its interval allows both."""
    falls, stays = fit.high < -_FALLS, fit.low > -_FALLS
    if not (falls or stays):
        return Verdict.UNDECIDED
    return Verdict.AGREES if falls == linear else Verdict.DISAGREES


PAGE = Page(
    6,
    "The linear approximation, and where it holds",
    "线性与非线性行为的界定",
    _make,
    ("phasetheory linearize --out linear",),
    60.0,
)
