"""Made-up facts about invented companies, places, things and people: sections whose questions are in other words.

Each family has a kind of subject, a kind of value, several wordings of the statement and several of the question. Near
misses are the point: a section tells many things of few subjects, so one shared word never decides.
"""

import random as randomness

SYLLABLES = (
    "al an ar ba bel bo bra bri ca cal cor cre da del den do dor el en fa fen fi flo ga gel gra ha hel hi in ira jo ka kel "
    "ki la len li lo lu ma mar mel mi mo na nel no or pa pel pi pra qua ra ri ro sa sel shi so sta su ta ti tor tri u va "
    "vel vi wa wel xe ya za zen zo"
).split()
FIRST = "Maria James Aisha Chen Olga Peter Lucia Omar Nina Ravi Sofia Daniel Emma Yusuf Hana Carlos Ingrid Tom Leila Viktor Grace Samuel Mei Paul Anna Kofi Zoe Ivan Fatima Oscar".split()
CITIES = "Oslo Lisbon Denver Kyoto Lagos Madrid Austin Dublin Nairobi Geneva Toronto Seoul Warsaw Lima Perth Chicago Milan Prague Helsinki Boston Quito Accra Vienna Porto Leeds Utrecht Tampa Bergen".split()
MONTHS = "January February March April May June July August September October November December".split()
THINGS = "router sensor printer kettle drone scanner tablet speaker camera lamp heater pump charger headset monitor keyboard scooter bicycle mixer drill laptop tent jacket blender projector microphone gateway valve".split()
TEAMS = "finance legal security support sales engineering marketing operations procurement compliance payroll facilities research quality people".split()
POLICIES = "parental leave|sick leave|annual leave|travel|remote work|expense|password|data retention|visitor|overtime|training|relocation|bonus|equipment|parking|on-call|backup|probation".split("|")
EVENTS = "meeting workshop audit conference training review exam interview delivery inspection".split()
SCHOLARS = "painter composer chemist novelist general architect botanist engineer poet mathematician bishop explorer".split()
WORKS = "bridge cathedral railway canal library tunnel lighthouse stadium palace harbour observatory theatre".split()
FILLERS = (
    "Please read this page carefully.|This page is reviewed every quarter.|Ask your manager if anything is unclear.|"
    "The information applies to all regions.|See the related pages for details.|Changes are announced by email.|"
    "Prices do not include tax.|This section was written for new staff.|Availability may vary by country.|"
    "No other conditions apply.|Keep a copy for your records.|Earlier versions are archived.|Much of this is still debated."
).split("|")
TITLES = "Overview|Policy|Price list|Support|Product sheet|Handbook|FAQ|Terms|Guide|Release notes|Contacts|Schedule|Reference|Limits|Runbook|History|Background".split("|")


class World:
    """Invented names and values from one generator."""

    def __init__(self, seed):
        self.random = randomness.Random(seed)
        self.pick = self.random.choice
        self.between = self.random.randint

    def name(self):
        return "".join(self.pick(SYLLABLES) for _ in range(self.pick([2, 2, 3]))).capitalize()

    def person(self):
        return f"{self.pick(FIRST)} {self.name()}"

    def scholar(self):
        return self.pick([self.person(), f"the {self.pick(SCHOLARS)} {self.person()}"])

    def company(self):
        return self.name() + self.pick(["", " Labs", " Systems", " Foods", " Bank", " Health", " Energy", " Media", " Works"])

    def product(self):
        return self.pick([f"the {self.name()} {self.pick(THINGS)}", f"{self.name()} {self.between(2, 990)}", f"{self.name()} {self.pick(['Plus', 'Pro', 'Mini', 'Max', 'Core'])}"])

    def policy(self):
        return f"the {self.pick(POLICIES)} policy" + self.pick(["", f" of {self.company()}", f" in {self.pick(CITIES)}"])

    def error(self):
        return f"error {self.pick('AEKMT')}{self.between(100, 9999)}"

    def setting(self):
        return self.pick([f"the {self.name().lower()} endpoint", f"the --{self.name().lower()} flag", f"the {self.name().lower()}_timeout setting"])

    def event(self):
        return f"the {self.pick(EVENTS)} with {self.pick([self.company, self.person])()}"

    def work(self):
        return f"the {self.name()} {self.pick(WORKS)}"

    def place(self):
        return self.pick([self.pick(CITIES), f"building {self.between(1, 30)}", f"room {self.between(100, 900)}"])

    def money(self):
        return self.pick([f"${self.between(2, 999)}", f"{self.between(5, 900)} euros", f"${self.between(1, 90)},{self.between(100, 999)}"])

    def duration(self):
        n = self.pick
        return n([f"{self.between(2, 90)} days", f"{self.between(2, 48)} hours", f"{self.between(2, 36)} months", f"{self.between(2, 12)} weeks", f"{self.between(2, 9)} years"])

    def date(self):
        return self.pick([f"{self.pick(MONTHS)} {self.between(1, 28)}, {self.between(2019, 2027)}", f"{self.between(1, 28)} {self.pick(MONTHS)}", f"{self.pick(MONTHS)} {self.between(1700, 2027)}"])

    def year(self):
        return str(self.between(1500, 2024))

    def count(self):
        return f"{self.between(2, 900)}" if self.random.random() < 0.5 else f"{self.between(1, 90)},{self.between(100, 999)}"

    def city(self):
        return self.pick(CITIES)

    def team(self):
        return f"the {self.pick(TEAMS)} team"

    def weight(self):
        return f"{self.between(1, 900)} {self.pick(['kg', 'grams', 'pounds'])}"

    def address(self):
        return f"{self.pick(['help', 'billing', 'legal', 'press', 'returns'])}@{self.name().lower()}.example"

    def cause(self):
        return self.pick(["the disk is full", "the session has expired", "the key is invalid", "the network is down", "the quota is used up", "the file is locked", "the payment was declined", "the certificate is too old"])

    def remedy(self):
        return self.pick(["restart the service", "sign in again", "free some space", "rotate the key", "update the firmware", "clear the cache", "check the cable", "try again later"])


