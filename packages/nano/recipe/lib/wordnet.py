"""WordNet 3.0's dictionary files (Debian: wordnet-base): base forms of verbs, and words of like meaning.

Used to make questions: "When did it win?" from "It won", and other words than the sentence's own.
"""

from pathlib import Path

PARTS = ("noun", "verb", "adj", "adv")
ENDINGS = [("ies", "y"), ("ied", "y"), ("es", "e"), ("es", ""), ("s", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")]
MAX_ALIKE = 4


class WordNet:
    def __init__(self, folder):
        folder = Path(folder)
        self.verbs, self.nouns, self.adjectives = (self.index(folder, part) for part in ("verb", "noun", "adj"))
        self.irregular = dict(
            line.split()[:2] for line in (folder / "verb.exc").read_text(encoding="utf-8").split("\n") if " " in line
        )
        self.alike = {}
        for part in PARTS:
            for group in self.groups(folder, part):
                for word in group:
                    others = self.alike.setdefault(word, [])
                    if len(others) < MAX_ALIKE:
                        others += [other for other in group if other != word and other not in others]

    @staticmethod
    def index(folder, part):
        """Word -> how many senses it has, as this part of speech, that texts were tagged with."""
        found = {}
        for line in (folder / f"index.{part}").read_text(encoding="utf-8").split("\n"):
            if line and line[0] != " ":
                fields = line.split()
                pointers = int(fields[3])
                found[fields[0]] = int(fields[5 + pointers])
        return found

    @staticmethod
    def groups(folder, part):
        """Synsets of plain lower-case words, commonest sense first in the index's order."""
        at = {}
        data = (folder / f"data.{part}").read_text(encoding="utf-8").split("\n")
        for line in data:
            if line and line[0] != " ":
                fields = line.split()
                count = int(fields[3], 16)
                at[fields[0]] = [fields[4 + 2 * i].split("(")[0] for i in range(count)]
        for line in (folder / f"index.{part}").read_text(encoding="utf-8").split("\n"):
            if line and line[0] != " ":
                fields = line.split()
                pointers, tagged = int(fields[3]), int(fields[5 + int(fields[3])])
                if tagged == 0:
                    continue  # a word that no tagged text held: its synonyms are dictionary dust
                first = fields[6 + pointers]
                group = [word for word in at[first] if word.islower() and word.isalpha()]
                if len(group) > 1 and fields[0] in group:
                    yield [fields[0], *[word for word in group if word != fields[0]]]

    def verb_base(self, word):
        """The base form of a verb's past or third person, or None."""
        word = word.lower()
        if word in self.irregular and self.irregular[word] in self.verbs:
            return self.irregular[word]
        for ending, base in ENDINGS:
            if word.endswith(ending) and word[: -len(ending)] + base in self.verbs and ending not in ("ing",):
                return word[: -len(ending)] + base
        return None

    def is_verb_here(self, word):
        """Whether a lower-case word in a verb's place is one: a past form, or a third person seen more as verb than noun."""
        base = self.verb_base(word)
        if base is None:
            return False
        if word.endswith("ed") or word in self.irregular:
            return word not in self.adjectives
        return word.endswith("s") and self.verbs[base] > self.nouns.get(base, 0)

    def reworded(self, random, text, share=0.4):
        """The text with some plain words exchanged for words of like meaning."""
        words = text.split(" ")
        for i, word in enumerate(words):
            plain = word.strip(".,;:?!\"'()")
            others = self.alike.get(plain)
            if others and len(plain) > 3 and random.random() < share:
                words[i] = word.replace(plain, random.choice(others))
        return " ".join(words)


def sections(folder, lines_each=12):
    """Glosses as text to read, a dozen lines a section: alone they would outnumber all other sections."""
    words, lines = [], []
    for word, said in glosses(folder):
        words.append(word)
        lines += said
        if len(lines) >= lines_each:
            yield {"h": f"Words: {words[0]} to {words[-1]}", "s": lines}
            words, lines = [], []
    if len(lines) > 1:
        yield {"h": f"Words: {words[0]} to {words[-1]}", "s": lines}


def glosses(folder):
    """-> word, its definition and examples as sentences."""
    for part in PARTS:
        for line in (Path(folder) / f"data.{part}").read_text(encoding="utf-8").split("\n"):
            if not line or line[0] == " " or "|" not in line:
                continue
            word = line.split()[4].split("(")[0].replace("_", " ")
            pieces = [piece.strip().strip('"') for piece in line.split("|", 1)[1].split(";")]
            pieces = [piece for piece in pieces if len(piece) > 15]
            if pieces:
                verb = "is" if part == "noun" else "means"
                examples = [f"{piece[0].upper()}{piece[1:]}{'' if piece[-1] in '.!?' else '.'}" for piece in pieces[1:]]
                yield word, [f"{word[0].upper()}{word[1:]} {verb} {pieces[0]}.", *examples]
