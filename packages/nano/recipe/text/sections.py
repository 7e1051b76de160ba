"""HTML and Mallard pages to sections: a heading and the sentences under it."""

import re
from html.parser import HTMLParser

HEADINGS = {"h1", "h2", "h3", "h4", "title"}
PROSE = {"p", "li", "dd"}
# What stands in these is no prose: code, tables, menus.
SKIPPED = {"script", "style", "pre", "nav", "table", "head", "footer", "code", "screen", "button", "form", "media"}
VOID = {"br", "hr", "img", "input", "link", "meta", "area", "base", "col", "embed", "source", "wbr"}
# `code` within a sentence is part of it.
INLINE_CODE = {"code"}
SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]* +(?=[\"'(\[]*[A-Z0-9])")
SHORTENED = re.compile(r"\b(?:e\.g|i\.e|etc|cf|vs|Mr|Mrs|Dr|No|Fig|St)\.$")
MIN_LETTERS, MAX_SENTENCE, MIN_SENTENCE = 0.6, 500, 25


def sentences_of(text):
    text = re.sub(r"\s+", " ", text).strip()
    found, start = [], 0
    for match in SENTENCE.finditer(text):
        if SHORTENED.search(text[start : match.start()]):
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return [each for each in found if is_prose(each)]


def is_prose(text):
    if not MIN_SENTENCE <= len(text) <= MAX_SENTENCE or text[-1] not in ".!?:" or not text[0].isalnum():
        return False
    return sum(letter.isalpha() or letter == " " for letter in text) / len(text) > MIN_LETTERS + 0.15


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.sections, self.open, self.text, self.kind = [("", [])], [], "", None

    def handle_starttag(self, tag, attributes):
        if tag in VOID:
            return
        # Publican and Sphinx write some paragraphs as <div class="para">.
        prose = tag in PROSE or (tag == "div" and "para" in (dict(attributes).get("class") or "").split())
        if tag in HEADINGS or prose:
            self.flush()
            self.kind = tag
        self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        if tag in HEADINGS or tag in PROSE or tag == self.kind:
            self.flush()

    def handle_data(self, data):
        skipped = [tag for tag in self.open if tag in SKIPPED]
        inline = skipped and set(skipped) <= INLINE_CODE and self.kind not in HEADINGS
        if self.kind and (not skipped or inline or (self.kind == "title" and set(skipped) <= {"head"})):
            self.text += data

    def flush(self):
        text = re.sub(r"\s+", " ", self.text).strip(" \u00b6#")
        if text and self.kind in HEADINGS:
            self.sections.append((re.sub(r"^[\dA-Z]{0,2}[\d.]*\s+(?=[A-Z])", "", text)[:120], []))
        elif text and self.kind:
            self.sections[-1][1].extend(sentences_of(text))
        self.text, self.kind = "", None


def sections_of(markup, most=12):
    """-> (heading, sentences), long ones cut into several."""
    page = Page()
    page.feed(markup)
    page.flush()
    for heading, sentences in page.sections:
        for at in range(0, len(sentences), most):
            part = sentences[at : at + most]
            if heading and len(part) > 1:
                yield heading, part
