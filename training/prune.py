"""Leaves out the word pieces that no training text uses: their vectors were never trained, and they fill a quarter of the file.

A text that would have used one is cut into smaller pieces instead. Training texts read the same before and after.
"""

import json

import numpy as np
import torch

import encoder as enc

ALWAYS_BELOW = 8000  # special tokens, characters and the most frequent words of the base
SHORT = 2


def kept_tokens(texts: list[str]) -> list[int]:
    """Positions in the base's vocabulary that stay, rising; all below ALWAYS_BELOW keep their place."""
    vocabulary = json.loads(enc.tokenizer_json())["model"]["vocab"]
    used = {token for row in enc.tokenize(enc.load_tokenizer(), texts) for token in row}
    short = {at for piece, at in vocabulary.items() if len(piece.removeprefix("##")) <= SHORT}
    return sorted(used | short | set(range(ALWAYS_BELOW)))


def pruned_tokenizer_json(kept: list[int]) -> str:
    found = json.loads(enc.tokenizer_json())
    place = {token: at for at, token in enumerate(kept)}
    vocabulary = found["model"]["vocab"]
    found["model"]["vocab"] = {piece: place[at] for piece, at in vocabulary.items() if at in place}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def pruned_words(words: torch.Tensor, kept: list[int]) -> np.ndarray:
    return words.detach().float().numpy()[kept]
