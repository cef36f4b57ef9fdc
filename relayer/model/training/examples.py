"""One training or evaluation example: the right mixture of tasks, sometimes with a system line or an earlier turn.

  python3 examples.py [SEED] [COUNT]      prints some
"""
import random
import sys

from chats import summary_task
from draw import Draw
from messages import message_task
from replies import reply_task
from smalltalk import smalltalk_task
from words import phrases

SYSTEM = phrases("""You are a helpful assistant.|You are a message assistant.|You summarise chats and write replies.|Answer briefly.|
You are a helpful AI assistant.|Be short and polite.|You help users with their messages.|You are an assistant in a messenger app.|
You are a tiny assistant in the Cocoon network.|Be brief.|You are a friendly bot.|Summarise chats and draft messages. Do not invent facts.""")
TASKS = [("summary", summary_task, 58), ("reply", reply_task, 22), ("message", message_task, 11), ("chat", smalltalk_task, 9)]


def example(rng, held=False, task=None):
    g = Draw(rng, held)
    f = task or rng.choices([f for _, f, _ in TASKS], [w for _, _, w in TASKS])[0]
    user, answer, kind = f(g)
    said = answer.lower()
    keep = lambda items: list(dict.fromkeys(i for i in items if i and i.lower() in said))
    return dict(turns=[[user, answer]], kind=kind, names=keep(g.names), facts=keep(g.facts))


def conversation(rng):
    e = example(rng)
    if rng.random() < .08:
        before = example(rng, task=rng.choice([smalltalk_task, smalltalk_task, reply_task, message_task]))
        e["turns"] = before["turns"] + e["turns"]
    if rng.random() < .06:
        e["turns"][0][0] = rng.choice(SYSTEM) + "\n" + e["turns"][0][0]
    return e


if __name__ == "__main__":
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 12):
        e = conversation(rng)
        for user, answer in e["turns"]:
            print(user, "\n  =>", answer)
        print("    ", e["kind"], e["names"], e["facts"], "\n")
