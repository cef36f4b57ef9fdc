"""Pre-tokenise training examples: python3 shards.py DIR FIRST LAST   writes DIR/shard000.npz ... (seed = 1000 + number)

Format: <s><|user|>text<|bot|>answer</s>, repeated for every turn (without another <s>).
"""
import os
import random
import sys

import numpy as np
import sentencepiece

from examples import conversation
from tokenizer import BOT, USER

EXAMPLES, LONGEST = 40000, 320


def shard(folder, number, spm):
    rng = random.Random(1000 + number)
    user, bot = spm.piece_to_id(USER), spm.piece_to_id(BOT)
    ids, answer, start = [], [], [0]
    for _ in range(EXAMPLES):
        x, m = [1], [0]
        for question, reply in conversation(rng)["turns"]:
            p, q = [user] + spm.encode(question) + [bot], spm.encode(reply) + [2]
            x += p + q
            m += [0] * len(p) + [1] * len(q)
        if len(x) <= LONGEST:
            ids += x
            answer += m
            start.append(len(ids))
    name = f"{folder}/shard{number:03}.npz"
    with open(name + ".new", "wb") as f:
        np.savez(f, ids=np.array(ids, np.int16), answer=np.array(answer, np.int8), start=np.array(start, np.int64))
    os.rename(name + ".new", name)
    print(name, len(start) - 1, "examples", len(ids), "tokens", f"answers {sum(answer) / len(answer):.2f}", flush=True)


if __name__ == "__main__":
    folder, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    spm = sentencepiece.SentencePieceProcessor(model_file=folder + "/tok.model")
    for number in range(first, last + 1):
        shard(folder, number, spm)
