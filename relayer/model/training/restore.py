"""Read the shipped GGUF file back into a checkpoint, so that training can go on from it without the earlier one.

  python3 restore.py IN.gguf TOKENIZER OUT.pt

The weights are those of the file: Q8_0 rounds each to one of 255 steps of its block, which a further run trains away.
Refuses a tokenizer whose pieces or scores are not those of the file.
"""
import struct
import sys

import numpy as np
import sentencepiece
import torch

from export import BOOL, F32, I32, LIST, NAMES, TEXT, U32
from model import Config

SIZES = {U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def text(self):
        size = self.take("<Q")
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def value(self, kind):
        if kind == LIST:
            inner, count = self.take("<I"), self.take("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.text() if kind == TEXT else self.take(SIZES[kind])


def decode(raw, kind, shape):
    count = int(np.prod(shape))
    if kind == 0:
        return np.frombuffer(raw, "<f4", count).reshape(shape)
    assert kind == 8, f"tensor type {kind}: only F32 and Q8_0 are read"
    block = np.frombuffer(raw, np.uint8, count // 32 * 34).reshape(-1, 34)
    scale = block[:, :2].copy().view("<f2").astype("<f4")
    return (block[:, 2:].view(np.int8) * scale).reshape(shape)


def main(path, tokenizer, out):
    with open(path, "rb") as file:
        r = Reader(file.read())
    assert r.data[:4] == b"GGUF"
    r.at = 4
    version, tensors, fields = r.take("<I"), r.take("<Q"), r.take("<Q")
    assert version == 3
    meta = {r.text(): r.value(r.take("<I")) for _ in range(fields)}
    index = []
    for _ in range(tensors):
        name, dims = r.text(), r.take("<I")
        shape = [r.take("<Q") for _ in range(dims)][::-1]
        index.append((name, shape, r.take("<I"), r.take("<Q")))
    start = -(-r.at // 32) * 32
    spm = sentencepiece.SentencePieceProcessor(model_file=tokenizer)
    pieces = meta["tokenizer.ggml.tokens"]
    assert pieces == [spm.id_to_piece(i) for i in range(spm.vocab_size())], "another tokenizer: its pieces differ"
    assert np.allclose(meta["tokenizer.ggml.scores"], [spm.get_score(i) for i in range(len(pieces))])

    theirs = {"token_embd.weight": "embed", "output_norm.weight": "out_norm"}
    for i in range(meta["llama.block_count"]):
        theirs |= {f"blk.{i}.{t}.weight": f"blocks.{i}.{o}" for o, t in NAMES.items()}
    weights = {
        theirs[name]: torch.from_numpy(decode(r.data[start + offset:], kind, shape).astype(np.float32))
        for name, shape, kind, offset in index
    }
    config = Config(vocab=meta["llama.vocab_size"], width=meta["llama.embedding_length"],
                    layers=meta["llama.block_count"], heads=meta["llama.attention.head_count"],
                    hidden=meta["llama.feed_forward_length"], context=meta["llama.context_length"],
                    rope_base=meta["llama.rope.freq_base"])
    torch.save(dict(weights=weights, config=config.__dict__, step=0, tokens=0), out)
    print(out, len(weights), "tensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
