"""Reads the text that models learn from, all of it as sections: a heading and its sentences.

Three places: the corpus of open documentation (`natural.jsonl.gz`, lines `{"h", "s"}`), text that `fetch-text` got from
Debian's documentation packages (the same lines with `source` and `licence`), and the questions written for this project
(data/README.md). A section is held out by its place: no model ever learns from those, so scores stay comparable.
"""

import gzip
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from lib.run import require

RECIPE = Path(__file__).resolve().parents[1]
PACKAGE = RECIPE.parent
QUESTIONS = RECIPE / "data/questions"
HELD_OUT_EVERY, HELD_OUT_AT = 50, 7
MAX_SENTENCE, MIN_SENTENCE = 600, 8
# Headings between which a file's sections are under no open licence, the second one excluded: the 37signals handbook asks
# others not to use its words.
NOT_OPEN = (("37signals Employee Handbook", "📘 Sourcegraph handbook"),)


@dataclass
class Section:
    heading: str
    sentences: list
    held: bool
    source: str
    # (question, index of its sentence), written by people or made with the text
    questions: list = field(default_factory=list)
    unanswerable: list = field(default_factory=list)


def default_corpus():
    import os

    return Path(os.environ.get("ADVISOR_SHARED", PACKAGE.parents[2] / "shared")) / "corpus/natural.jsonl.gz"


def is_held_out(index):
    return index % HELD_OUT_EVERY == HELD_OUT_AT


def lines_of(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if str(path).endswith(".gz") else open(path, encoding="utf-8")
    with opened as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError as error:
                    raise SystemExit(f"{path}, line {number}: not JSON ({error})") from None


def clean(sentence):
    return re.sub(r"\s+", " ", sentence).strip()


def read_sections(path, most=None):
    """`path`: a .jsonl or .jsonl.gz of sections, or a folder of them. `most`: how many of them."""
    path = Path(path)
    require(path, "the corpus of sections", "Run `npm run recipe -- fetch-text`, or name a file or folder with --corpus.")
    files = sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")]) if path.is_dir() else [path]
    found = []
    for file in files:
        until = None
        for number, (line, row) in enumerate(lines_of(file)):
            if most is not None and len(found) >= most:
                break
            try:
                sentences = [clean(sentence) for sentence in row["s"]]
                heading = clean(row["h"])
            except (KeyError, TypeError) as error:
                raise SystemExit(f"{file}, line {line}: a section needs `h` and `s` ({error})") from None
            until = None if heading == until else next((end for begin, end in NOT_OPEN if heading == begin), until)
            if until:
                continue
            sentences = [text for text in sentences if MIN_SENTENCE <= len(text) <= MAX_SENTENCE]
            if sentences:
                found.append(Section(heading[:120], sentences, is_held_out(number), row.get("source", file.name)))
    if not found:
        raise SystemExit(f"{path} holds no sections: nothing to learn from")
    return found


def read_written(folder=QUESTIONS):
    """Passages with questions written by people, as data/README.md lays them down. None yet is no error."""
    found, seen = [], {}
    for file in sorted(Path(folder).glob("*.jsonl")):
        for number, row in lines_of(file):
            where = f"{file}, line {number}"
            problem = check_written(row)
            if problem:
                raise SystemExit(f"{where}: {problem}; see data/README.md")
            if row["id"] in seen:
                raise SystemExit(f"{where}: the id {row['id']} stands at {seen[row['id']]} too")
            seen[row["id"]] = where
            questions = [(asked["q"], asked["sentence"]) for asked in row["questions"]]
            found.append(
                Section(row["title"], row["sentences"], is_held_out(len(found)), "written", questions, row["unanswerable"])
            )
    return found


def check_written(row):
    """-> what is wrong with the row, or None."""
    fields = {"id", "title", "sentences", "questions", "unanswerable", "kind", "licence"}
    if not isinstance(row, dict) or set(row) - {"source"} != fields:
        return f"fields must be {', '.join(sorted(fields))}, and source where the text is another's"
    if not all(isinstance(row[name], str) and row[name] for name in ("id", "title", "kind", "licence")):
        return "id, title, kind and licence are strings"
    if not isinstance(row["sentences"], list) or len(row["sentences"]) < 2:
        return "sentences are at least two"
    if not all(isinstance(text, str) and text and "\n" not in text for text in row["sentences"] + row["unanswerable"]):
        return "sentences and unanswerable are strings of one line"
    for asked in row["questions"]:
        if set(asked) - {"standalone"} != {"q", "sentence", "answer"} or not asked["q"] or "\n" in asked["q"]:
            return "a question has q (one line), sentence, answer and perhaps standalone"
        if not isinstance(asked["sentence"], int) or not 0 <= asked["sentence"] < len(row["sentences"]):
            return f"question {asked['q']!r} names a sentence that is not there"
        if not asked["answer"] or asked["answer"] not in row["sentences"][asked["sentence"]]:
            return f"the answer of {asked['q']!r} does not stand in its sentence"
    return None


def without_evaluation(sections, folder):
    """Drops what holds a sentence of an evaluation set, where that folder is at hand -> sections, how many were dropped."""
    folder = Path(folder)
    known = set()
    for file in sorted(folder.glob("*/passages.jsonl")):
        for _, row in lines_of(file):
            for sentence in re.split(r"(?<=[.!?]) ", row["text"]):
                if len(sentence) > 40:
                    known.add(squash(sentence))
    kept = [section for section in sections if not any(squash(text) in known for text in section.sentences)]
    return kept, len(sections) - len(kept)


def squash(text):
    return re.sub(r"\W+", " ", text.lower()).strip()
