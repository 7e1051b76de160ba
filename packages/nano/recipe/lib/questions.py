"""Rule-made questions: what a reader might ask to be shown a given sentence."""

import re

from lib.grammar import grammatical

STOP = set(
    """a about after all also an and any are as at be because been being between but by can could did do does during each
    every for from had has have he her here his how i if in into is it its just may me might more most must my no nor not
    of on only or other our over shall she should so some such than that the their them then there these they this those
    through to too under until up us was we were what when where which while who why will with would you your""".split()
)
VAGUE = set("it this that there these those they he she we you i if when what here such as".split())
ABOUT = [
    "What about {}?",
    "What does it say about {}?",
    "Tell me about {}.",
    "How does {} work?",
    "Is there anything on {}?",
    "Where is {} mentioned?",
    "I need to know about {}.",
    "What is known about {}?",
    "Can you find {}?",
    "{}?",
    "{}",
]


def lower_first(text):
    return text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text


def keywords(random, sentence):
    words = [word.strip(".,;:()\"'!?") for word in sentence.split()]
    words = [word for word in words if word and word.lower() not in STOP]
    if len(words) < 2:
        return None
    chosen = sorted(random.sample(range(len(words)), min(len(words), random.randint(2, 5))))
    return " ".join(words[i] for i in chosen)


def span(random, sentence):
    words = sentence.rstrip(".!?:").split()
    count = min(len(words), random.randint(4, 8))
    start = random.randint(0, len(words) - count)
    return " ".join(words[start : start + count])


def patterns(sentence):
    """Questions that the sentence's own grammar gives."""
    body = sentence.rstrip(".!?:")
    found = []
    match = re.match(r"((?:[\w'/-]+ ){1,5}?)(is|are|was|were) \w", body)
    if match and match[1].split()[0].lower() not in VAGUE:
        found.append(f"What {match[2]} {lower_first(match[1].strip())}?")
    match = re.match(r"(?:You|We|Users|Employees|Developers) (can|must|should|may|need to) (.+)", body)
    if match:
        what = " ".join(match[2].split()[:8])
        found += [f"How do I {what}?", f"{'Do' if match[1] == 'need to' else match[1].capitalize()} I {match[1] + ' ' if match[1] == 'need to' else ''}{what}?"]
    match = re.match(r"To (.+?), ", body)
    if match:
        found += [f"How do I {match[1]}?", f"What should I do to {match[1]}?"]
    match = re.match(r"(If|When) (.+?), ", body)
    if match:
        found += [f"What happens {match[1].lower()} {match[2]}?", f"What do I do {match[1].lower()} {match[2]}?"]
    match = re.match(r"(.{8,80}?) because ", body)
    if match:
        found.append(f"Why {lower_first(match[1])}?")
    match = re.match(r"((?:[\w'/-]+ ){1,5}?)(allow|provide|support|use|require|contain|return|include|define|need)s ", body)
    if match and match[1].split()[0].lower() not in VAGUE:
        found.append(f"What does {lower_first(match[1].strip())} {match[2]}?")
    match = re.search(r"\b\d[\d,.]* ([a-z]+s)\b", body)
    if match:
        rest = [word for word in body.replace(match[0], "").split() if word.lower() not in STOP][:4]
        found.append(f"How many {match[1]} {' '.join(rest)}?")
    return found


def question(random, sentence, heading, wordnet=None):
    """A question about the sentence, or None when the rules find none."""
    choice = random.random()
    found = patterns(sentence) + (grammatical(sentence, heading, wordnet) if wordnet else [])
    if found and choice < (0.7 if wordnet else 0.5):
        text = random.choice(found)
    elif choice < 0.8:
        text = random.choice(ABOUT).format(span(random, sentence))
    else:
        words = keywords(random, sentence)
        if words is None:
            return None
        text = random.choice(ABOUT).format(words)
        if random.random() < 0.1:
            text = f"{heading}: {text}"
    if wordnet and random.random() < 0.5:
        text = wordnet.reworded(random, text)
    return text[0].upper() + text[1:] if random.random() < 0.8 else text.lower()
