"""The gradient flow of a deep network on its data: states, and the right-hand side with a count of evaluations.

Of k outputs, R = (1/2n) sum_i |f_i - y_i|^2 is that of n k samples of one output, (1/2nk) sum e^2, with e = sqrt(k) (f - y): so
everything here has n k numbers, and f and y the unit 1/sqrt(k).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from scipy.linalg import eigh

from numerics.flow.decay import NONE, Decay
from numerics.flow.deep.balance import Balance, Sizes
from numerics.flow.deep.change import Store
from numerics.flow.deep.stage import Stage
from numerics.flow.runge_kutta import LayerError
from numerics.kernels.chain import Plan, differentiate, gram, growth, plan_of
from numerics.kernels.layers import FEW, combine
from numerics.kernels.stages import dot
from numerics.networks.deep import DeepNetwork
from numerics.networks.jacobian import Jacobian, Moved, Signals, split
from numerics.networks.norms import spectral_norm

__all__ = ["DeepFlow", "DeepPoint"]

_RANGE = 1e15  # of signals whose squares are to stay within single precision, 1e-38 to 3e38


class DeepPoint:
    """A state with its residual; the matrices, and the weights in them, are views into one flat array.

    ``biased``: which matrices end with a bias; ``samples``: numbers in the residual; ``store``: where the weights are, if they
    are to be shared.
    """

    def __init__(
        self,
        shapes: list[tuple[int, ...]],
        samples: int,
        biased: tuple[bool, ...],
        store: Store | None = None,
        stage: Stage | None = None,
    ) -> None:
        ends = list(accumulate((int(np.prod(shape)) for shape in shapes), initial=0))
        self.shapes, self.edges, self.biased = shapes, list(pairwise(ends)), biased
        self.store, self.stage = store or Store(ends[-1]), stage
        self.residual = np.zeros(samples)
        self.signals: Signals | None = None  # of the forward pass that found the residual
        self.jacobian: Jacobian | None = None
        self.sizes: Sizes | None = None  # of the matrices, once they are known
        self.removed: list[np.ndarray] = []  # what the step that ended here took off the balances
        self.kernel: np.ndarray | None = None  # tangent kernel J J^T/n
        self.gradient_squared: float | None = None  # |grad R + Lambda W|^2
        self.loss_rate = 0.0  # -dR/dt
        self.radius = 0.0  # bound on the Jacobian's spectral radius, for the methods that use it
        self.moved: tuple[float, ...] = (0.0,) * (len(shapes) + sum(biased))  # |W - W(0)| of every layer
        # under weight decay: the time here, |W|^2 of every layer, their penalty, and a size of the kernel in the step before
        self.t, self.penalty = 0.0, 0.0
        self.squares: list[float] = []
        self.before: tuple[float, float] = (0.0, 0.0)
        self.settled, self.velocity_known = False, False

    @property
    def y(self) -> np.ndarray:
        """All weights, flat."""
        return self.store.of(self)

    @property
    def matrices(self) -> tuple[np.ndarray, ...]:
        """Those of the layers, views of ``y``."""
        return self.views(self.y)

    @property
    def weights(self) -> tuple[np.ndarray, ...]:
        """W_1, b_1, W_2, ..., as far as there are biases, views too."""
        return split(self.matrices, self.biased)

    @cached_property
    def velocity(self) -> np.ndarray:
        """Like the state; zeros at first."""
        return np.zeros_like(self.y)

    def views(self, flat: np.ndarray) -> tuple[np.ndarray, ...]:
        """The matrices of a flat array laid out like the state."""
        return tuple(
            flat[first:last].reshape(shape) for (first, last), shape in zip(self.edges, self.shapes, strict=True)
        )

    def take_over(self, point: "DeepPoint", take_back: Callable[[], None]) -> tuple[np.ndarray, ...]:
        """Become what is made of a point's weights, in its store if it is shared, and else in a copy; the matrices."""
        if self.store is point.store:
            self.store.hand_over(self, take_back)
        else:
            self.load(point.matrices)
        return self.matrices

    def load(self, matrices: tuple[np.ndarray, ...]) -> None:
        """Take the matrices of a network."""
        for view, w in zip(self.matrices, matrices, strict=True):
            view[:] = w

    @property
    def loss(self) -> float:
        """R = (1/2n) sum_i e_i^2, over samples and outputs."""
        return float(self.residual @ self.residual) / (2 * self.residual.size)


