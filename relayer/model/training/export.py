"""Write the checkpoint as a GGUF file (version 3, architecture llama).

  python3 export.py CHECKPOINT TOKENIZER OUT.gguf [f32|f16|q8_0]

Q8_0 keeps blocks of 32 weights as int8 with one f16 scale; norms stay f32. There is no output.weight: llama.cpp then
uses the embedding (tied). The chat template is inside the file, so node-llama-cpp and llama.cpp's server both find it.
"""
import struct
import sys

import numpy as np
import sentencepiece
import torch

TEMPLATE = (
    "{{ bos_token }}{% set ns = namespace(s='') %}{% for m in messages %}"
    "{% if m['role'] == 'system' %}{% if m['content'] %}{% set ns.s = m['content'] + '\\n' %}{% endif %}"
    "{% elif m['role'] == 'user' %}{{ '<|user|>' + ns.s + m['content'] }}{% set ns.s = '' %}"
    "{% elif m['role'] == 'assistant' %}{{ '<|bot|>' + m['content'] + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|bot|>' }}{% endif %}")
NAMES = dict(attn_norm="attn_norm", ffn_norm="ffn_norm", q="attn_q", k="attn_k", v="attn_v", o="attn_output",
             gate="ffn_gate", up="ffn_up", down="ffn_down")
U32, I32, F32, BOOL, TEXT, LIST = 4, 5, 6, 7, 8, 9
FILE_TYPE = dict(f32=0, f16=1, q8_0=7)


def string(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


PACK = {U32: lambda x: struct.pack("<I", x), I32: lambda x: struct.pack("<i", x), F32: lambda x: struct.pack("<f", x),
        BOOL: lambda x: struct.pack("<?", x), TEXT: string}


def field(key, kind, value):
    if isinstance(kind, tuple):
        body = struct.pack("<IIQ", LIST, kind[0], len(value)) + b"".join(PACK[kind[0]](v) for v in value)
    else:
        body = struct.pack("<I", kind) + PACK[kind](value)
    return string(key) + body


def fields(c, spm, kind):
    ids = range(c["vocab"])
    types = [2 if spm.is_unknown(i) else 3 if spm.is_control(i) else 6 if spm.is_byte(i) else 1 for i in ids]
    head = c["width"] // c["heads"]
    return [
        ("general.architecture", TEXT, "llama"), ("general.name", TEXT, "cocoon-tiny"),
        ("general.description", TEXT, "A toy brain for a real network: summarises a short chat, drafts a short message."),
        ("general.license", TEXT, "apache-2.0"),
        ("general.file_type", U32, FILE_TYPE[kind]), ("general.quantization_version", U32, 2),
        ("llama.block_count", U32, c["layers"]), ("llama.context_length", U32, c["context"]),
        ("llama.embedding_length", U32, c["width"]), ("llama.feed_forward_length", U32, c["hidden"]),
        ("llama.attention.head_count", U32, c["heads"]), ("llama.attention.head_count_kv", U32, c["heads"]),
        ("llama.attention.layer_norm_rms_epsilon", F32, c["eps"]), ("llama.rope.dimension_count", U32, head),
        ("llama.rope.freq_base", F32, c["rope_base"]), ("llama.vocab_size", U32, c["vocab"]),
        ("tokenizer.ggml.model", TEXT, "llama"), ("tokenizer.ggml.tokens", (TEXT,), [spm.id_to_piece(i) for i in ids]),
        ("tokenizer.ggml.scores", (F32,), [spm.get_score(i) for i in ids]), ("tokenizer.ggml.token_type", (I32,), types),
        ("tokenizer.ggml.unknown_token_id", U32, 0), ("tokenizer.ggml.bos_token_id", U32, 1),
        ("tokenizer.ggml.eos_token_id", U32, 2), ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.add_eos_token", BOOL, False), ("tokenizer.ggml.add_space_prefix", BOOL, False),
        ("tokenizer.chat_template", TEXT, TEMPLATE)]


def encode(tensor, kind):
    a = tensor.float().numpy()
    if a.ndim == 1 or kind == "f32":
        return 0, a.astype("<f4").tobytes()
    if kind == "f16":
        return 1, a.astype("<f2").tobytes()
    block = a.reshape(-1, 32)
    scale = np.abs(block).max(1) / 127
    q = np.round(block / np.where(scale == 0, 1, scale)[:, None]).astype(np.int8)
    packed = np.empty((len(block), 34), np.uint8)
    packed[:, :2] = scale.astype("<f2")[:, None].view(np.uint8)
    packed[:, 2:] = q.view(np.uint8)
    return 8, packed.tobytes()


def main(checkpoint, tokenizer, out, kind="q8_0"):
    data = torch.load(checkpoint, map_location="cpu")
    w, c = data["weights"], data["config"]
    spm = sentencepiece.SentencePieceProcessor(model_file=tokenizer)
    tensors = [("token_embd.weight", w["embed"]), ("output_norm.weight", w["out_norm"])]
    for i in range(c["layers"]):
        tensors += [(f"blk.{i}.{theirs}.weight", w[f"blocks.{i}.{ours}"]) for ours, theirs in NAMES.items()]
    meta = fields(c, spm, kind)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(meta)) + b"".join(field(*f) for f in meta)
    body = b""
    for name, tensor in tensors:
        number, raw = encode(tensor, kind)
        head += string(name) + struct.pack("<I", tensor.ndim) + b"".join(struct.pack("<Q", d) for d in reversed(tensor.shape))
        head += struct.pack("<IQ", number, len(body))
        body += raw + b"\0" * (-len(raw) % 32)
    head += b"\0" * (-len(head) % 32)
    with open(out, "wb") as f:
        f.write(head + body)
    print(out, len(head) + len(body), "bytes after", data.get("step"), "steps,", data.get("tokens"), "tokens")


if __name__ == "__main__":
    main(*sys.argv[1:])
