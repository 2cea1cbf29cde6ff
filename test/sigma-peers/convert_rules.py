"""Prints, for each Sigma file, what pySigma's backends make of it: one JSON object a line, with file and one key a format."""

import json
import sys
from pathlib import Path

from sigma.backends.elasticsearch import EqlBackend, ESQLBackend, LuceneBackend
from sigma.backends.opensearch import OpensearchLuceneBackend, OpenSearchPPLBackend
from sigma.collection import SigmaCollection

FORMATS = {
    "lucene": (LuceneBackend, None),
    "eql": (EqlBackend, None),
    "esql": (ESQLBackend, None),
    "ppl": (OpenSearchPPLBackend, None),
    "dsl_lucene": (LuceneBackend, "dsl_lucene"),
    "kibana_ndjson": (LuceneBackend, "kibana_ndjson"),
    "monitor_rule": (OpensearchLuceneBackend, "monitor_rule"),
}


def convert(text, backend, output_format):
    try:
        return backend().convert(SigmaCollection.from_yaml(text), output_format)
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}


for folder in sys.argv[1:]:
    for path in sorted(Path(folder).rglob("*.yml")):
        text = path.read_text("utf-8")
        row = {name: convert(text, *target) for name, target in FORMATS.items()}
        print(json.dumps({"file": str(path), **row}, default=str))
