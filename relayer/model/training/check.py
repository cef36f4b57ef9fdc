"""Fixtures for evaluate.mjs --check: python3 check.py CHECKPOINT TOKENIZER OUT.json

Texts with the trainer's token ids, and fp32 logits of one prompt, to compare with what llama.cpp computes.
"""
import json
import random
import sys

import sentencepiece
import torch

from examples import example
from model import load

PROMPT = "Summarise this chat:\nAnna: dinner at Luigi's on Friday at 7:30pm?\nZorvek: I'm in!\nCarla: Sorry, I can't, I have an exam"
ODD = ["Привет 👍  two  spaces\n\nnewlines\ttab", "  lead", "don't\r\nx", "日本語 é ñ ü", "a+b*c/{}#", "Anna  Bob ANNA aNNa"]

if __name__ == "__main__":
    checkpoint, tokenizer, out = sys.argv[1:]
    spm = sentencepiece.SentencePieceProcessor(model_file=tokenizer)
    rng, texts = random.Random(4242), list(ODD)
    for i in range(1000):
        texts += example(rng, i % 2 == 0)["turns"][0]
    ids = [1, spm.piece_to_id("<|user|>")] + spm.encode(PROMPT) + [spm.piece_to_id("<|bot|>")]
    with torch.no_grad():
        logits = load(checkpoint)(torch.tensor([ids]))[0]
    at = [5, len(ids) // 2, len(ids) - 1]
    json.dump(dict(tokens=[[t, spm.encode(t)] for t in texts], ids=ids, positions=at, logits=[[round(v, 4) for v in logits[i].tolist()] for i in at]), open(out, "w"))
