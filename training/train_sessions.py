# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn>=1.5", "numpy>=2"]
# ///
"""Trains the session model of an artifact: `uv run training/train_sessions.py` (after train.py).

Each session is learnt twice: from the labels of models that never saw it (oof.py writes them while train.py cross-validates),
as wrong as labels of new commands are, and from the artifact's own labels, which are right for most of its commands. Both
occur where the model runs. A session's two forms are in the same fold; figures are printed for each form. Excerpts of
sessions, down to single events, are learnt beside them with half a session's weight: those of normal sessions as normal, so
that a short session is not suspicious for being short, and those of intrusions that show an explicit attack as intrusions.
An event without any label counts as normal. Features come from the product's code
(session-features.ts): there is one definition of them. The file is fitted on all sessions.
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parent.parent
OUT_OF_FOLD = ROOT / "training" / ".cache" / "oof_sessions.jsonl"
SEED, C, FOLDS, REPEATS, THRESHOLD, EXCERPT_WEIGHT = 17, 0.5, 5, 20, 0.5, 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--labels", type=Path, default=OUT_OF_FOLD, help="out-of-fold labels of the sessions")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "tagsmith-small")
    options = parser.parse_args()
    forms = {"the artifact's own labels": options.data / "secebl" / "sessions.dev.jsonl"}
    if options.labels.exists():
        forms["labels of models that never saw the session"] = options.labels
    loaded = {name: load(path) for name, path in forms.items()}
    sessions = list(loaded.values())
    intrusion = np.array([session["expected"] == "intrusion" for session in sessions[0]])
    print(f"sessions {len(intrusion)}, intrusions {intrusion.sum()}, {FOLDS} folds dealt {REPEATS} times")
    probability, alarms = out_of_fold(sessions, intrusion)
    for name, row, rates in zip(loaded, probability, alarms):
        print(name)
        report(row, intrusion)
        print(f"  excerpts of unseen normal sessions judged intrusions at {THRESHOLD}: {np.mean(rates):.4f}")
    write(options.out, fit(sessions, np.arange(len(intrusion))))


def load(rows: Path) -> list[dict]:
    """The sessions with features and excerpts, in the order of their ids."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node), "--conditions=source", str(ROOT / "training" / "session-features.ts"), str(rows)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda session: session["session_id"])


def make_model() -> Pipeline:
    regression = LogisticRegression(solver="liblinear", C=C, random_state=SEED, max_iter=3000)
    return make_pipeline(DictVectorizer(sparse=False), StandardScaler(with_mean=False), regression)


def fit(forms: list[list[dict]], rows: np.ndarray) -> Pipeline:
    features, label, weight = [{"schema_bias": 1.0, "events": 1.0}], [False], [len(rows) / 20]
    for session in (form[at] for form in forms for at in rows):
        excerpts = session["excerpts"]
        features += [session["features"], *excerpts]
        label += [session["expected"] == "intrusion"] * (1 + len(excerpts))
        weight += [1.0] + [EXCERPT_WEIGHT / len(excerpts) for _ in excerpts]
    labels, weights = np.array(label), np.array(weight)
    for side in (labels, ~labels):
        weights[side] *= len(forms) * len(rows) / 2 / weights[side].sum()
    names = {"standardscaler__sample_weight": weights, "logisticregression__sample_weight": weights}
    with np.errstate(invalid="ignore"):  # a constant feature's variance may come out a hair below 0; its scale is then 1
        return make_model().fit(features, labels, **names)


def out_of_fold(forms: list[list[dict]], intrusion: np.ndarray) -> tuple[np.ndarray, list[list[float]]]:
    """Probabilities by form, repeat and session, and the share of excerpts above the threshold by form and fold.

    Some hundred sessions: one deal of the folds says little.
    """
    probability = np.zeros((len(forms), REPEATS, len(intrusion)))
    alarms: list[list[float]] = [[] for _ in forms]
    for repeat in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED + repeat)
        for train, test in folds.split(intrusion, intrusion):
            model = fit(forms, train)
            for form, row, rates in zip(forms, probability[:, repeat], alarms):
                row[test] = model.predict_proba([form[at]["features"] for at in test])[:, 1]
                excerpts = [excerpt for at in test if not intrusion[at] for excerpt in form[at]["excerpts"]]
                rates.append((model.predict_proba(excerpts)[:, 1] >= THRESHOLD).mean())
    return probability, alarms


def report(probability: np.ndarray, intrusion: np.ndarray) -> None:
    for threshold in (0.3, 0.4, THRESHOLD, 0.6, 0.7):
        found = probability >= threshold
        accuracy = (found == intrusion).mean(axis=1)
        recall, calm = found[:, intrusion].mean(), (~found[:, ~intrusion]).mean()
        print(
            f"  threshold {threshold}: accuracy {accuracy.mean():.4f} ({accuracy.min():.4f} to {accuracy.max():.4f}), "
            f"attack recall {recall:.4f}, normal recall {calm:.4f}"
        )


def write(out: Path, model: Pipeline) -> None:
    names, scaler, regression = (step for _, step in model.steps)
    assert np.isfinite(scaler.scale_).all()
    artifact = {
        "schema": "agentsmith_rev20_l2_ml_v1",
        "feature_schema": "agentsmith_rev20_l2_features_v1",
        "model_kind": "logistic_regression_l2",
        "threshold": 0.5,
        "model_threshold": THRESHOLD,
        "score_threshold": 0.5,
        "score_transform": "threshold_margin",
        "score_transform_scale": 1.3,
        "risk_policy_id": "rev20_tag_risk_policy_v11",
        "feature_names": list(names.feature_names_),
        "scale": [float(value) or 1.0 for value in scaler.scale_],
        "coef": [float(value) for value in regression.coef_[0]],
        "intercept": float(regression.intercept_[0]),
    }
    text = json.dumps(artifact).encode()
    (out / "l2.json").write_bytes(text)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["session"] = {"model": "l2.json"}
    manifest["files"]["l2.json"] = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
