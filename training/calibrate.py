"""Fits the fixed monotone map from raw scores to the scale on which 0.55 / 0.12 / 4 select well."""

import itertools

import numpy as np

from evaluate import selection


def calibrated(raw: np.ndarray, slope: float, offset: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(slope * raw + offset)))


def fit(raw: np.ndarray, tags: list[tuple[int, ...]]) -> tuple[float, float]:
    """Slope and offset with the best F1 of selected tags; `raw` are out-of-fold scores."""
    top = -np.sort(-raw, axis=1)[:, :5]
    order = np.argsort(-raw, axis=1, kind="stable")[:, :5]
    small = [tuple(list(row).index(t) if t in row else 5 for t in gold) for row, gold in zip(order.tolist(), tags)]
    middles = np.quantile(top[:, 0], np.linspace(0.02, 0.5, 25))
    slopes = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)  # steeper ones gain little and make scores all or nothing
    best = max(
        itertools.product(slopes, middles),
        key=lambda pair: selection(calibrated(top, pair[0], -pair[0] * pair[1]), small)["f1"],
    )
    return float(best[0]), float(-best[0] * best[1])
