"""The phase diagram of water, which the chapter begins with: three curves that meet in the triple point."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["CRITICAL", "TRIPLE", "WaterCurves", "saturation_pressure", "vapour_pressure", "water_curves"]

#: Kelvin and pascal (IAPWS).
TRIPLE, CRITICAL = (273.16, 611.657), (647.096, 22.064e6)

_SUBLIMATION_OVER_R = 51.06e3 / 8.314  # latent heat of ice at the triple point over the gas constant, kelvin
_COLDEST, _LOWEST_MELTING = 200.0, 251.165  # kelvin; the second is where the melting curve of ice Ih ends
_MELTING = ((0.626e6, -3.0), (-0.197135e6, 21.2))  # IAPWS melting curve of ice Ih: terms c (1 - theta^k) of 1 - p/p_t
#: n_1 .. n_10 of the saturation equation of IAPWS-IF97.
_SATURATION = (
    *(0.11670521452767e4, -0.72421316703206e6, -0.17073846940092e2, 0.12020824702470e5, -0.32325550322333e7),
    *(0.14915108613530e2, -0.48232657361591e4, 0.40511340542057e6, -0.23855557567849, 0.65017534844798e3),
)


@dataclass(frozen=True)
class WaterCurves:
    """Temperatures (kelvin) and pressures (pascal) along the boundaries of vapour and liquid, ice and vapour, ice and liquid.

    ``measured`` is that of vapour and liquid by IAPWS-IF97; ``boiling`` that of one latent heat.
    """

    boiling: tuple[np.ndarray, np.ndarray] = field(repr=False)
    measured: tuple[np.ndarray, np.ndarray] = field(repr=False)
    sublimation: tuple[np.ndarray, np.ndarray] = field(repr=False)
    melting: tuple[np.ndarray, np.ndarray] = field(repr=False)


def vapour_pressure(temperature: np.ndarray | float) -> np.ndarray:
    """Clausius-Clapeyron, d log p/d(1/T) = -L/R, with the one latent heat L that leads from the triple to the critical point."""
    heat = np.log(CRITICAL[1] / TRIPLE[1]) / (1 / TRIPLE[0] - 1 / CRITICAL[0])
    return TRIPLE[1] * np.exp(heat * (1 / TRIPLE[0] - 1 / np.asarray(temperature)))


def saturation_pressure(temperature: np.ndarray | float) -> np.ndarray:
    """Measured, as fitted by IAPWS-IF97 (region 4) within 0.03 %, from 273.15 K to the critical point.

    Examples
    --------
    >>> [round(float(saturation_pressure(T)), 2) for T in (300, 500, 600)]  # its published check values
    [3536.59, 2638897.76, 12344314.58]
    """
    n1, n2, n3, n4, n5, n6, n7, n8, n9, n10 = _SATURATION
    theta = np.asarray(temperature) + n9 / (np.asarray(temperature) - n10)
    a, b, c = (x * theta**2 + y * theta + z for x, y, z in ((1.0, n1, n2), (n3, n4, n5), (n6, n7, n8)))
    return 1e6 * (2 * c / (-b + np.sqrt(b**2 - 4 * a * c))) ** 4


def water_curves() -> WaterCurves:
    """The three boundaries: Clausius-Clapeyron for those of vapour, the IAPWS curve for melting."""
    liquid = np.linspace(TRIPLE[0], CRITICAL[0], 200)
    ice = np.linspace(_COLDEST, TRIPLE[0], 100)
    melting = np.linspace(_LOWEST_MELTING, TRIPLE[0], 100)
    theta = melting / TRIPLE[0]
    pressure = TRIPLE[1] * (1 - np.sum([c * (1 - theta**k) for c, k in _MELTING], axis=0))
    return WaterCurves(
        (liquid, vapour_pressure(liquid)),
        (liquid, saturation_pressure(liquid)),
        (ice, TRIPLE[1] * np.exp(_SUBLIMATION_OVER_R * (1 / TRIPLE[0] - 1 / ice))),
        (melting, pressure),
    )
