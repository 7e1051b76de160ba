"""The base's SentencePiece BPE, read from its GGUF; gives the same ids as llama.cpp (score.mjs checks it)."""

import re

CONTROL, USER_DEFINED = 3, 4
SPACE = "\u2581"
# No learned piece spans a word's end, so words are encoded one by one.
WORD = re.compile(f"{SPACE}*[^{SPACE}]+|{SPACE}+")


class Tokenizer:
    def __init__(self, metadata):
        pieces = metadata["tokenizer.ggml.tokens"]
        kinds = metadata["tokenizer.ggml.token_type"]
        self.pieces = pieces
        self.scores = metadata["tokenizer.ggml.scores"]
        self.ids = {piece: i for i, piece in enumerate(pieces)}
        self.control = {piece: i for i, piece in enumerate(pieces) if kinds[i] == CONTROL}
        defined = [re.escape(piece) for i, piece in enumerate(pieces) if kinds[i] == USER_DEFINED]
        self.defined = re.compile("(" + "|".join(defined) + ")") if defined else None
        self.bos = metadata["tokenizer.ggml.bos_token_id"]
        self.end = metadata["tokenizer.ggml.eos_token_id"]
        self.words = {}

    def encode(self, text):
        """Plain text: what looks like a control mark stays text."""
        ids = []
        for part in self.defined.split(text) if self.defined else [text]:
            if self.defined and self.defined.fullmatch(part):
                ids.append(self.ids[part])
                continue
            for word in WORD.findall(part.replace(" ", SPACE)):
                if word not in self.words:
                    self.words[word] = self.encode_word(word)
                ids += self.words[word]
        return ids

    def encode_word(self, word):
        parts = list(word)
        while True:
            best, where = None, -1
            for i in range(len(parts) - 1):
                token = self.ids.get(parts[i] + parts[i + 1])
                if token is not None and (best is None or self.scores[token] > best):
                    best, where = self.scores[token], i
            if best is None:
                break
            parts[where : where + 2] = [parts[where] + parts[where + 1]]
        ids = []
        for part in parts:
            if part in self.ids:
                ids.append(self.ids[part])
            else:
                ids += [self.ids[f"<0x{byte:02X}>"] for byte in part.encode("utf-8")]
        return ids

    def decode(self, ids):
        return "".join(self.pieces[i] for i in ids).replace(SPACE, " ")

    def chat(self, messages):
        """ChatML up to where the assistant's words begin."""
        start = self.control["<|im_start|>"]
        ids = [self.bos]
        for message in messages:
            ids += [start, *self.encode(f"{message['role']}\n{message['content']}"), self.end, *self.encode("\n")]
        return [*ids, start, *self.encode("assistant\n")]
