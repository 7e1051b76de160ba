"""How many tokens a word costs with vocabularies of different sizes, on held-out text.

Usage: python3 -m base.vocabulary CORPUS... (files or folders of sections)
"""

import sys

from lib.corpus import read_sections
from lib.text import learning_texts
from lib.tokenizer import Tokenizer, count_parts, learn

SIZES = (8192, 12288, 16384, 24576)


def main():
    sections = [section for path in sys.argv[1:] for section in read_sections(path)]
    parts = count_parts(learning_texts(sections))
    held = [text for section in sections if section.held for text in section.sentences]
    words = sum(len(text.split()) for text in held)
    for size in SIZES:
        tokenizer = Tokenizer(learn(parts, size))
        tokens = sum(len(tokenizer.encode(text)) for text in held)
        print(f"{size} pieces: {tokens / words:.3f} tokens a word on {words} held-out words", flush=True)


main()
