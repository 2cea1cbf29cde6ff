# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn>=1.5", "numpy>=2"]
# ///
"""Trains the session model of an artifact: `uv run training/train_sessions.py` (after train.py).

Labels come from the artifact's own L1, features from the product's code (session-features.ts), so there is one
definition of both. The session model is fitted out of fold for the printed figures, and on all sessions for
the file. L1 has seen most of the commands in training, so the figures are what the bundled pair does on such
commands, not on unseen ones.
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
SEED, C, FOLDS, THRESHOLD = 17, 0.5, 5, 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "tagsmith-small")
    options = parser.parse_args()
    features, intrusion = load(options.data / "secebl" / "sessions.dev.jsonl")
    probability = out_of_fold(features, intrusion)
    found = probability >= THRESHOLD
    print(f"sessions {len(intrusion)}, out-of-fold accuracy {(found == intrusion).mean():.4f}")
    print(f"attack recall {found[intrusion].mean():.4f}, normal recall {(~found[~intrusion]).mean():.4f}")
    write(options.out, make_model().fit(features, intrusion))


def load(sessions: Path) -> tuple[list[dict], np.ndarray]:
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node), "--conditions=source", str(ROOT / "training" / "session-features.ts"), str(sessions)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["features"] for row in rows], np.array([row["expected"] == "intrusion" for row in rows])


def make_model() -> Pipeline:
    regression = LogisticRegression(solver="liblinear", C=C, class_weight="balanced", random_state=SEED, max_iter=3000)
    return make_pipeline(DictVectorizer(), StandardScaler(with_mean=False), regression)


def out_of_fold(features: list[dict], intrusion: np.ndarray) -> np.ndarray:
    probability = np.zeros(len(intrusion))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, intrusion):
        model = make_model().fit([features[at] for at in train], intrusion[train])
        probability[test] = model.predict_proba([features[at] for at in test])[:, 1]
    return probability


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