class DeepFlow:
    """The gradient flow of one network on one data set.

    ``single``: passes at moved weights, and what a step adds to weights, are in single precision where they are compiled, which
    moves half the bytes and does twice the arithmetic at a time; not of networks so large or small that its range may not do.
    Weights and the residual they leave are in double precision.
    """

    def __init__(
        self, network: DeepNetwork, X: np.ndarray, y: np.ndarray, decay: Decay = NONE, *, single: bool = False
    ) -> None:
        self.decay = decay
        self.unit = float(np.sqrt(network.outputs))
        self.chain = replace(network.chain, kappa=self.unit * network.kappa)
        self.start, self.X, matrices = network.weights, X, network.matrices
        self.shapes = [w.shape for w in matrices]
        # the output of the weights at which the residual vanishes
        self.zero = self.unit * (y + network.offset(X)).ravel()
        self.strengths = np.array([max(spectral_norm(v, tolerance=0.1) for v in w) for w in matrices])
        self.evaluations = 0
        self.kernel_evaluations = 0
        balanced = network.activation.homogeneous and (not decay or decay.equal)
        self.start_matrices = matrices
        self.start_sizes = Sizes.of(matrices, matrices, self.chain.biased)
        self.balance = Balance(matrices, self.chain.biased, self.start_sizes) if balanced else None
        self._lengths, self._gains = np.linalg.norm(X, axis=1), np.array(self.chain.gains)
        self._constants = np.array([np.nan if unit is None else unit for unit in self.chain.constants])
        self._no_weights = np.empty((0, 0))
        self.single = single and self._in_range()
        # of passes in one call
        self.plan: Plan | None = None
        if network.activation.homogeneous and len(self.zero) <= FEW:
            self.plan = self.new_plan(np.float64)

    def _in_range(self) -> bool:
        """Whether signals, but for the output scale, and what they grow to are far from the ends of single range."""
        strengths = np.where(self.strengths > 0, self.strengths, 1.0)
        below, above = np.cumprod(strengths) * np.max(self._lengths), np.cumprod(strengths[::-1])
        reach = float(np.max(np.abs(self.zero))) or 1.0
        sizes = np.array([*below, *above, 1 / self.chain.kappa, reach / self.chain.kappa])
        return bool(np.all((sizes > 1 / _RANGE) & (sizes < _RANGE)))

    def new_point(self, store: Store | None = None) -> DeepPoint:
        """Room for a state, in a store of its own or beside others."""
        stage = self.new_stage(self.plan) if self.plan else None
        return DeepPoint(self.shapes, len(self.zero), self.chain.biased, store, stage)

    def new_plan(self, dtype: type) -> Plan:
        """Of passes in one call, in single or double precision."""
        chain, slope = self.chain, self.chain.activation.negative_slope
        return plan_of(self.shapes, list(chain.constants), chain.kappa, slope, self.X, dtype)

    def new_stage(self, plan: Plan) -> Stage:
        """Room for such a pass."""
        return Stage(plan, self.shapes, self.chain.biased)

    def update_residual(self, point: DeepPoint) -> None:
        """Residual of a point from its weights, and its Jacobian."""
        stage = point.stage
        if stage is None:
            self.arrive_at(point, *self.chain.differentiate(point.matrices, self.X))
            return
        nothing = stage.reads, stage.back, self._no_weights
        differentiate(point.y, self.plan, 0, nothing, nothing, stage.reads, stage.back, stage.pre, stage.output)
        self.arrive_at(point, stage.signals, stage.jacobian)

    def arrive_at(self, point: DeepPoint, signals: Signals, jacobian: Jacobian) -> None:
        """Take the forward and backward pass of a point from elsewhere."""
        point.signals, point.jacobian = signals, jacobian
        point.sizes, point.kernel, point.gradient_squared = None, None, None
        point.settled, point.velocity_known = False, False
        np.subtract(signals.output, self.zero, out=point.residual)
        self.evaluations += 1

    def settle(self, point: DeepPoint) -> None:
        """End a step at a point with its signals: back on the balance law, once, and the distances from the start."""
        if point.settled:
            return
        point.settled = True
        sizes = self.sizes(point)
        if self.balance is not None:
            assert point.signals is not None, "find the residual first"
            point.removed = self.balance.off(sizes, self.left(point.t))
            passes = point.signals, self.differentiate(point)
            sizes = self.balance.restore(point.matrices, *passes, sizes, self.left(point.t))
        self.note_sizes(point, sizes)

    def sizes(self, point: DeepPoint) -> Sizes:
        """Those of the matrices of a point."""
        if point.sizes is None:
            point.sizes = Sizes.of(point.matrices, self.start_matrices, self.chain.biased)
        return point.sizes

    def note_sizes(self, point: DeepPoint, sizes: Sizes) -> None:
        """Take the sizes of the matrices of a point: distances from the start, and under decay the penalty."""
        point.sizes, point.moved = sizes, sizes.moved(self.chain.biased)
        if self.decay:
            self._weigh(point)

    def corrections(self, point: DeepPoint) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Factors of the rows and columns of every matrix that put a step from here back on the balance law of the point."""
        sizes, left = self.sizes(point), self.left(point.t)
        if self.balance is None:
            return [np.ones_like(part) for part in sizes.rows], [np.ones((len(w), w.shape[2])) for w in point.matrices]
        return self.balance.factors(sizes, left)

    def left(self, t: float) -> float:
        """What decay leaves of a balance after a time."""
        return float(np.exp(-2 * self.decay.common * t)) if self.decay else 1.0

    def differentiate(self, point: DeepPoint) -> Jacobian:
        """Jacobian of a point with its residual."""
        assert point.jacobian is not None, "find the residual first"
        return point.jacobian

    def find_kernel(self, point: DeepPoint) -> None:
        """Tangent kernel and gradient of a point with its residual."""
        if point.kernel is not None:
            return
        self.note_kernel(
            point, self.kernel_of(point.stage) if point.stage is not None else self.kernel(self.differentiate(point))
        )

    def note_kernel(self, point: DeepPoint, kernel: np.ndarray) -> None:
        """Take the tangent kernel of a point with its residual, and find its gradient."""
        n = len(self.zero)
        square = float(point.residual @ kernel @ point.residual) / n
        point.kernel = kernel
        point.gradient_squared = point.loss_rate = max(square, 0.0)  # rounding can take it below
        if self.decay:
            if point.t == 0.0:
                self._weigh(point)
            along = [float(part @ point.residual) / n for part in self.differentiate(point).products(point.weights)]
            point.loss_rate += sum(rate * part for rate, part in zip(self.decay.rates, along, strict=True))
            point.gradient_squared = self.decay.gradient_squared(point.gradient_squared, along, point.squares)

    def _weigh(self, point: DeepPoint) -> None:
        """Squared norms of the layers of a point, and their penalty."""
        point.squares = [float(dot(w.ravel(), w.ravel())) for w in point.weights]
        point.penalty = self.decay.penalty(point.squares)

    def spectral_radius(self, point: DeepPoint) -> float:
        """Largest eigenvalue of the tangent kernel, which has been found, and the fastest growth."""
        assert point.kernel is not None, "prepare the point first"
        last = len(point.kernel) - 1
        return (
            float(eigh(point.kernel, eigvals_only=True, subset_by_index=[last, last])[0])
            + self.growth_bound(point)
            + self.decay.fastest
        )

    def prepare(self, point: DeepPoint) -> None:
        """Kernel, gradient and velocity of a point with its residual, unless it has them."""
        self.find_kernel(point)
        if not point.velocity_known:
            point.velocity[:] = 0.0
            self._add_velocity(point, 1.0, self.chain.split(point.views(point.velocity)))
            point.velocity_known = True

    def euler(self, point: DeepPoint, h: float, out: DeepPoint) -> None:
        """First stage: out = point + h velocity, with the residual of the result."""
        combine(1.0, point.y, 0.0, point.y, 0.0, point.y, h, point.velocity, out.y)
        self.update_residual(out)

    def stage(
        self,
        y1: DeepPoint,
        y2: DeepPoint,
        y0: DeepPoint,
        coefficients: tuple[float, float, float, float, float],
        out: DeepPoint,
    ) -> None:
        """Later stages: out = c0 y0 + c1 y1 + c2 y2 + h1 F(y1) + h0 F(y0), with the residual of the result."""
        c0, c1, c2, h1, h0 = coefficients
        combine(c0, y0.y, c1, y1.y, c2, y2.y, h0, y0.velocity, out.y)
        self._add_velocity(y1, h1, out.weights)
        self.update_residual(out)

    def arrive(self, out: DeepPoint) -> None:
        """Back on the balance law first: then one pass back serves the velocity here and the kernel of the next step."""
        self.settle(out)
        self.prepare(out)

    def layer_errors(self, x: np.ndarray, point: DeepPoint, out: DeepPoint) -> list[LayerError]:
        """Sums for every layer, neuron by neuron: those that stayed on the same side of every sample, and those that did not."""
        assert point.signals is not None
        assert out.signals is not None
        pairs = zip(point.signals.preactivations, out.signals.preactivations, strict=True)
        kinked = self.chain.activation.homogeneous
        stayed = [np.all((then > 0) == (now > 0) if kinked else True | (now > 0), axis=1) for then, now in pairs]
        # the neurons of a layer are those it enters, of the output layer those it reads; an output bias knows no kinks
        always = np.ones((len(stayed[-1]), self.shapes[-1][1]), dtype=bool)
        hidden, last = (
            [("coi,coi->co", same) for same in stayed],
            [("coi,coi->ci", stayed[-1]), ("coi,coi->co", always)],
        )
        neurons = [(side, side) for side in hidden]
        sides = [
            side for pair, has in zip([*neurons, last], self.chain.biased, strict=True) for side in pair[: 1 + has]
        ]
        found = []
        parts = zip(self.chain.split(point.views(x)), out.weights, self.start, sides, strict=True)
        for error, w, start, (sums, same) in parts:
            displacement = w - start
            along, squares = np.einsum(sums, error, displacement), np.einsum(sums, error, error)
            flat = np.ascontiguousarray(displacement).ravel()
            found.append(
                LayerError(
                    float(along[same].sum()),
                    float(squares[same].sum()),
                    float(np.sum(along[~same] ** 2)),
                    float(dot(flat, flat)),
                )
            )
        return found

    def moved(self, point: DeepPoint, by: Moved) -> Jacobian:
        """The Jacobian at weights moved from a point."""
        self.evaluations += 1
        return self.chain.differentiate(point.matrices, self.X, by)[1]

    def kernel(self, jacobian: Jacobian) -> np.ndarray:
        """The tangent kernel J J^T/n."""
        self.kernel_evaluations += 1
        return np.sum(jacobian.kernels(), axis=0) / len(self.zero)

    def kernel_of(self, stage: Stage) -> np.ndarray:
        """The same of a pass in one call."""
        self.kernel_evaluations += 1
        kernel = np.empty((len(self.zero), len(self.zero)))
        gram(stage.plan, stage.reads, stage.back, kernel)
        return kernel

    def growth_bound(self, point: DeepPoint) -> float:
        """Bound on the growth rate of any weight, from the spectral norms of the layers.

        The part of the flow's Jacobian that is not the kernel is -sum_i e_i d^2f_i/n. Its block of layers j < k is at most
        (kappa/n) sum_i |e_i| |h_{j-1,i}| times the norms of all layers above j but k and the slopes on the way, and
        |h_{j-1,i}| at most |x_i| times the norms below, with constant units of biases c_l added on the way: |h_l|^2 <= |W_l|^2
        |h_{l-1}|^2 + c_{l+1}^2. So the norm of the L-by-L matrix of these bounds bounds it. The norm of a matrix is at most
        that of its start and what it moved by. A kinked activation counts as of slope 1, a smooth one by its slopes at the
        samples; its curvature is left out.
        """
        norms = self._gains * (self.strengths + self._by_matrix(point.moved))
        bound = growth(norms, self._gains, self._constants, self._lengths, self._by_sample(point.residual))
        return self.chain.kappa / len(self.zero) * self._steepest(point) * float(bound)

    def _by_sample(self, residual: np.ndarray) -> np.ndarray:
        """|e_i| (n,), over the outputs of every sample."""
        return (
            np.abs(residual)
            if residual.size == len(self.X)
            else np.linalg.norm(residual.reshape(len(self.X), -1), axis=1)
        )

    def _by_matrix(self, moved: Sequence[float]) -> np.ndarray:
        """Distances of the matrices from those of the layers: of W_l and its bias together."""
        if not any(self.chain.biased):
            return np.array(moved)
        parts = iter(moved)
        return np.array([np.hypot(next(parts), next(parts)) if biased else next(parts) for biased in self.chain.biased])

    def _steepest(self, point: DeepPoint) -> float:
        """Product over the hidden layers of the largest slope of the activation at the samples."""
        activation = self.chain.activation
        if activation.homogeneous:
            return 1.0
        assert point.signals is not None, "find the residual first"
        return float(np.prod([np.max(np.abs(activation.slope(z))) for z in point.signals.preactivations]))

    def largest_growth_rate(self, point: DeepPoint) -> float:
        """Largest eigenvalue of -sum_i e_i d^2f_i/n, by a few Lanczos steps; the bound if they do not converge."""
        from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh  # slow to load, seldom needed

        signals = point.signals
        assert signals is not None, "find the residual first"
        c = -point.residual / len(self.zero)

        def product(v: np.ndarray) -> np.ndarray:
            parts = self.chain.curvature_product(
                point.matrices, signals, c, point.views(np.ascontiguousarray(v).ravel())
            )
            return np.concatenate([part.ravel() for part in parts])

        size = point.y.size
        operator = LinearOperator((size, size), matvec=product, dtype=float)
        start = np.random.default_rng(0).standard_normal(size)
        if not np.any(product(start)):  # every neuron is dead
            return 0.0
        try:
            found = eigsh(operator, k=1, which="LA", v0=start, tol=0.1, maxiter=20, return_eigenvectors=False)
        except ArpackNoConvergence:
            return self.growth_bound(point)
        return max(float(found[0]) - self.decay.fastest, 0.0)

    def release_rate(self, point: DeepPoint) -> float:
        """Nothing: steps across kinks leave no neuron on one."""
        return 0.0

    def _add_velocity(self, point: DeepPoint, factor: float, weights: tuple[np.ndarray, ...]) -> None:
        """Add factor times the velocity, -grad R and decay, at ``point`` to ``weights``."""
        gradient = self.differentiate(point).transposed_product(factor / len(point.residual) * point.residual)
        for layer, (w, part) in enumerate(zip(weights, gradient, strict=True)):
            w -= part
            if self.decay:
                w -= factor * self.decay.rates[layer] * point.weights[layer]
