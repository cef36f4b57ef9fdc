"""Do the free-form or held-out prompts occur in the training data? python3 overlap.py ../eval EXAMPLES [SHARD]

Counts prompts, and chat lines of more than four words, that occur word for word in the EXAMPLES training examples from
shard number SHARD (0) on.
"""
import json
import random
import sys

from examples import conversation
from shards import EXAMPLES

if __name__ == "__main__":
    folder, count, first = sys.argv[1], int(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])
    sets = {"freeform": [p["prompt"] for p in json.load(open(folder + "/freeform.json"))["prompts"]],
            "heldout": [p["prompt"] for p in json.load(open(folder + "/heldout.json"))]}
    prompts, lines = set(), set()
    for i in range(count):
        if i % EXAMPLES == 0:
            rng = random.Random(1000 + first + i // EXAMPLES)
        for user, _ in conversation(rng)["turns"]:
            prompts.add(user)
            lines.update(user.split("\n"))
    for name, rows in sets.items():
        own = [x for p in rows for x in p.split("\n") if len(x.split()) > 4]
        print(name, len(rows), "prompts,", sum(p in prompts for p in rows), "occur in training;", len(own), "lines,", sum(x in lines for x in own), "occur;",
              [p for p in rows if p in prompts][:30])
