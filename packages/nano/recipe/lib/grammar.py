"""Wh-questions from a sentence's own grammar: who did it, when did it happen, how many were there.

A sentence is read as subject, verb and rest with WordNet as the only lexicon; what does not fit gives no question.
"""

import re

BE = {"is", "are", "was", "were"}
MODAL = {"can", "must", "should", "may", "will", "could", "would"}
VAGUE = set("it this that these those they he she we you i there here such then if when while as so for to in on".split())
STARTS = set("the a an our your each every all most some many its their his her".split())
MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
TIME = re.compile(rf"\b(?:in|on|since|until|by|from) (?:(?:early|late|mid) )?(?:(?:the )?\d{{4}}s?\b|(?:{MONTH})\b[\w ,]*|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)")
PLACE = re.compile(r"\b(?:in|at|near) (?:the )?[A-Z][\w-]+(?: (?:of |the )?[A-Z][\w-]+)*")
NUMBER = re.compile(r"\b(?:\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty) ((?:[a-z-]+ )?[a-z]+s)\b")
DURATION = re.compile(r"\b(?:for |within |after |up to )?(?:\d[\d,.]*|one|two|three|four|five|six|seven|ten|thirty) (?:business )?(?:minute|hour|day|week|month|year)s?\b")
MAX_SUBJECT, MAX_REST = 8, 12


def split(sentence, wordnet):
    """-> subject, verb, rest as words, or None."""
    words = re.sub(r"\([^)]*\)", "", sentence).rstrip(".!?:;").split()
    for i, word in enumerate(words[1 : MAX_SUBJECT + 1], 1):
        if words[i - 1].endswith((",", ";", ":")):
            return None
        if word in BE or word in MODAL:
            return words[:i], word, words[i + 1 :]
        if wordnet and word.islower() and words[i - 1].lower() not in STARTS and wordnet.is_verb_here(word):
            return words[:i], word, words[i + 1 :]
    return None


def clause(words):
    """The rest up to where another clause begins."""
    kept = []
    for word in words[:MAX_REST]:
        if kept and word in ("and", "but", "which", "that", "who", "because", "while", "although", "if", "when", "so"):
            break
        kept.append(word)
        if word.endswith((",", ";", ":")):
            break
    return " ".join(kept).rstrip(",;:")


def lower_first(text):
    first = text.split(" ", 1)[0]
    return text[0].lower() + text[1:] if first.lower() in STARTS else text


def grammatical(sentence, heading="", wordnet=None):
    """Questions, each of which the sentence answers if it was read right."""
    parts = split(sentence, wordnet)
    if parts is None:
        return []
    subject_words, verb, rest_words = parts
    subject, rest = lower_first(" ".join(subject_words)), clause(rest_words)
    if subject_words[0].lower() in VAGUE:
        if len(subject_words) > 1 or not heading or subject_words[0].lower() not in ("it", "he", "she", "they"):
            return []
        subject = heading  # "It was opened in 1990" under a heading is about the heading
    named = subject_words[0][0].isupper() and subject_words[0].lower() not in STARTS
    if verb in BE or verb in MODAL:
        before, base = f"{verb} {subject}", ""
    else:
        past = verb.endswith("ed") or (wordnet and verb in wordnet.irregular)
        base = wordnet.verb_base(verb)
        before = f"{'did' if past else 'does'} {subject} {base}"

    def without(match):
        return re.sub(r"\s+", " ", rest[: match.start()] + rest[match.end() :]).strip(" ,")

    def ask(word, remaining):
        return re.sub(r"\s+", " ", f"{word} {before} {remaining}").strip() + "?"

    found = []
    if rest:
        found.append(f"{'Who' if named else 'What'} {verb} {rest}?")
        if verb not in MODAL:
            found.append(ask("What", "") if base else f"What {verb} {subject}?")
    for pattern, word in ((TIME, "When"), (PLACE, "Where"), (DURATION, "How long")):
        match = pattern.search(rest)
        if match:
            found.append(ask(word, without(match)))
    match = NUMBER.search(rest)
    if match:
        found.append(ask(f"How many {match[1]}", without(match)))
    match = re.search(r"\bby ((?:[A-Z][\w.-]+ ?)+|the [a-z]+(?: team| manager| department)?)", rest)
    if match and verb in BE:
        found.append(f"Who {rest[: match.start()].strip()} {subject}?")
        found.append(ask("By whom", without(match)))
    match = re.search(r"\b(?:because|in order to|so that|due to) ", " ".join(rest_words))
    if match:
        found.append(ask("Why", rest))
    if verb in MODAL:
        found.append(f"{verb.capitalize()} {subject} {rest}?")
        found.append(ask("When", rest))
    return [text for text in found if 15 <= len(text) <= 160]