# subject, value, statements, questions; {s} and {v}
FAMILIES = [
    ("product", "money", "{s} costs {v}.|The price of {s} is {v}.|{s} is sold for {v}.|Customers pay {v} for {s}.", "How much does {s} cost?|What do I pay for {s}?|How expensive is {s}?|{s} price|What would {s} set me back?"),
    ("product", "duration", "{s} comes with a warranty of {v}.|The guarantee on {s} lasts {v}.|Defects of {s} are repaired free of charge for {v}.", "How long is the warranty on {s}?|For how long is {s} covered?|{s} guarantee length|If {s} breaks, until when is it repaired for nothing?"),
    ("product", "duration", "Customers may return {s} within {v}.|{s} can be sent back for a full refund within {v}.|Refunds for {s} are accepted for {v} after delivery.", "How long do I have to return {s}?|Within what time can I send {s} back?|Until when do I get my money back for {s}?"),
    ("product", "duration", "The battery of {s} lasts {v}.|{s} runs for {v} on one charge.|On a full charge {s} works for {v}.", "What is the battery life of {s}?|How long can {s} run without being plugged in?|How often must I charge {s}?"),
    ("product", "weight", "{s} weighs {v}.|The weight of {s} is {v}.|On the scale {s} shows {v}.", "How heavy is {s}?|What does {s} weigh?|How much would I carry with {s}?"),
    ("product", "date", "{s} was released on {v}.|{s} launched on {v}.|{s} went on sale on {v}.", "When was {s} released?|When did {s} come out?|Since when can one buy {s}?"),
    ("product", "date", "Support for {s} ends on {v}.|{s} reaches end of life on {v}.|{s} will be retired on {v}.", "When does support for {s} end?|Until when is {s} supported?|When will {s} be phased out?"),
    ("product", "scholar", "{s} was designed by {v}.|{v} designed {s}.|The plans of {s} were drawn by {v}.", "Who designed {s}?|Whose design is {s}?|Who came up with {s}?"),
    ("product", "city", "{s} is manufactured in {v}.|{s} is built at the factory in {v}.", "Where is {s} made?|Which city builds {s}?|Where does {s} come from?"),
    ("company", "person", "{v} is the chief executive of {s}.|{s} is led by {v}.|The head of {s} is {v}.", "Who leads {s}?|Who is the CEO of {s}?|Who is in charge of {s}?|Who is the boss at {s}?"),
    ("company", "person", "{s} was founded by {v}.|{v} founded {s}.|{v} started {s} in a garage.", "Who founded {s}?|Who set up {s}?|Who was behind the start of {s}?"),
    ("company", "year", "{s} was founded in {v}.|{s} was established in {v}.|{s} has been in business since {v}.", "When was {s} founded?|In what year was {s} set up?|How long has {s} been around?"),
    ("company", "city", "{s} is based in {v}.|The headquarters of {s} is in {v}.|{s} has its main office in {v}.", "Where is {s} based?|Which city is {s} in?|Where is the main office of {s}?|Where does {s} have its seat?"),
    ("company", "count", "{s} employs {v} people.|{s} has {v} employees.|{v} people work at {s}.", "How many people work at {s}?|How big is the staff of {s}?|What is the headcount of {s}?"),
    ("company", "address", "Contact {s} at {v}.|Write to {s} at {v}.|{s} answers mail sent to {v}.", "What is the email address of {s}?|How can I get in touch with {s}?|Where do I write to reach {s}?"),
    ("company", "money", "{s} reported revenue of {v} million.|{s} took in {v} million last year.", "What was the revenue of {s}?|How much did {s} earn?|What were the sales of {s}?"),
    ("policy", "duration", "Under {s}, the period is {v}.|{s} sets a period of {v}.|According to {s}, employees get {v}.", "How long is the period under {s}?|How much time does {s} give?|How long do I get by {s}?"),
    ("policy", "money", "{s} sets a limit of {v}.|Under {s}, spending is capped at {v}.|{s} allows at most {v}.", "What is the limit under {s}?|What is the cap in {s}?|How much may I spend under {s}?"),
    ("policy", "person", "{v} owns {s}.|Questions about {s} go to {v}.|{v} looks after {s}.", "Who is responsible for {s}?|Whom do I ask about {s}?|Who can explain {s} to me?"),
    ("policy", "date", "{s} takes effect on {v}.|{s} was last updated on {v}.|{s} has applied since {v}.", "When does {s} take effect?|When was {s} last changed?|From when on is {s} valid?"),
    ("policy", "team", "Exceptions to {s} need approval from {v}.|{v} approves exceptions to {s}.|Requests under {s} go to {v}.", "Who approves exceptions to {s}?|Which team handles {s}?|Who has to sign off if I need more than {s} gives?"),
    ("error", "cause", "{s} means that {v}.|{s} is shown when {v}.|If you see {s}, {v}.", "What does {s} mean?|Why do I see {s}?|What causes {s}?|What is behind {s}?"),
    ("error", "remedy", "To fix {s}, {v}.|When {s} appears, {v}.|{s} goes away if you {v}.", "How do I fix {s}?|What should I do about {s}?|I get {s}, what now?|{s} solution"),
    ("setting", "count", "The default of {s} is {v}.|{s} defaults to {v}.|Left alone, {s} is set to {v}.", "What is the default of {s}?|What value does {s} have if I set nothing?|What does {s} start with?"),
    ("setting", "count", "The maximum for {s} is {v}.|{s} accepts at most {v}.|{s} cannot go above {v}.", "What is the maximum for {s}?|How high can {s} go?|What is the upper bound of {s}?"),
    ("event", "date", "{s} is on {v}.|{s} is scheduled for {v}.|{s} takes place on {v}.", "When is {s}?|What date is {s}?|On which day do we have {s}?"),
    ("event", "place", "{s} is in {v}.|{s} is held in {v}.|Come to {v} for {s}.", "Where is {s}?|Where is {s} held?|Where do I have to go for {s}?"),
    ("work", "year", "{s} was completed in {v}.|{s} opened in {v}.|Builders finished {s} in {v}.", "When was {s} completed?|In which year did {s} open?|When was the construction of {s} over?"),
    ("work", "scholar", "{s} was built by {v}.|{v} drew the plans for {s}.|The architect of {s} was {v}.", "Who built {s}?|Who was the architect of {s}?|Whose plans does {s} follow?"),
    ("work", "count", "{s} is {v} metres long.|{s} stretches over {v} metres.|From end to end {s} measures {v} metres.", "How long is {s}?|What is the length of {s}?|How far does {s} reach?"),
    ("work", "count", "{s} draws {v} visitors a day.|{v} people visit {s} daily.|Every day {s} is seen by {v} people.", "How many visitors does {s} have?|How many people come to see {s} each day?|How popular is {s}?"),
    ("scholar", "city", "{s} was born in {v}.|{v} is the birthplace of {s}.|{s} came into the world in {v}.", "Where was {s} born?|Which city is {s} from?|What is the birthplace of {s}?"),
    ("scholar", "year", "{s} died in {v}.|{s} passed away in {v}.|{v} was the last year in the life of {s}.", "When did {s} die?|In what year did {s} pass away?|Until when did {s} live?"),
    ("scholar", "scholar", "{s} studied under {v}.|{v} taught {s}.|The teacher of {s} was {v}.", "Who taught {s}?|Under whom did {s} study?|Whose pupil was {s}?"),
]


