"""Writes an artifact: the int8 ONNX graphs, feature tables, tokenizer, tag texts and a manifest with checksums.

Every activation is quantised per token row (one scale a row, zero point 128), every weight per output
channel to 7 bits: u8×s8 kernels that add pairs in 16 bits cannot overflow, sums are exact integers, and
so the scores of a text do not depend on the other texts of its batch.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import encoder as enc
import first_stage
import prune
from calibrate import Calibration
from encoder import HEADS, WIDTH, Scorer
from first_stage import FirstStage

CONTRIB = "com.microsoft"
WEIGHT_LIMIT = 63
ACTIVATION_LIMIT = 127
VERSION = "1.2.0"


class Graph:
    """Collects nodes and initializers; `op` returns the name of its (first) output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.count = 0

    def const(self, value: np.ndarray, name: str = "") -> str:
        self.count += 1
        name = f"{name or 'const'}_{self.count}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes) -> str:
        self.count += 1
        names = [f"{kind}_{self.count}" + (f"_{at}" if at else "") for at in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], domain=domain, **attributes))
        return names[0]


def quantise_rows(matrix: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 values within ±limit and one float scale a row."""
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-12).astype(np.float32) / limit
    return np.clip(np.rint(matrix / scale[:, None]), -limit, limit).astype(np.int8), scale


class Quantised:
    """A float matrix [rows, width] in the graph as uint8 with its row scales."""

    def __init__(self, graph: Graph, x: str) -> None:
        self.graph = graph
        peak = graph.op("ReduceMax", graph.op("Abs", x), axes=[1], keepdims=0)
        peak = graph.op("Max", peak, graph.const(np.float32(1e-6)))
        self.flat = graph.op("Mul", peak, graph.const(np.float32(1 / ACTIVATION_LIMIT)))
        zero = graph.op("Expand", graph.const(np.uint8(128)), graph.op("Shape", self.flat))
        self.value = graph.op("QuantizeLinear", x, self.flat, zero, axis=0)
        self.scale = graph.op("Unsqueeze", self.flat, graph.const(np.array([1])))
        self.zero = graph.const(np.uint8(128), "zero")

    def matmul(self, weight: np.ndarray, name: str) -> str:
        """x · weightᵀ for a weight [out, in]; the bias is left to the caller."""
        graph = self.graph
        values, scales = quantise_rows(weight, WEIGHT_LIMIT)
        product = graph.op(
            "MatMulIntegerToFloat",
            self.value,
            graph.const(values.T, name),
            graph.const(np.array([1.0], np.float32)),
            graph.const(scales, f"{name}_scale"),
            self.zero,
            domain=CONTRIB,
        )
        return graph.op("Mul", product, self.scale)


def build_graph(scorer: Scorer, kept: list[int], slope: float, offset: float) -> onnx.ModelProto:
    """The whole road from token ids and the first stage's raw scores to the k best tags as one graph."""
    state = {name: value.detach().float().numpy() for name, value in scorer.state_dict().items()}
    state["encoder.words.weight"] = prune.pruned_words(scorer.encoder.words.weight, kept)
    graph = Graph()
    x = _embed(graph, state)
    keys = graph.op("Cast", "attention_mask", to=TensorProto.INT32)
    shape = graph.op("Concat", graph.op("Shape", "input_ids"), graph.const(np.array([WIDTH])), axis=0)
    for layer in range(len(scorer.encoder.blocks)):
        x = _block(graph, state, f"encoder.blocks.{layer}.", x, keys, shape)
    pooled = _pool(graph, x, shape)
    raw = Quantised(graph, pooled).matmul(scorer.matrix().detach().float().numpy(), "tags")
    raw = graph.op("Add", raw, graph.const(state["bias"]))
    own = graph.op("Mul", raw, graph.const(np.float32(1 - enc.FIRST_SHARE)))
    raw = graph.op("Add", own, graph.op("Mul", "first", graph.const(np.float32(enc.FIRST_SHARE))))
    _rank(graph, raw, slope, offset)
    tokens = ["batch", "length"]
    return _model(graph, [_ids("input_ids", tokens), _ids("attention_mask", tokens), _floats("first", ["batch", "tags"])])


def build_first_graph(first: FirstStage, slope: float, offset: float) -> onnx.ModelProto:
    """From the two bags of integer sums over roots to the k best tags, and every tag's raw score."""
    state = {name: value.detach().float().numpy() for name, value in first.state_dict().items()}
    scales = [first_stage.column_scales(table.weight.detach()) for table in (first.words, first.grams)]
    graph = Graph()
    x = _norm(graph, state, "norm", graph.op("Mul", "bags", graph.const(np.concatenate(scales))))
    wide = graph.op("Add", Quantised(graph, x).matmul(state["up.weight"], "up"), graph.const(state["up.bias"]))
    wide = graph.op("Gelu", wide, domain=CONTRIB)
    raw = Quantised(graph, graph.op("Concat", wide, x, axis=1)).matmul(state["out.weight"], "out")
    graph.nodes.append(helper.make_node("Add", [raw, graph.const(state["out.bias"])], ["raw"]))
    _rank(graph, "raw", slope, offset)
    return _model(graph, [_floats("bags", ["batch", "columns"])], [_floats("raw", ["batch", "tags"])])


def _rank(graph: Graph, raw: str, slope: float, offset: float) -> None:
    graph.nodes.append(helper.make_node("TopK", [raw, "k"], ["best", "indices"], axis=1, largest=1, sorted=1))
    line = graph.op("Add", graph.op("Mul", "best", graph.const(np.float32(slope))), graph.const(np.float32(offset)))
    graph.nodes.append(helper.make_node("Sigmoid", [line], ["scores"]))


def _embed(graph: Graph, state: dict[str, np.ndarray]) -> str:
    values, scales = quantise_rows(state["encoder.words.weight"], ACTIVATION_LIMIT)
    word = graph.op("Cast", graph.op("Gather", graph.const(values, "words"), "input_ids"), to=TensorProto.FLOAT)
    word = graph.op("Mul", word, graph.op("Gather", graph.const(scales[:, None], "words_scale"), "input_ids"))
    length = graph.op("Shape", "input_ids", start=1, end=2)
    zero, axis = graph.const(np.array([0])), graph.const(np.array([0]))
    place = graph.op("Slice", graph.const(state["encoder.places"], "places"), zero, length, axis)
    x = graph.op("Add", word, place)
    x = _norm(graph, state, "encoder.norm", x)
    return graph.op("Reshape", x, graph.const(np.array([-1, WIDTH])))


def _norm(graph: Graph, state: dict[str, np.ndarray], at: str, x: str) -> str:
    weight, bias = graph.const(state[f"{at}.weight"]), graph.const(state[f"{at}.bias"])
    return graph.op("LayerNormalization", x, weight, bias, axis=-1, epsilon=enc.LN_EPS)


def _block(graph: Graph, state: dict[str, np.ndarray], at: str, x: str, keys: str, shape: str) -> str:
    flat = graph.const(np.array([-1, WIDTH]))
    rows = Quantised(graph, x)
    weights = np.split(state[f"{at}qkv.weight"], 3)
    parts = [graph.op("Reshape", rows.matmul(weight, name), shape) for weight, name in zip(weights, "qkv")]
    bias = graph.const(state[f"{at}qkv.bias"])
    seen = graph.op("MultiHeadAttention", *parts, bias, keys, domain=CONTRIB, num_heads=HEADS)
    out = Quantised(graph, graph.op("Reshape", seen, flat)).matmul(state[f"{at}out.weight"], "out")
    x = _skip_norm(graph, state, f"{at}norm1", out, x, state[f"{at}out.bias"])
    wide = Quantised(graph, x).matmul(state[f"{at}up.weight"], "up")
    wide = graph.op("BiasGelu", wide, graph.const(state[f"{at}up.bias"]), domain=CONTRIB)
    back = Quantised(graph, wide).matmul(state[f"{at}down.weight"], "down")
    return _skip_norm(graph, state, f"{at}norm2", back, x, state[f"{at}down.bias"])


def _skip_norm(graph: Graph, state: dict[str, np.ndarray], at: str, x: str, skip: str, bias: np.ndarray) -> str:
    gamma, beta = graph.const(state[f"{at}.weight"]), graph.const(state[f"{at}.bias"])
    return graph.op(
        "SkipLayerNormalization", x, skip, gamma, beta, graph.const(bias), domain=CONTRIB, epsilon=enc.LN_EPS
    )


def _pool(graph: Graph, x: str, shape: str) -> str:
    x = graph.op("Reshape", x, shape)
    axis = graph.const(np.array([1]))
    weight = graph.op("Cast", graph.op("Unsqueeze", "attention_mask", axis), to=TensorProto.FLOAT)
    total = graph.op("Squeeze", graph.op("MatMul", weight, x), axis)  # not ReduceSum: its order follows the batch
    count = graph.op("ReduceSum", weight, graph.const(np.array([2])), keepdims=0)
    mean = graph.op("Div", total, count)
    return graph.op("Div", mean, graph.op("ReduceL2", mean, axes=[1], keepdims=1))


def _ids(name: str, shape: list) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


def _floats(name: str, shape: list) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(graph: Graph, inputs: list, extra: list | None = None) -> onnx.ModelProto:
    outputs = [_floats("scores", ["batch", "k"]), _ids("indices", ["batch", "k"]), *(extra or [])]
    body = helper.make_graph(graph.nodes, "tagsmith", [*inputs, _ids("k", [1])], outputs, graph.weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="tagsmith")


def write_artifact(
    target: Path, scorer: Scorer, first: FirstStage, kept: list[int], tag_texts: list[dict[str, str]], scales: Calibration
) -> None:
    """Writes all files of the artifact; files of another producer in the folder (l2.json) stay listed."""
    target.mkdir(parents=True, exist_ok=True)
    onnx.save(build_graph(scorer, kept, *scales.whole), target / "model.onnx")
    onnx.save(build_first_graph(first, *scales.first), target / "first.onnx")
    tables = [first_stage.quantised_table(table.weight.detach()) for table in (first.words, first.grams)]
    (target / "features.bin").write_bytes(b"".join(table.tobytes() for table in tables))
    (target / "tokenizer.json").write_text(prune.pruned_tokenizer_json(kept), encoding="utf-8")
    (target / "tokenizer_config.json").write_text((enc.base_directory() / "tokenizer_config.json").read_text() + "\n")
    lines = [json.dumps(row, ensure_ascii=False) for row in tag_texts]
    (target / "semantic_texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_manifest(target, scales)


def write_manifest(target: Path, scales: Calibration) -> None:
    """manifest.json from the files present: what to load, how to feed it, and their checksums."""
    ranked = {"scores": "scores", "indices": "indices"}
    manifest = {
        "schema": "tagsmith_artifact_v1",
        "name": target.name,
        "version": VERSION,
        "license": "Apache-2.0",
        "vocabulary": "rev20",
        "encoder": {
            "graph": "model.onnx",
            "tokenizer": "tokenizer.json",
            "tokenizer_config": "tokenizer_config.json",
            "query_prefix": "",
            "tag_prefix": "",
            "view": "plain",
            "max_tokens": enc.MAX_TOKENS,
            "max_chars": enc.MAX_CHARS,
            "dimensions": WIDTH,
            "length_buckets": list(enc.BUCKETS),
            "inputs": {"ids": "input_ids", "mask": "attention_mask", "first": "first", "k": "k"},
            "outputs": ranked,
            "calibration": _scale(scales.whole),
        },
        "first_stage": {
            "graph": "first.onnx",
            "table": "features.bin",
            "word_bits": first_stage.WORD_BITS,
            "gram_bits": first_stage.GRAM_BITS,
            "dimensions": first_stage.DIMENSIONS,
            "inputs": {"bags": "bags", "k": "k"},
            "outputs": ranked | {"raw": "raw"},
            "sure_from": scales.sure_from,
            "calibration": _scale(scales.first),
        },
        "tag_texts": "semantic_texts.jsonl",
    }
    if (target / "l2.json").exists():
        manifest["session"] = {"model": "l2.json"}
    names = "model.onnx first.onnx features.bin tokenizer.json tokenizer_config.json semantic_texts.jsonl l2.json".split()
    manifest["files"] = {name: _checksum(target / name) for name in names if (target / name).exists()}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _scale(line: tuple[float, float]) -> dict:
    return {"kind": "sigmoid", "slope": line[0], "offset": line[1], "where": "graph"}


def _checksum(path: Path) -> dict[str, str | int]:
    body = path.read_bytes()
    return {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
