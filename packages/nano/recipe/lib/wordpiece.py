"""WordPiece as BERT's tokenizers do it, lower case and without accents; learned by merging pairs like any BPE."""

import json
import re
import unicodedata
from collections import Counter

from lib.tokenizer import merge_pairs

PAD, UNKNOWN, CLS, SEP = 0, 1, 2, 3
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PART = re.compile(r"[^\W_]+|[^\w\s]|_")
MAX_WORD = 100


def plain(text):
    text = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in text if unicodedata.category(letter) != "Mn")


class WordPiece:
    def __init__(self, pieces):
        self.pieces = pieces
        self.ids = {piece: i for i, piece in enumerate(pieces)}
        self.words = {}

    def __len__(self):
        return len(self.pieces)

    def encode(self, text):
        ids = []
        for word in PART.findall(plain(text)):
            if word not in self.words:
                self.words[word] = self.encode_word(word)
            ids += self.words[word]
        return ids

    def encode_word(self, word):
        """Longest piece first; a word that can't be made of pieces is unknown as a whole."""
        if len(word) > MAX_WORD:
            return [UNKNOWN]
        ids, at = [], 0
        while at < len(word):
            for end in range(len(word), at, -1):
                piece = ("##" if at else "") + word[at:end]
                if piece in self.ids:
                    ids.append(self.ids[piece])
                    at = end
                    break
            else:
                return [UNKNOWN]
        return ids

    def save(self, folder, pairs=False):
        """What transformers.js reads. `pairs`: [CLS] a [SEP] b [SEP]; otherwise nothing is added."""
        added = [
            {"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
            for i, text in enumerate(SPECIAL)
        ]  # fmt: skip
        after = {"type": "BertProcessing", "sep": ["[SEP]", SEP], "cls": ["[CLS]", CLS]} if pairs else None
        whole = {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": True, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": after,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": MAX_WORD, "vocab": self.ids},
        }  # fmt: skip
        settings = {
            "tokenizer_class": "BertTokenizer", "model_max_length": 512, "do_lower_case": True, "pad_token": "[PAD]",
            "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
        }  # fmt: skip
        (folder / "tokenizer.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))


def learn(texts, size):
    """-> pieces. Digits stay single, so that numbers share pieces."""
    counted = Counter()
    for text in texts:
        counted.update(PART.findall(plain(text)))
    letters = Counter()
    for word, count in counted.items():
        for letter in word:
            letters[letter] += count
    kept = {letter for letter, count in letters.items() if count > 5 and ord(letter) < 0x3000} | set("0123456789")
    words, counts = [], []
    for word, count in sorted(counted.items()):
        if len(word) > 1 and count > 1 and set(word) <= kept and not word.isdigit():
            words.append([word[0], *("##" + letter for letter in word[1:])])
            counts.append(count)
    single = sorted(kept)
    fixed = SPECIAL + single + ["##" + letter for letter in single if letter.isalnum()]
    return fixed + merge_pairs(words, counts, size - len(fixed), lambda a, b: a + b[2:])
