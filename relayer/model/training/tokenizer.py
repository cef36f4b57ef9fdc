"""Train the tokenizer (2,048 BPE pieces with byte fallback) on generated text.

  python3 tokenizer.py DIR        writes DIR/tok.model

A space before a capital letter is always a piece of its own: a name then has the same pieces at the start of a chat
line ("\\nAnna: ...") and inside an answer ("... Anna will come"), which makes copying it a plain look-up.
Digits are single pieces.
"""
import random
import re
import sys

import sentencepiece

from examples import conversation

VOCAB, SEED, COUNT = 2048, 7, 40000
USER, BOT = "<|user|>", "<|bot|>"


def main(folder):
    rng = random.Random(SEED)
    with open(folder + "/spm.txt", "w") as f:
        for _ in range(COUNT):
            for turn in conversation(rng)["turns"]:
                for text in turn:
                    f.write(re.sub(r" (?=[^\W\d_a-z])", " \n", text) + "\n")
    sentencepiece.SentencePieceTrainer.train(
        input=folder + "/spm.txt", model_prefix=folder + "/tok", model_type="bpe", vocab_size=VOCAB, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=False, split_digits=True,
        control_symbols=[USER, BOT], unk_id=0, bos_id=1, eos_id=2, pad_id=-1, character_coverage=0.9995, num_threads=1,
        max_sentencepiece_length=16, allow_whitespace_only_pieces=False, minloglevel=2)
    spm = sentencepiece.SentencePieceProcessor(model_file=folder + "/tok.model")
    bad = [p for p in (spm.id_to_piece(i) for i in range(VOCAB)) if re.match("▁[A-Z]", p)]
    assert not bad, bad


if __name__ == "__main__":
    main(sys.argv[1])
