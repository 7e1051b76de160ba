"""SentencePiece BPE as llama.cpp does it (score.mjs checks that the ids agree), and learning one from text."""

import re
from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush

UNKNOWN, NORMAL, CONTROL, USER_DEFINED, BYTE = 2, 1, 3, 4, 6
SPACE = "\u2581"
SPECIAL = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL), ("<|im_start|>", CONTROL), ("<|im_end|>", CONTROL)]
# The line break is a piece of its own: lines are what the models copy.
DEFINED = [("\n", USER_DEFINED)]
BOS, START, END, NEWLINE = 1, 3, 4, 5
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# No learned piece spans a word's end, so words are encoded one by one.
WORD = re.compile(f"{SPACE}*[^{SPACE}]+|{SPACE}+")
# Within a word, letters, single digits and runs of signs are learned apart: "users." ends in the piece that "users" is.
PART = re.compile(rf"{SPACE}?[^\W\d_]+|\d|{SPACE}?(?:(?!{SPACE})[\W_])+|{SPACE}")
BYTE_PIECE = re.compile("<0x([0-9A-F]{2})>")
# Pieces of their own however rare in the text: prompts are made of them.
ASCII = [chr(code) for code in range(33, 127)]
# A sign-run longer than this is a ruler or a table's frame; learning it wastes a piece.
MAX_SIGNS = 3


class Tokenizer:
    def __init__(self, metadata):
        self.keys = {key: value for key, value in metadata.items() if key.startswith("tokenizer.ggml.")}
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

    def metadata(self):
        return self.keys

    def __len__(self):
        return len(self.pieces)

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
        raw = bytearray()
        for i in ids:
            piece = self.pieces[i]
            byte = BYTE_PIECE.fullmatch(piece)
            raw += bytes([int(byte[1], 16)]) if byte else piece.replace(SPACE, " ").encode()
        return raw.decode("utf-8", "replace")

    def chat(self, messages):
        """ChatML up to where the assistant's words begin."""
        start = self.control["<|im_start|>"]
        ids = [self.bos]
        for message in messages:
            ids += [start, *self.encode(f"{message['role']}\n{message['content']}"), self.end, *self.encode("\n")]
        return [*ids, start, *self.encode("assistant\n")]


def count_parts(texts):
    """How often each part of a word stands in the texts."""
    words = Counter()
    for text in texts:
        for line in text.split("\n"):
            words.update(WORD.findall(line.replace(" ", SPACE)))
    parts = Counter()
    for word, count in words.items():
        for part in PART.findall(word):
            parts[part] += count
    return parts


def merge_pairs(words, counts, room, join):
    """Byte-pair encoding (Sennrich et al. 2016): the commonest pair becomes a piece, again and again -> pieces in order.

    `words`: lists of pieces, each as often as `counts` says. Ties are broken by the pair itself, so the result is the
    same each time.
    """
    pairs, places = Counter(), defaultdict(set)
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += counts[i]
            places[pair].add(i)
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapify(heap)
    learned, known = [], set()
    while heap and len(learned) < room:
        count, pair = heappop(heap)
        if pairs[pair] != -count or count == 0:
            continue  # an older count of this pair
        piece = join(*pair)
        if piece not in known:
            known.add(piece)
            learned.append(piece)
        touched = set()
        for i in places.pop(pair):
            word = words[i]
            for old in zip(word, word[1:]):
                pairs[old] -= counts[i]
                touched.add(old)
            at, merged = 0, []
            while at < len(word):
                if at + 1 < len(word) and (word[at], word[at + 1]) == pair:
                    merged.append(piece)
                    at += 2
                else:
                    merged.append(word[at])
                    at += 1
            words[i] = merged
            for new in zip(merged, merged[1:]):
                pairs[new] += counts[i]
                places[new].add(i)
                touched.add(new)
        for each in touched:
            if pairs[each] > 0:
                heappush(heap, (-pairs[each], each))
    return learned


def learn(parts, size, coverage=0.9995):
    """A tokenizer of `size` pieces from counted parts -> its metadata. `coverage`: share of letters that are pieces."""
    letters = Counter()
    for part, count in parts.items():
        for letter in part:
            letters[letter] += count
    kept, seen, total = {SPACE, *ASCII}, 0, sum(letters.values())
    for letter, count in sorted(letters.items(), key=lambda item: (-item[1], item[0])):
        if seen > coverage * total:
            break
        seen += count
        kept.add(letter)
    words, counts = [], []
    for part, count in sorted(parts.items()):
        signs = not any(letter.isalnum() for letter in part)
        if count > 1 and len(part) > 1 and set(part) <= kept and not (signs and len(part) > MAX_SIGNS):
            words.append(list(part))
            counts.append(count)
    fixed = SPECIAL + DEFINED + [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    room = size - len(fixed) - len(kept)
    if room <= 0:
        raise SystemExit(f"a vocabulary of {size} has no room beside {len(fixed)} fixed pieces and {len(kept)} letters")
    learned = merge_pairs(words, counts, room, lambda a, b: a + b)
    ordered = fixed + [(piece, NORMAL) for piece in learned]
    ordered += [(letter, NORMAL) for letter in sorted(kept, key=lambda letter: (-letters[letter], letter))]
    pieces = [piece for piece, _ in ordered]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.scores": [0.0] * len(fixed) + [-float(i) for i in range(len(pieces) - len(fixed))],
        "tokenizer.ggml.token_type": [kind for _, kind in ordered],
        "tokenizer.ggml.bos_token_id": BOS,
        "tokenizer.ggml.eos_token_id": END,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.add_space_prefix": False,
    }
