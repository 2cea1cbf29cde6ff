"""Fits the fixed monotone map from raw scores to the scale on which 0.55 / 0.12 / 4 select well."""

import itertools
from dataclasses import dataclass

import numpy as np

from evaluate import selection

TAGLESS, UNSURE = 0.10, 0.10


def calibrated(raw: np.ndarray, slope: float, offset: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(slope * raw + offset)))


@dataclass(frozen=True)
class Calibration:
    """Slope and offset of the first stage's and of the whole model's raw scores; below `sure_from` the whole is asked."""

    first: tuple[float, float] = (0.7, -4.0)
    whole: tuple[float, float] = (0.7, -4.0)
    sure_from: float = 0.5


def fit(raw: np.ndarray, tags: list[tuple[int, ...]]) -> tuple[float, float]:
    """Slope and offset with the best F1 of selected tags among those that tag at most TAGLESS of the tagless rows.

    `raw` are out-of-fold scores.
    """
    top = -np.sort(-raw, axis=1)[:, :5]
    order = np.argsort(-raw, axis=1, kind="stable")[:, :5]
    small = [tuple(list(row).index(t) if t in row else 5 for t in gold) for row, gold in zip(order.tolist(), tags)]
    middles = np.quantile(top[:, 0], np.linspace(0.02, 0.5, 49))
    slopes = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)  # steeper ones gain little and make scores all or nothing

    def merit(pair: tuple[float, float]) -> float:
        found = selection(calibrated(top, pair[0], -pair[0] * pair[1]), small)
        return found["f1"] - (found["tagless_selected"] > TAGLESS)

    best = max(itertools.product(slopes, middles), key=merit)
    return float(best[0]), float(-best[0] * best[1])


def fit_all(first: np.ndarray, whole: np.ndarray, tags: list[tuple[int, ...]], common: list[bool]) -> Calibration:
    """Both scales, and the score below which UNSURE of the `common` rows lie: what the whole model's speed allows."""
    lines = fit(first, tags), fit(whole, tags)
    best = calibrated(first[common].max(axis=1), *lines[0])
    return Calibration(lines[0], lines[1], round(float(np.quantile(best, UNSURE)), 4))
