# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn>=1.5", "numpy>=2"]
# ///
"""Trains the session model of an artifact: `uv run training/train_sessions.py` (after train.py).

Each session is learnt twice: from the labels of models that never saw it (oof.py writes them while train.py cross-validates),
as wrong as labels of new commands are, and from the artifact's own labels, which are right for most of its commands. Both
occur where the model runs. A session's two forms are in the same fold; figures are printed for each form. Features come
from the product's code (session-features.ts): there is one definition of them. The file is fitted on all sessions.
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
SEED, C, FOLDS, REPEATS, THRESHOLD = 17, 0.5, 5, 20, 0.5


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
    features = [form for form, _ in loaded.values()]
    intrusion = next(iter(loaded.values()))[1]
    print(f"sessions {len(intrusion)}, intrusions {intrusion.sum()}, {FOLDS} folds dealt {REPEATS} times")
    for name, probability in zip(loaded, out_of_fold(features, intrusion)):
        print(name)
        report(probability, intrusion)
    write(options.out, fit(features, intrusion, np.arange(len(intrusion))))


def load(rows: Path) -> tuple[list[dict], np.ndarray]:
    """Features and verdicts of the sessions, in the order of their ids."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node), "--conditions=source", str(ROOT / "training" / "session-features.ts"), str(rows)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    sessions = sorted((json.loads(line) for line in lines), key=lambda session: session["session_id"])
    intrusion = np.array([session["expected"] == "intrusion" for session in sessions])
    return [session["features"] for session in sessions], intrusion


def make_model() -> Pipeline:
    regression = LogisticRegression(solver="liblinear", C=C, class_weight="balanced", random_state=SEED, max_iter=3000)
    return make_pipeline(DictVectorizer(), StandardScaler(with_mean=False), regression)


def fit(forms: list[list[dict]], intrusion: np.ndarray, rows: np.ndarray) -> Pipeline:
    features = [form[at] for form in forms for at in rows]
    return make_model().fit(features, np.tile(intrusion[rows], len(forms)))


def out_of_fold(forms: list[list[dict]], intrusion: np.ndarray) -> np.ndarray:
    """Probabilities by form, repeat and session. Some hundred sessions: one deal of the folds says little."""
    probability = np.zeros((len(forms), REPEATS, len(intrusion)))
    for repeat in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED + repeat)
        for train, test in folds.split(intrusion, intrusion):
            model = fit(forms, intrusion, train)
            for form, row in zip(forms, probability[:, repeat]):
                row[test] = model.predict_proba([form[at] for at in test])[:, 1]
    return probability


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
