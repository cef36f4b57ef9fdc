"""Train on one CPU thread: Muon for the matrices, AdamW for embedding and norms.

  OMP_NUM_THREADS=1 OPENBLAS_CORETYPE=SKYLAKEX /usr/bin/python3 train.py --data DIR --out model.pt --steps N

fp32 is the default: on the CPU used here OpenBLAS in fp32 was faster than bf16 (measure, it depends on the machine).

`--steps` alone is the reproducible mode. `--minutes M` adds a wall-clock fallback for a busy machine: the learning
rate follows whichever of the two is further on, so a run always ends fully decayed.
"""
import argparse
import glob
import time

import numpy as np
import torch
import torch.nn.functional as F

from model import Config, Llama, save

PROMPT_SHARE, PROMPT_WEIGHT = 0.15, 0.4   # at first a few prompt positions are learnt too: it helps copying


class Data:
    """Length-bucketed batches over pre-tokenised shards; one pass over a shard, then the next one."""

    def __init__(self, folder, tokens_per_batch, seed):
        self.files = sorted(glob.glob(folder + "/shard*.npz"))
        assert self.files, "no shards in " + folder
        self.size, self.rng = tokens_per_batch, np.random.default_rng(seed)

    def batches(self):
        while True:
            for name in self.files:
                d = np.load(name)
                ids, answer, start = d["ids"].astype(np.int64), d["answer"], d["start"]
                length = np.diff(start)
                order = self.rng.permutation(len(length))
                for i in range(0, len(order), 4096):
                    pool = order[i:i + 4096]
                    pool = pool[np.argsort(length[pool], kind="stable")]
                    groups, current = [], []
                    for j in pool:
                        if current and (len(current) + 1) * length[j] > self.size:
                            groups.append(current)
                            current = []
                        current.append(j)
                    groups.append(current)
                    for g in self.rng.permutation(len(groups)):
                        yield self.tensors(groups[g], ids, answer, start, length)

    def tensors(self, group, ids, answer, start, length):
        width = max(length[j] for j in group)
        x = np.full((len(group), width), 2)
        kind = np.zeros((len(group), width), np.int8)      # 0 padding, 1 prompt, 2 answer
        for row, j in enumerate(group):
            x[row, :length[j]] = ids[start[j]:start[j + 1]]
            kind[row, :length[j]] = answer[start[j]:start[j + 1]] + 1
        target, kind = x[:, 1:].ravel(), kind[:, 1:].ravel()
        keep = (kind == 2) | ((kind == 1) & (self.rng.random(kind.shape) < PROMPT_SHARE))
        select = np.where(keep)[0]
        weight = np.where(kind[select] == 2, 1.0, PROMPT_WEIGHT).astype(np.float32)
        x = np.ascontiguousarray(x[:, :-1])
        return tuple(torch.from_numpy(a) for a in (x, select, target[select], weight))


