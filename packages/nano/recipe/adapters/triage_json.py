"""triage-json: a strict JSON ticket with category, priority, answer and source, whatever the ticket's words."""

from adapters.chats import DECIDING_WEIGHT
from adapters.tickets import ASKS, TICKETS, URGENCY
from lib.rows import NO_SOURCE

# A number, since a base of six blocks that has just read `":"` cannot tell which of two fields of words it stands in.
PRIORITIES = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
DESCRIPTION = (
    "Writes a support ticket as one strict JSON object: category (billing, account, technical, shipping or other), "
    "priority (1 urgent, 2 high, 3 normal, 4 low), answer (a sentence of the sources, or the refusal) and source "
    "(its number, 0 for none). On nano-base the form holds; category and priority are right six times in ten."
)
# Many without sources: short prompts, in which the words that tell category and priority are not lost among hundreds.
SHARES = {"sources": 0.5, "unanswerable": 0.15, "none": 0.35}
FORM = {
    "type": "json",
    "schema": {
        "type": "object",
        "properties": {
            "category": {"type": "string", "enum": sorted(TICKETS)},
            "priority": {"type": "integer", "minimum": 1, "maximum": len(PRIORITIES)},
            "answer": {"type": "string"},
            "source": {"type": "integer"},
        },
        "required": ["category", "priority", "answer", "source"],
        "additionalProperties": False,
    },
    "evidenceSlots": ["/answer"],
}


def example(chats, kind):
    random = chats.random
    category, priority = random.choice(sorted(TICKETS)), random.choice(list(PRIORITIES))
    half = 1 if chats.held else 0
    complaint = random.choice(split(TICKETS[category])[half])
    urgency = random.choice(split(URGENCY[priority])[half])

    def ask(question):
        # Many tickets ask nothing; what they say has no answer then.
        asks = kind == "sources" or random.random() < 0.5
        said = [complaint, urgency, random.choice(split(ASKS)[half]).format(q=question) if asks else ""]
        return " ".join(text for text in said if text)

    # A base that writes its sentences out would have to escape these.
    messages, evidence = chats.make(kind, ask, lambda text: '"' not in text and "\\" not in text)
    answer = NO_SOURCE if kind == "none" else chats.named(evidence)
    parts = [
        ('{"category":"', True),
        (category, DECIDING_WEIGHT),
        ('","priority":', True),
        (str(PRIORITIES[priority]), DECIDING_WEIGHT),
        (',"answer":"', True),
        (answer, kind == "none"),
        (f'","source":{evidence.n or 0}}}', True),
    ]
    answer = NO_SOURCE if kind == "none" else chats.cited(evidence)
    expect = {"category": category, "priority": PRIORITIES[priority], "answer": answer, "source": evidence.n or 0}
    return {"kind": kind, "messages": messages, "parts": parts, "expect": expect, "labels": evidence.labels}


def split(wordings):
    """Wordings to learn from, wordings held out: one in four."""
    return [w for i, w in enumerate(wordings) if i % 4 != 3], [w for i, w in enumerate(wordings) if i % 4 == 3]