def capital(text):
    return text[0].upper() + text[1:]


def sections(count, seed):
    """-> rows `{"h", "s", "q": [[question, sentence]], "u": [unanswerable]}`, the same each time."""
    world = World(seed)
    random = world.random
    kinds = sorted({family[0] for family in FAMILIES})
    for _ in range(count):
        kind = random.choice(kinds)
        pool = [family for family in FAMILIES if family[0] == kind]
        subjects = [getattr(world, kind)() for _ in range(random.randint(1, 4))]
        told = [(family, subject) for family in pool for subject in subjects]
        random.shuffle(told)
        keep = random.randint(2, min(8, len(told)))
        lines, asked = [], []
        for family, subject in told[:keep]:
            value = getattr(world, family[1])()
            if random.random() < 0.12:
                lines.append((random.choice(FILLERS), None))
            lines.append((capital(random.choice(family[2].split("|")).format(s=subject, v=value)), (family, subject)))
        for index, (_, fact) in enumerate(lines):
            if fact:
                for wording in random.sample(fact[0][3].split("|"), 2):
                    asked.append([capital(wording.format(s=fact[1])), index])
        missing = [capital(random.choice(family[3].split("|")).format(s=subject)) for family, subject in told[keep : keep + 2]]
        heading = random.choice([random.choice(TITLES), f"{world.name()} {random.choice(TITLES)}", capital(subjects[0])])
        yield {"h": heading, "s": [line for line, _ in lines], "q": asked, "u": missing}
