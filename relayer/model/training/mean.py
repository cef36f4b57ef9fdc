"""The mean of two checkpoints of one training line, weight by weight.

  python3 mean.py A.pt B.pt OUT.pt
"""
import sys

import torch


def main(first, second, out):
    a, b = (torch.load(name, map_location="cpu") for name in (first, second))
    assert a["config"] == b["config"], "two different networks"
    weights = {name: (value + b["weights"][name]) / 2 for name, value in a["weights"].items()}
    torch.save(dict(weights=weights, config=a["config"], step=b.get("step", 0), tokens=b.get("tokens", 0)), out)


if __name__ == "__main__":
    main(*sys.argv[1:])
