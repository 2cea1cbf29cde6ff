"""What the product's tiers make of the scores of both stages (src/label/onnx-encoder.ts)."""

import re
from typing import NamedTuple

import numpy as np

import encoder as enc
from calibrate import Calibration, calibrated


INSIDE = re.compile(r"(?:command|cmd)=|subresource=(?:exec|proxy|attach|portforward|ephemeralcontainers)")


class Both(NamedTuple):
    """Raw scores [texts, tags] of the first stage, and of both stages together; which texts reach into a container."""

    first: np.ndarray
    whole: np.ndarray
    inside: np.ndarray


def both(first: np.ndarray, second: np.ndarray, texts: list[str]) -> Both:
    return Both(first, enc.FIRST_SHARE * first + (1 - enc.FIRST_SHARE) * second, reaches_inside(texts))


def reaches_inside(texts: list[str]) -> np.ndarray:
    """As src/label/command-features.ts has it."""
    return np.array([text.startswith("k8s_audit ") and bool(INSIDE.search(text)) for text in texts])


def fast(scores: Both, scales: Calibration) -> np.ndarray:
    return calibrated(scores.first, *scales.first)


def accurate(scores: Both, scales: Calibration) -> np.ndarray:
    return calibrated(scores.whole, *scales.whole)


def unsure(scores: Both, scales: Calibration) -> np.ndarray:
    """Which texts the second stage is asked about."""
    return (fast(scores, scales).max(axis=1) < scales.sure_from) | scores.inside


def balanced(scores: Both, scales: Calibration) -> np.ndarray:
    return np.where(unsure(scores, scales)[:, None], accurate(scores, scales), fast(scores, scales))


TIERS = {"fast": fast, "balanced": balanced, "accurate": accurate}
