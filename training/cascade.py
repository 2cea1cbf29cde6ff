"""What the product's tiers make of the scores of both stages (src/label/onnx-encoder.ts)."""

from typing import NamedTuple

import numpy as np

import encoder as enc
from calibrate import Calibration, calibrated


class Both(NamedTuple):
    """Raw scores [texts, tags] of the first stage, and of both stages together."""

    first: np.ndarray
    whole: np.ndarray


def both(first: np.ndarray, second: np.ndarray) -> Both:
    return Both(first, enc.FIRST_SHARE * first + (1 - enc.FIRST_SHARE) * second)


def fast(scores: Both, scales: Calibration) -> np.ndarray:
    return calibrated(scores.first, *scales.first)


def accurate(scores: Both, scales: Calibration) -> np.ndarray:
    return calibrated(scores.whole, *scales.whole)


def unsure(scores: Both, scales: Calibration) -> np.ndarray:
    """Which texts the second stage is asked about."""
    return fast(scores, scales).max(axis=1) < scales.sure_from


def balanced(scores: Both, scales: Calibration) -> np.ndarray:
    return np.where(unsure(scores, scales)[:, None], accurate(scores, scales), fast(scores, scales))


TIERS = {"fast": fast, "balanced": balanced, "accurate": accurate}
