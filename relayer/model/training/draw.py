"""Random building blocks: names, times, places, noun phrases, verb phrases, clauses.

Phrases carry person marks, so that one phrase serves every point of view:
  <me> <my>    the person who speaks          <you> <your>    the person spoken to
`as_said` keeps them in the first person, `as_told` reports them ("their"), `as_answer` turns them round.
"""
import random

from words import *

ONSETS = "B D F G H K L M N P R S T V Z Br Dr Kr Gr Tr St Ch Sh Th J C W Y".split() + [""] * 2
VOWELS = "a e i o u a e i o ai ei ou ea".split()
CODAS = "l n r s t m d v k b g z x nd rt ll ss nn lv rn st".split()
ENDINGS = ["", "", "n", "s", "r", "l", "a", "o", "ie", "us", "ek", "in", "ah", "ith", "ov"]


def held_out(name):
    """About one name in ten never occurs in training; the evaluation uses only those."""
    return sum(ord(c) * (i + 7) for i, c in enumerate(name.lower())) % 10 == 0


def cap(s):
    return s[:1].upper() + s[1:]


def low(s):
    return s if s[:2] in ("I ", "I'") or s == "I" else s[:1].lower() + s[1:]


def put(*parts):
    return " ".join(p for p in parts if p)


def join(items):
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def bare(when):
    return when[3:] if when[:3] in ("on ", "at ") else when


def marks(s, me, my, you, your):
    return s.replace("<me>", me).replace("<my>", my).replace("<your>", your).replace("<you>", you)


def as_said(s):
    return marks(s, "me", "my", "you", "your")


def as_told(s, other="the others"):
    return marks(s, "them", "their", other, other + "'s")


def as_answer(s):
    return marks(s, "you", "your", "me", "my")


