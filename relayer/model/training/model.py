"""The network: a plain llama (RMSNorm, rotary positions, SwiGLU, tied embeddings) small enough for one CPU core.

Rotary pairs are interleaved (0,1), (2,3), ... as llama.cpp expects for the architecture "llama", so the
exporter needs no permutation.
"""
from dataclasses import asdict, dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 2048
    width: int = 192
    layers: int = 4
    heads: int = 6
    hidden: int = 512
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        def weight(out, inp, gain=1.0):
            return nn.Parameter(torch.randn(out, inp) * gain * inp ** -0.5)
        self.attn_norm = nn.Parameter(torch.ones(c.width))
        self.ffn_norm = nn.Parameter(torch.ones(c.width))
        self.q = weight(c.width, c.width)
        self.k = weight(c.width, c.width)
        self.v = weight(c.width, c.width)
        self.o = weight(c.width, c.width, 0.2)
        self.gate = weight(c.hidden, c.width)
        self.up = weight(c.hidden, c.width)
        self.down = weight(c.width, c.hidden, 0.2)


class Llama(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.embed = nn.Parameter(torch.randn(c.vocab, c.width) * 0.02)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.out_norm = nn.Parameter(torch.ones(c.width))
        head = c.width // c.heads
        angle = torch.arange(c.context).float()[:, None] * c.rope_base ** (-torch.arange(0, head, 2).float() / head)
        self.turn = torch.polar(torch.ones_like(angle), angle)

    def norm(self, x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.config.eps) * weight

    def rotate(self, x, length):
        pairs = torch.view_as_complex(x.float().contiguous().unflatten(-1, (-1, 2)))
        return torch.view_as_real(pairs * self.turn[:length]).flatten(-2).to(x.dtype)

    def forward(self, tokens, select=None, dtype=torch.float32):
        """Logits for all positions, or only for the flat positions in `select` (saves the output layer)."""
        c = self.config
        batch, length = tokens.shape
        head = c.width // c.heads
        h = F.embedding(tokens, self.embed)
        mask = torch.full((length, length), -1e9).triu(1).to(dtype)
        for b in self.blocks:
            x = self.norm(h, b.attn_norm).to(dtype)
            qkv = F.linear(x, torch.cat((b.q, b.k, b.v)).to(dtype))
            q, k, v = qkv.view(batch, length, 3, c.heads, head).permute(2, 0, 3, 1, 4)
            q, k = self.rotate(q, length) * head ** -0.5, self.rotate(k, length)
            att = torch.softmax(torch.matmul(q, k.transpose(-1, -2)) + mask, -1)
            mixed = torch.matmul(att, v).transpose(1, 2).reshape(batch, length, c.width)
            h = h + F.linear(mixed, b.o.to(dtype)).float()
            x = self.norm(h, b.ffn_norm).to(dtype)
            gate, up = F.linear(x, torch.cat((b.gate, b.up)).to(dtype)).chunk(2, -1)
            h = h + F.linear(F.silu(gate) * up, b.down.to(dtype)).float()
        if select is not None:
            h = h.reshape(-1, c.width)[select]
        return F.linear(self.norm(h, self.out_norm).to(dtype), self.embed.to(dtype)).float()


def save(model: Llama, path: str, **extra):
    torch.save(dict(config=asdict(model.config), weights=model.state_dict(), **extra), path)


def load(path: str) -> Llama:
    data = torch.load(path, map_location="cpu")
    model = Llama(Config(**data["config"]))
    model.load_state_dict(data["weights"])
    return model.eval()