class Muon:
    """Momentum whose step is made orthogonal by five Newton-Schulz iterations (for 2-D weights)."""

    def __init__(self, params, momentum=0.95, decay=0.02):
        self.params, self.momentum, self.decay = params, momentum, decay
        self.buffers = [torch.zeros_like(p) for p in params]

    @staticmethod
    def orthogonal(g, dtype):
        x = g / (g.norm() + 1e-7)
        tall = x.shape[0] > x.shape[1]
        x = (x.T if tall else x).to(dtype)
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return (x.T if tall else x).float()

    @torch.no_grad()
    def step(self, lr, dtype):
        for p, buffer in zip(self.params, self.buffers):
            buffer.mul_(self.momentum).add_(p.grad)
            update = self.orthogonal(p.grad + self.momentum * buffer, dtype)
            scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
            p.mul_(1 - self.decay * lr).add_(update, alpha=-lr * scale)
            p.grad = None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--data", required=True)
    a.add_argument("--out", required=True)
    a.add_argument("--steps", type=int, required=True)
    a.add_argument("--minutes", type=float, default=1e9)
    a.add_argument("--until", type=float, default=0, help="the same as --minutes, as a unix time")
    a.add_argument("--batch", type=int, default=4096, help="tokens a step")
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--lr-matrix", type=float, default=0.02)
    a.add_argument("--lr-rest", type=float, default=0.003)
    a.add_argument("--decay", type=float, default=0.6, help="last part of the run over which the rate falls to 0")
    a.add_argument("--prompts-until", type=float, default=0.42, help="part of the run in which prompt positions are learnt too")
    a.add_argument("--save-every", type=int, default=300)
    a.add_argument("--layers", type=int, default=Config.layers)
    a.add_argument("--width", type=int, default=Config.width)
    a.add_argument("--heads", type=int, default=Config.heads)
    a.add_argument("--hidden", type=int, default=Config.hidden)
    a.add_argument("--bf16", action="store_true")
    a.add_argument("--init", help="start from these weights with fresh optimisers (a second run with a lower rate)")
    a.add_argument("--resume", action="store_true", help="go on from OUT.part (same data order)")
    a.add_argument("--vocab", type=int, default=Config.vocab)
    o = a.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(o.seed)
    dtype = torch.bfloat16 if o.bf16 else torch.float32
    model = Llama(Config(vocab=o.vocab, width=o.width, layers=o.layers, heads=o.heads, hidden=o.hidden))
    if o.init:
        model.load_state_dict(torch.load(o.init)["weights"])
    print("weights", sum(p.numel() for p in model.parameters()), flush=True)
    named = dict(model.named_parameters())
    matrices = [p for n, p in named.items() if p.ndim == 2 and n != "embed"]
    rest = [p for n, p in named.items() if p.ndim != 2 or n == "embed"]
    muon = Muon(matrices)
    adam = torch.optim.AdamW(rest, lr=o.lr_rest, betas=(0.9, 0.98), weight_decay=0.0)

    begin, step, seen, mean, skip = time.time(), 0, 0, None, 0
    if o.resume:
        old = torch.load(o.out + ".part")
        model.load_state_dict(old["weights"])
        adam.load_state_dict(old["adam"])
        for buffer, value in zip(muon.buffers, old["momentum"]):
            buffer.copy_(value)
        step, seen, skip = old["step"], old["tokens"], old["step"]
        begin -= old["seconds"]
    wall = (o.until - begin) if o.until else o.minutes * 60
    for x, select, target, weight in Data(o.data, o.batch, o.seed).batches():
        if skip:
            skip -= 1
            continue
        progress = max(step / o.steps, (time.time() - begin) / wall)
        if progress >= 1:
            break
        if progress >= o.prompts_until:
            keep = weight == 1
            select, target, weight = select[keep], target[keep], weight[keep]
        rate = min(1.0, (step + 1) / 60) * min(1.0, (1 - progress) / o.decay + 0.003)
        each = F.cross_entropy(model(x, select, dtype), target, reduction="none")
        ((each * weight).sum() / weight.sum()).backward()
        muon.step(o.lr_matrix * rate, dtype)
        for group in adam.param_groups:
            group["lr"] = o.lr_rest * rate
        adam.step()
        adam.zero_grad(set_to_none=True)
        step, seen = step + 1, seen + x.numel()
        loss = each[weight == 1].mean().item()
        mean = loss if mean is None else 0.97 * mean + 0.03 * loss
        if step % 50 == 0 or step == 5:
            used = time.time() - begin
            print(f"step {step} {used:.0f}s {seen / 1e6:.2f}M tokens {seen / used:.0f} tok/s answer loss {mean:.4f} rate {rate:.3f}", flush=True)
        if step % o.save_every == 0:
            save(model, o.out + ".part", step=step, tokens=seen, seconds=time.time() - begin, adam=adam.state_dict(), momentum=muon.buffers)
    save(model, o.out, step=step, tokens=seen)
    print("done", step, "steps", seen, "tokens", round(time.time() - begin), "s", flush=True)


if __name__ == "__main__":
    main()