class Draw:
    def __init__(self, rng: random.Random, held=False):
        self.rng, self.held = rng, held
        self.used, self.names, self.facts = set(), [], []

    # ---- choice
    def one(self, *options):
        return self.rng.choice(options[0] if len(options) == 1 else options)

    def odds(self, p):
        return self.rng.random() < p

    def maybe(self, p, f):
        return f() if self.odds(p) else ""

    def fact(self, text):
        """Remember a time, amount or place the answer has to carry."""
        if text:
            self.facts.append(text)
        return text

    # ---- names
    def syllables(self):
        s = self.one(ONSETS) + self.one(VOWELS) + self.one(CODAS)
        if self.odds(.6):
            s += self.one(VOWELS)
        if self.odds(.1):
            s += self.one(CODAS) + self.one(VOWELS)
        return cap(s + self.one(ENDINGS))

    def altered(self):
        """A listed name with another end, a letter more or less, or halves of two: near a known name, but not it."""
        n, other = self.one(FIRST), self.one(FIRST)
        i = self.rng.randrange(1, len(n))
        return self.one(n + self.one(ENDINGS[2:]), n[:-1], n[:-1] + self.one(VOWELS), n[:i] + n[i + 1:], n[:i] + n[i] + n[i:],
                        n[:i] + self.one("abdefgiklmnoprstuvz") + n[i:], n[:(len(n) + 1) // 2] + other[len(other) // 2:].lower())

    def proper(self, made_up=.32, altered=.20):
        while True:
            x = self.rng.random()
            n = self.syllables() if x < made_up else self.altered() if x < made_up + altered else self.one(FIRST)
            if len(n) > 2 and held_out(n) == self.held:
                return n

    def person(self):
        while True:
            n = self.proper()
            if n.lower() not in self.used:
                self.used.add(n.lower())
                self.names.append(n)
                return n

    def speaker(self):
        x = self.rng.random()
        if x < .77:
            return self.person()
        while True:
            if x < .84:
                n = self.one(ROLES)
            elif x < .89:
                n = self.one(TITLES) + " " + self.proper()
            elif x < .92:
                n = self.one("ABCDEFGHJKLMNOPRSTXYZ")
                n = self.one(n, n.lower(), n.lower() * 2)
            elif x < .955:
                n = self.proper().lower()
            else:
                n = self.proper().lower() + self.one("_", "", ".") + str(self.rng.randint(1, 99))
            if n.lower() not in self.used:
                self.used.add(n.lower())
                self.names.append(n)
                return n

    # ---- times, places, money
    def clock(self):
        h, m = self.rng.randint(1, 12), self.one("00 15 30 45 10 20 40 05 50".split())
        return self.one(f"{h}pm", f"{h} pm", f"{h}:{m}", f"{h}:{m} pm", f"{h}am", f"{h} am", f"{self.rng.randint(7, 23)}:{m}",
                        f"{h}", f"{h}", f"{h}:30", "noon", f"{h}:{m}pm", f"{h} o'clock", f"{self.rng.randint(13, 23)}:{m}")

    def at(self):
        return self.one("at", "at", "at", "at", "at", "around", "before", "after") + " " + self.clock()

    def day(self):
        d = self.one(DAYS)
        return self.one("on " + d, "on " + d, "on " + d, "tomorrow", "tonight", "this " + d, "next " + d, "tomorrow",
                        f"on {self.one(MONTHS)} {self.rng.randint(1, 30)}", f"on {self.rng.randint(1, 30)} {self.one(MONTHS)}",
                        "next week", "this weekend", "today", f"on {d} {self.one('evening', 'morning', 'afternoon', 'night')}",
                        "tomorrow " + self.one("evening", "morning", "night"), "in " + self.one(MONTHS), "next month",
                        "this evening", f"in {self.rng.randint(2, 50)} minutes", f"in {self.one('two', 'three', 'ten')} days",
                        f"on the {self.rng.randint(4, 20)}th", f"on the {self.one('1st', '2nd', '3rd', '21st', '22nd', '23rd', '25th', '30th')}")

    def when(self):
        return self.one(self.day, self.day, self.at, lambda: put(self.day(), self.at()), self.loose)()

    def loose(self):
        """Times as people also put them: 'Friday', 'Friday night', '7pm tomorrow', 'by Monday'."""
        d = self.one(DAYS)
        return self.one(d, d, f"{d} {self.one('morning', 'night', 'evening', 'afternoon')}", put(self.one(self.at(), self.clock()), self.one("tomorrow", "tonight", "today", "on " + d, "this " + d)),
                        "by " + bare(self.day()), "until " + self.one(d, self.clock()), f"{d} {self.at()}", f"from {self.clock()} to {self.clock()}", "every " + d, "after work", "before lunch", "in the morning", "all week", "right now", "as usual")

    def place(self):
        n = self.proper()
        return self.one(f"at {n}'s", f"at {self.one('Cafe', 'Hotel', 'Bar', 'Club', 'Restaurant')} {n}",
                        f"at the {cap(self.one(ADJECTIVES))} {cap(self.one(HOUSES))}",
                        f"at {n} {self.one('Park', 'Station', 'Hall', 'Square', 'Street', 'Beach', 'Mall', 'Library', 'Museum')}",
                        "at the " + self.one(PLACES_AT), "in the " + self.one(PLACES_IN), f"in room {self.rng.randint(1, 499)}",
                        "at the office", "at the " + self.one(PLACES_AT), f"on {n} Street", f"in {self.one(CITIES)}", "online",
                        f"at the {self.one(ADJECTIVES)} {self.one(HOUSES)}", "near the " + self.one(PLACES_AT), "in the " + self.one(PLACES_IN))

    def money(self):
        n = self.one(self.rng.randint(2, 99), 5 * self.rng.randint(1, 60), 10 * self.rng.randint(1, 99))
        return self.one(f"${n}", f"{n} euros", f"{n} dollars", f"{n} TON", f"€{n}", f"{n} USDT", f"{n} bucks", f"{n} pounds")

    # ---- noun phrases
    def noun(self):
        x = self.rng.random()
        if x < .09:
            return low(self.syllables())
        return self.one(NOUNS if x < .42 else THINGS if x < .58 else TASKS if x < .76 else MACHINES if x < .88 else LOSABLE)

    def topic(self):
        return put(self.maybe(.2, lambda: self.one(ADJECTIVES)), self.maybe(.12, lambda: self.one(THEMES)), self.noun())

    def the(self):
        return "the " + self.topic()

    def thing(self):
        x = self.rng.random()
        if x < .42:
            return self.the()
        if x < .56:
            return "<my> " + self.topic()
        if x < .70:
            t = self.topic()
            return ("an " if t[0] in "aeio" else "a ") + t
        if x < .83:
            return self.one(FOODS)
        if x < .86:
            return self.one("dinner", "lunch", "breakfast", "homework", "the dishes", "the shopping", "the laundry", "everything", "something", "the rest", "that", "them", "him", "her", "the kids", "the house", "nothing", "one")
        if x < .91:
            return f"{self.rng.randint(2, 20)} {self.one('tickets bottles boxes chairs pages plates copies bags cups files pizzas books'.split())}"
        if x < .94:
            return self.person()
        return "it"

    def event(self):
        return "the " + self.one(lambda: self.one("meeting", "call", "lesson", "party", "dinner", "class", "training", "demo", "interview",
                                 "lunch", "trip", "game", "workshop", "concert", "exam", "match", "appointment", "wedding", "flight", "movie",
                                 "rehearsal", "barbecue", "picnic"), lambda: self.one(THEMES) + " " + self.one(EVENTS), lambda: self.one(TASKS) + " " + self.one("review", "meeting", "call"))()

    def activity(self):
        x = self.rng.random()
        if x < .5:
            return self.one(ACTIVITIES)
        if x < .68:
            return f"a {self.one(THEMES)} {self.one(EVENTS)}"
        if x < .78:
            return self.event()
        if x < .90:
            return f"<my> {self.one('birthday party', 'party', 'wedding', 'birthday', 'concert', 'farewell party', 'graduation', 'exhibition', 'show', 'place')}"
        a, b = self.rng.sample(ACTIVITIES, 2)
        return f"{a} {self.one('and', 'or')} {b}"

    def reason(self):
        return self.one(REASONS)

    # ---- verb phrases: (base form, past form)
    def action(self, extra=.55):
        x = self.rng.random()
        if x < .16:
            v = self.one(VISITS)
            past = None
        elif x < .22:
            t = self.thing()
            v, past = self.one((f"send <you> {t}", f"sent <you> {t}"), (f"bring <you> {t}", f"brought <you> {t}"), (f"give <you> {t}", f"gave <you> {t}"),
                               (f"show <you> {t}", f"showed <you> {t}"), (f"help <you> with {t}", f"helped <you> with {t}"))
        else:
            b, p = self.one(VERBS)
            t = self.thing()
            v, past = b + " " + t, p + " " + t
        tail = self.maybe(extra, self.adjunct)
        return put(v, tail), put(past, tail) if past else None

    def adjunct(self):
        x = self.rng.random()
        if x < .5:
            return self.fact(self.when())
        if x < .67:
            return self.fact(self.place())
        if x < .70:
            return "for " + self.fact(self.money())
        if x < .78:
            return "for " + self.one(self.event, self.the, self.person)()
        if x < .86:
            return self.one("with ", "for ", "to ") + self.one(self.person(), "<my> " + self.one("sister", "brother", "friends", "dog", "parents", "boss", "kids", "team"))
        return self.one("first", "again", "as soon as possible", "alone", "together", "quickly", "online", "for free", "myself", "by email", "by bus", "all day", "in time", "soon", "later", "by hand")

    def request(self):
        """A verb phrase asked of the other person: here <me> is the one who asks."""
        x = self.rng.random()
        if x < .25:
            t = self.thing()
            v = self.one("send <me> ", "bring <me> ", "give <me> ", "show <me> ", "lend <me> ", "help <me> with ", "get <me> ", "buy <me> ", "give <me> back ") + (t if self.odds(.7) else "<your> " + self.topic())
        elif x < .35:
            v = self.one("call <me>", "pick <me> up", "help <me>", "wait for <me>", "call <me> back", "text <me>", "meet <me>", "come", "come over", "come back", "stay longer", "let <me> know", "come by", "send it to <me>", "give it to <me>", "talk to him", "talk to her", "be on time", "be careful", "start without <me>", "drive <me> home")
        else:
            v = self.one(VERBS)[0] + " " + self.one(self.thing(), "your " + self.topic()).replace("your ", "<your> ")
        return put(v, self.maybe(.5, self.adjunct))

    # ---- whole statements without "I"
    def statement(self):
        x = self.rng.random()
        if self.odds(.12):
            few = self.one("the ", "the ", "<my> ", "our ", "all ", "some ", "", "no ") + self.one("cards keys shoes books tickets kids parents guests boxes lights files prices windows doors results seats trains shops phones friends neighbours plates flowers dogs".split() + FOODS[2:9])
            return put(few, self.one("are", "are", "were", "are still", "are now"), self.one(PREDICATES), self.maybe(.25, lambda: self.fact(self.when())))
        s = self.one(self.the, self.the, self.the, self.event, lambda: "<my> " + self.topic(), self.person, lambda: "our " + self.topic())()
        if x < .30:
            return put(s, self.one("is", "is", "is", "was", "is still", "is now", "looks"), self.one(PREDICATES), self.maybe(.25, lambda: self.fact(self.when())))
        if x < .42:
            return put(s, self.one("is moved to", "is postponed until", "is postponed to", "has been moved to", "was moved to", "is delayed until", "is now"), self.fact(bare(self.when())))
        if x < .54:
            return put(s, self.one("starts", "ends", "opens", "leaves", "closes", "begins", "arrives", "is due", "is", "lands", "will be"), self.fact(self.when()), self.maybe(.25, lambda: self.fact(self.place())))
        if x < .60:
            return put(s, self.one("is", "was", "will be"), self.fact(self.place()))
        if x < .66:
            return put(s, self.one("costs", "costs", "is now", "goes up to", "went up to"), self.fact(self.money()), self.maybe(.3, lambda: self.fact(self.when())))
        if x < .73:
            return put(self.one("there is no", "there is a", "we have no", "no", "no", "there is still", "there will be no", "that was the", "it was the", "it is the", "that is the", "we still have", "we need more"), self.topic(), self.maybe(.6, lambda: self.fact(self.when())))
        if x < .81:
            b, p = self.action()
            return put("we", self.one("have to", "need to", "must", "can", "will", "should", "can't"), b)
        if x < .92:
            b, p = self.one(VERBS)
            who = self.one(self.the(), self.person(), "the " + self.one("client", "boss", "teacher", "team", "police", "doctor", "bank", "customer", "company", "kids", "neighbours"), "they", "we")
            return put(who, p, self.thing(), self.maybe(.5, self.adjunct))
        return put(s, self.one("wants", "needs", "has", "likes", "asked for"), self.thing(), self.maybe(.5, lambda: self.fact(self.one("by ", "by ", "") + bare(self.when()))))
