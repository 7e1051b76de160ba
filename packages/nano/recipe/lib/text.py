"""All sections a model learns from, by the options that every trainer shares."""

import json
from pathlib import Path

from lib import facts, wordpiece
from lib.corpus import default_corpus, read_sections, read_written, without_evaluation
from lib.run import replace_whole, require
from lib.store import fact_sections, prepare
from lib.wordnet import WordNet

SMOKE_SECTIONS = 600


def add_text_arguments(parser):
    parser.add_argument("--corpus", action="append", help="sections, a file or a folder; may be given again")
    parser.add_argument("--wordnet", help="WordNet's dictionary folder; default what fetch-text left")
    parser.add_argument("--facts", type=int, default=40_000, help="made-up sections")
    parser.add_argument("--questions-each", type=int, default=3, help="rule-made questions a sentence")
    parser.add_argument("--workers", type=int, help="processes that make rows; default all cores but one")
    parser.add_argument("--prepare-only", action="store_true", help="tokenizer and store, then end")


def read_text(options):
    fetched = Path(options.work).parent / "text"
    corpora = options.corpus or [default_corpus(), *([fetched] if fetched.exists() else [])]
    if options.smoke:
        corpora = corpora[:1]
    most = SMOKE_SECTIONS if options.smoke else None
    sections = [section for path in corpora for section in read_sections(path, most)]
    sections += read_written() + fact_sections(facts.sections(options.facts, options.seed))
    sections, dropped = without_evaluation(sections, default_corpus().parents[1] / "eval")
    sentences = sum(len(section.sentences) for section in sections)
    print(f"{len(sections)} sections, {sentences} sentences; {dropped} left out as part of an evaluation set", flush=True)
    return sections


def find_wordnet(options):
    folder = Path(options.wordnet) if options.wordnet else Path(options.work).parent / "wordnet"
    if (folder / "data.verb").exists():
        return WordNet(folder)
    if options.wordnet:
        require(folder / "data.verb", "WordNet's dictionary files", "They come with Debian's wordnet-base.")
    print("no WordNet (`npm run recipe -- fetch-text` gets it): questions are made by simpler rules", flush=True)
    return None


def learning_texts(sections):
    return (" ".join([section.heading, *section.sentences]) for section in sections if not section.held)


def read_wordpiece(work, sections, size):
    path = work / "pieces.json"
    if path.exists():
        pieces = json.loads(path.read_text(encoding="utf-8"))
        if len(pieces) == size:
            return wordpiece.WordPiece(pieces)
    pieces = wordpiece.learn(learning_texts(sections), size)
    replace_whole(path, lambda file: file.write(json.dumps(pieces).encode()))
    return wordpiece.WordPiece(pieces)


def prepare_wordpiece(options, work):
    """What an encoder learns from -> sections, tokenizer, store. `options.vocabulary` becomes the true size."""
    sections = read_text(options)
    tokenizer = read_wordpiece(work, sections, options.vocabulary)
    options.vocabulary = len(tokenizer)
    wordnet = find_wordnet(options)
    return sections, tokenizer, prepare(work / "store", sections, tokenizer, wordnet, options.questions_each, options.seed)
