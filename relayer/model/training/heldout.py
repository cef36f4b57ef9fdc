"""Write the 500 held-out examples: python3 heldout.py ../eval/heldout.json

Another seed, and every personal or proper place name comes from the tenth that training never draws. Task words
(nouns, verbs, instructions) are shared with training.
"""
import json
import random
import sys

from examples import example

if __name__ == "__main__":
    rng = random.Random(987654)
    rows = []
    for i in range(500):
        e = example(rng, held=True)
        (prompt, answer), = e["turns"]
        rows.append(dict(kind=e["kind"], prompt=prompt, answer=answer, names=e["names"], facts=e["facts"]))
    with open(sys.argv[1], "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n]\n")
