"""Runs postprocessing and finalizers of pipelines on two queries of one rule, a line of JSON a pipeline.

    uv run --no-project --with pysigma==2.0.1 python run_postprocessing.py RULE.yml PIPELINE.yaml...
"""

import json
import sys
from pathlib import Path

from sigma.collection import SigmaCollection
from sigma.processing.pipeline import ProcessingPipeline


def run(rule_text, pipeline_text):
    try:
        pipeline = ProcessingPipeline.from_yaml(pipeline_text)
        rule = SigmaCollection.from_yaml(rule_text).rules[0]
        pipeline.apply(rule)
        return pipeline.finalize([pipeline.postprocess_query(rule, query) for query in ("F=a", "b & <c> 'ü'")])
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


rule_text = Path(sys.argv[1]).read_text("utf-8")
for name in sys.argv[2:]:
    print(json.dumps({"file": name, "output": run(rule_text, Path(name).read_text("utf-8"))}))
