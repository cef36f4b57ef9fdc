"""Chats and their summaries.

A summary is built line by line: each line of the chat gives one short clause or nothing, in the order of the chat.
Lines outside the grammar give no clause; the summary then ends with an open "I am not sure about the rest."
"""
from draw import Draw, as_said, as_told, bare, cap, join, low, marks, put
from words import *

NOT_SURE = "I am not sure about the rest."
NO_IDEA = "Sorry, I am not sure what this chat is about."
NEXT = "<next>"          # 'you', said before anyone else has spoken


class Chat:
    def __init__(self, g: Draw, people):
        self.g, self.people = g, people
        self.lines, self.clauses, self.unknown = [], [], False
        self.agreeing = []

    def other(self, who):
        """Who 'you' is: the last other speaker, or else the next one (known only at the end, see `summary`)."""
        return next((name for name, _ in reversed(self.lines) if name != who), NEXT)

    def say(self, who, text, clause=None, dress=True):
        g = self.g
        if dress:
            text = g.maybe(.16, lambda: g.one(ENTRIES) + " ") + text
            text += g.maybe(.14, lambda: g.one("", " ", " ") + g.one(EXITS)).replace(" ,", ",").replace(" !", "!").replace(" .", ".")
        self.lines.append((who, text))
        if clause:
            self.flush()
            self.clauses.append(clause)

    def flush(self):
        if self.agreeing:
            self.clauses.append(f"{join(self.agreeing)} {'agrees' if len(self.agreeing) == 1 else 'agree'}")
            self.agreeing = []

    def agree(self, who):
        self.say(who, self.g.one(AGREES))
        if who not in self.agreeing:
            self.agreeing.append(who)

    def filler(self, who):
        self.lines.append((who, self.g.one(FILLERS)))

    def summary(self):
        self.flush()
        parts = [cap(c) + "." for c in self.clauses]
        if self.unknown:
            parts.append(NOT_SURE)
        names = [name for name, _ in self.lines]
        after = next((n for n in names if n != names[0]), "someone")     # nobody else speaks: no name may be made up
        return " ".join(parts).replace(NEXT, after)


# ---- single lines --------------------------------------------------------------------------------------------------
def l_first(c: Chat, who):
    """A line about oneself: 'I ...' becomes '<name> ...'."""
    g, you = c.g, c.other(who)
    b, past = g.action()
    x = g.rng.random()
    if x < .34:
        t = g.one("I'll ", "I'll ", "I will ", "I'm going to ", "let me ", "will ", "then I'll ", "I'm gonna ", "I will ", "I'll ") + b
        s = f"{who} will {b}"
    elif x < .48:
        t = g.one("I can ", "I can ", "I could ") + b
        s = f"{who} can {b}"
    elif x < .60:
        why = g.reason()
        tail, told = g.one(("", ""), ("", ""), (f" because of {why}", f" because of {why}"), (f", I have {why}", f" because of {why}"), (f". I have {why}", f" because of {why}"))
        t, s = g.one("I can't ", "I cannot ", "I won't be able to ", "I'm not able to ") + b + tail, f"{who} can't {b}{told}"
    elif x < .68:
        z = put(g.one(STATES), g.maybe(.25, lambda: g.fact(g.when()))) if g.odds(.8) else g.fact(g.one(f"{g.rng.randint(2, 60)} minutes", f"{g.rng.randint(2, 60)} minutes", f"{g.one('five', 'ten', 'twenty')} minutes", "an hour", "half an hour", "two hours")) + " late"
        delay = z.endswith(" late") and " " in z[:-5].strip()
        t, s = g.one("I'm ", "I am ", "I'm ") + z, f"{who} {'will be' if delay else 'is'} {z}"
        if delay:
            t = g.one("I will be ", "I'll be ", "I'm ", "running ", "I'm running ") + z
    elif x < .76:
        z = put(g.one(g.thing(), g.one("an exam", "a flight", "a meeting", "a headache", "a cold", "a lot of work", "no time", "an idea", "a question", "an appointment", "a day off")), g.maybe(.4, lambda: g.fact(g.when())))
        v = g.one("have", "have", "need", "want", "need")
        t, s = f"I {v} {z}", f"{who} {dict(have='has', need='needs', want='wants')[v]} {z}"
        if v == "have" and g.odds(.2):
            t = "I've got " + z
    elif x < .84:
        v = g.one("have to", "need to", "want to", "would like to")
        t, s = f"I {v} {b}", f"{who} {dict([('have to', 'has to'), ('need to', 'needs to'), ('want to', 'wants to'), ('would like to', 'would like to')])[v]} {b}"
    else:
        if not past:
            return l_first(c, who)
        t, s = g.one("I ", "I ", "I ", "I just ", "I already ", "just ", "") + past, f"{who} {past}"
    if g.odds(.12) and t.startswith("I") and "because" not in s:
        lead, be, z = g.one("when", "because", "if", "once", "but", "so", "as"), g.one("I am", "I'm"), g.one(STATES)
        t, s = f"{t} {lead} {be} {z}", f"{s} {lead} they are {z}"
    elif g.odds(.08):
        u = g.one("when ", "because ", "before ", "after ", "if ", "but ", "once ") + g.one(g.statement(), "it's ready", "it is done", "that is ok", "the shop opens")
        t, s = f"{t} {u}", f"{s} {u}"
    c.say(who, as_said(t), as_told(s, you))


def l_done(c: Chat, who):
    z = c.g.one("done", "fixed", "sent", "booked", "ordered", "sorted", "paid", "solved", "finished", "ready", "cancelled", "sold", "found it", "fixed it", "sent it", "did it", "ordered it", "paid it")
    said = z if " " in z else f"it is {z}"
    c.say(who, c.g.one("", "", "ok, ", "all ", "just ").replace("all ", "all " if z in ("done", "sorted") else "") + z, f"{who} {z}" if " " in z else f"{who} says {said}")


def l_state(c: Chat, who):
    g, x = c.g, c.g.rng.random()
    s = g.statement()
    if x < .08:
        s = put("your", g.topic(), g.one("is", "is", "was", "is now"), g.one(PREDICATES), g.maybe(.4, lambda: g.fact(g.when())))
    elif x < .16:
        b, _ = g.action()
        c.say(who, as_said(g.one("we'll ", "we will ", "we'll ", "then we'll ") + b), f"{who} says we will {as_told(b, c.other(who))}")
        return
    elif x < .23:
        b, v = g.request(), g.one("can", "can", "may")
        c.say(who, as_said(f"you {v} {b}"), f"{who} says {c.other(who)} {v} {marks(b, 'them', 'their', 'them', 'their')}")
        return
    c.say(who, as_said(s), f"{who} says {as_told(s, c.other(who))}")


def l_two(c: Chat, who):
    """Two statements in one line."""
    g = c.g
    a, b = g.statement(), g.statement()
    c.say(who, as_said(a) + g.one(". ", ". ", ", ", " and ") + as_said(b), f"{who} says {as_told(a)} and {as_told(b)}")


def l_pair(c: Chat, who):
    """Two different things in one line."""
    g = c.g
    part = Chat(g, c.people)
    part.lines = list(c.lines)
    for f in g.one((l_state, l_first), (l_first, l_state), (l_state, l_we), (l_first, l_first), (l_state, l_order), (l_first, l_order)):
        f(part, who)
    (_, a), (_, b) = part.lines[-2:]
    c.say(who, a.rstrip(".") + g.one(". ", ". ", ", ", "! ", " and ") + b, dress=False)
    c.flush()
    c.clauses += part.clauses


def l_order(c: Chat, who):
    b = c.g.request()
    c.say(who, as_said(c.g.one("please ", "can you ", "could you ", "") + b), f"{who} asks {c.other(who)} to {marks(b, 'them', 'their', 'them', 'their')}")


def l_we(c: Chat, who):
    g = c.g
    b, _ = g.action()
    c.say(who, as_said(g.one("let's ", "let's ", "can we ", "shall we ", "we could ", "should we ", "could we ", "may we ", "why don't we ", "can I ", "may I ", "could I ", "should I ") + b), f"{who} wants to {as_told(b, c.other(who))}")


# ---- exchanges -----------------------------------------------------------------------------------------------------
def answers(c: Chat, who, others, event=True):
    g = c.g
    for q in others:
        x = g.rng.random()
        if x < .52:
            c.agree(q)
        elif x < .80:
            w, st = g.reason(), g.one(STATES[:6] + ["out of town", "not feeling well", "at work", "away", "too tired"])
            lead = g.one("can't make it", "I can't make it", "sorry, I can't", "I can't", "can't come", "I can't come", "unfortunately I can't", "can't", "I won't make it", "I'm out", "sorry, not me", "I'll skip", "no, sorry")
            k = g.rng.random()
            if k < .2:
                c.say(q, lead, f"{q} can't come")
            elif k < .65:
                c.say(q, lead + g.one(f", I have {w}", f" because of {w}", f", {w}", f". I have {w}", f", I've got {w}", f", I have {w}"), f"{q} can't come because of {w}")
            elif k < .85:
                c.say(q, lead + g.one(", ", ". ", " because ", ": ") + g.one("I'm ", "I am ") + st, f"{q} is {st} and can't come")
            else:
                c.say(q, g.one("Sorry, I have ", "I have ", "sorry, ") + w + g.one("", ", so I can't come", ", maybe next time", " :("), f"{q} can't come because of {w}")
        elif x < .86:
            c.say(q, g.one(DECLINES), f"{q} does not agree")
        else:
            proposal(c, q)


def proposal(c: Chat, who):
    g = c.g
    w = g.one(g.day, g.at, g.place, lambda: put(g.at(), g.place()), lambda: put(g.day(), g.at()), lambda: put(g.day(), g.place()))()
    w = bare(w) if g.odds(.6) else w
    g.fact(w)
    c.say(who, g.maybe(.35, lambda: g.one("yes! ", "sure, ", "yes, ", "ok, ", "great, ", "hm, ", "good, ")) + g.one(f"{w}?", f"how about {w}?", f"maybe {w}?", f"{w} ok?", f"what about {w}?", f"let's say {w}", f"can we do {w}?", f"{w} would be better", f"{w}?", f"is {w} ok?", f"rather {w}"), f"{who} suggests {w}")


def fragment(c: Chat, who):
    g = c.g
    w = g.one(g.day, g.at, g.place, lambda: put(g.at(), g.place()), lambda: put(g.day(), g.at()), lambda: put(g.activity(), g.when()).replace("<my>", "the"))()
    w = g.fact(bare(w) if g.odds(.3) else w)
    c.say(who, g.maybe(.4, lambda: g.one("yes, ", "ok ", "sure, ", "I think ", "yes ", "it's ", "I believe ", "ok, ", "sure ")) + w + g.maybe(.15, lambda: " I think"), f"{who} says {w}")


def x_suggest(c: Chat, people):
    g, who = c.g, people[0]
    a = g.activity().replace(" or ", " and ")
    d = put(g.maybe(.7, g.day), g.maybe(.55, g.at), g.maybe(.4, g.place))
    z = put(a, g.fact(d))
    t = g.one("anyone up for {}?", "how about {}?", "who wants to join me for {}?", "shall we do {}?", "I'm planning {}. Who's in?", "are you free for {}?", "does anyone want {}?",
              "let's meet for {}", "{}?", "want to come to {}?", "we could do {}", "I'd like to organise {}", "let's have {}", "you are all invited to {}", "what about {}?", "do you want {}?",
              "who's in for {}?", "are you coming to {}?", "can you come to {}?", "let's do {}", "do we want {}?", "are we doing {}?", "thinking about {}, who's coming?", "shall we have {}?")
    if g.odds(.15):
        c.say(who, as_said(g.one("are we still on for {}?", "is {} still on?", "still on for {}?", "what about {}, still on?").format(z)), f"{who} asks about {as_told(z)}")
    else:
        c.say(who, as_said(t.format(z)), f"{who} suggests {as_told(z)}")
    if g.odds(.18):
        q = g.one(people[1:])
        c.say(q, g.one("when?", "what time?", "where?", "which day?", "where exactly?", "when exactly?", "sure, when?", "ok, where?"), dress=False)
        fragment(c, who)
    answers(c, who, people[1:])
    if g.odds(.12):
        fragment(c, who)


def x_request(c: Chat, people):
    g, who = c.g, people[0]
    b = g.request()
    others = people[1:]
    if g.odds(.3):
        ask = g.one("can someone ", "can anyone ", "could somebody ", "could someone please ", "who can ", "can anybody ")
        b = b.replace("<your>", "the").replace("<you>", "them")
        c.say(who, as_said(ask + b) + g.one("?", "?", ""), f"{who} asks if someone can {as_told(b)}")
    else:
        m = c.other(who)
        if m != NEXT:
            others = [m] + [p for p in others if p != m]
        ask = g.one("can you ", "can you ", "could you ", "could you please ", "please ", "would you ", "can you please ", "don't forget to ", "you should ", "would you mind to ", "", "", "please ", "you have to ", "you need to ")
        c.say(who, as_said(ask + b) + ("?" if ask[:1] in ("c", "w") and g.odds(.8) else ""), f"{who} asks {m} to {marks(b, 'them', 'their', 'them', 'their')}")
    q = others[0]
    x = g.rng.random()
    if x < .3:
        c.agree(q)
    elif x < .5:
        fragment(c, q)
    elif x < .66:
        w = g.reason()
        k = g.odds(.6)
        c.say(q, g.one("sorry, I can't", "I can't", "no, sorry", "can't", "not possible, sorry") + (g.one(f", I have {w}", f" because of {w}", f". I have {w}") if k else ""), f"{q} can't" + (f" because of {w}" if k else ""))
    elif x < .9:
        l_first(c, q)
    if g.odds(.12):
        l_done(c, q)
    if g.odds(.3):
        c.filler(who)


def x_question(c: Chat, people):
    g, who = c.g, people[0]
    x = g.rng.random()
    if x < .62:
        n = g.one(g.the, g.event, g.event, lambda: "<my> " + g.topic())()
        t = g.one("when is {}?", "where is {}?", "when does {} start?", "what time does {} start?", "does anyone know when {} starts?", "is {} ready?", "how is {} going?", "did you see {}?", "has anyone seen {}?",
                  "what about {}?", "any news about {}?", "how much is {}?", "did anyone {} {}?", "who has {}?", "do you have {}?", "do we have {}?", "is {} done?", "will there be {}?", "what happened to {}?",
                  "did you {} {}?", "have you {} {}?", "is there any news on {}?", "how was {}?", "do we need {}?", "is {} broken?", "what's the status of {}?", "where did you put {}?", "why is {} {}?")
        if t.startswith("why"):
            t = t.format("{}", g.one(PREDICATES))
        elif t.count("{}") == 2:
            t = t.format(g.one(VERBS)[1 if t.startswith("have") else 0], "{}")
        c.say(who, as_said(t.format(n)) + g.maybe(.15, lambda: " " + g.when()), f"{who} asks about {as_told(n)}")
    elif x < .70:
        b, _ = g.action()
        s, v = g.one(g.one("the kids", "the guests", "the parents", "the team", "they", "people", "students"), g.person(), g.the()), g.one("should", "can", "will", "must", "should")
        c.say(who, as_said(f"{v} {s} {b}") + "?", f"{who} asks if {s} {v} {as_told(b, c.other(who))}")
    elif x < .86:
        b, _ = g.action()
        w = g.one("who can ", "who will ", "who wants to ", "who has to ", "who could ") + b if g.odds(.6) else g.one("who is ", "who's ") + g.one("coming", "picking up", "cooking", "driving", "paying for", "bringing", "feeding", "going to", "watching", "cleaning", "fixing", "buying") + " " + g.the()
        w = w.replace("coming the", "coming to the")
        c.say(who, as_said(w) + "?", f"{who} asks {as_told(w, c.other(who)).replace('who' + chr(39) + 's', 'who is')}")
    else:
        a, b = g.one(lambda: g.rng.sample(FOODS, 2), lambda: g.rng.sample(CITIES, 2), lambda: g.rng.sample(DAYS, 2), lambda: g.rng.sample(ACTIVITIES, 2), lambda: "red blue green yellow black white orange purple".split()[g.rng.randint(0, 2):][:2], lambda: g.rng.sample("sushi pizza burgers tacos pasta salad curry ramen kebab noodles soup".split(), 2))()
        x_vote(c, people, a, b)
        return
    q = people[1]
    x = g.rng.random()
    if x < .42:
        fragment(c, q)
    elif x < .55:
        c.say(q, g.one("no idea", "I don't know", "no idea, sorry", "not sure", "dunno", "I have no idea", "not sure, sorry", "I really don't know"), f"{q} does not know")
    elif x < .62:
        c.say(q, g.one("no", "not me", "not yet", "no, sorry", "nope", "no, not yet", "not me, sorry"), f"{q} says no")
    elif x < .80:
        l_first(c, q)
    elif x < .95:
        l_state(c, q)
    if g.odds(.3):
        c.filler(who)


def x_vote(c: Chat, people, a, b):
    g, who = c.g, people[0]
    w = g.maybe(.25, lambda: " " + g.fact(g.when()))
    c.say(who, g.one("{} or {}?", "should we take {} or {}?", "what do you prefer, {} or {}?", "do you want {} or {}?", "shall we have {} or {}?", "let's vote: {} or {}?", "would you like {} or {}?", "{} or {}?").format(a, b + w), f"{who} asks: {a} or {b}{w}")
    for q in people[1:]:
        z = g.one(a, b)
        c.say(q, g.one("{}", "{} for me", "I prefer {}", "{}!", "I vote for {}", "definitely {}", "{} please", "I'd say {}", "{} too", "{}, of course", "{} is better", "rather {}").format(z), f"{q} prefers {z}", dress=False)
    if g.odds(.3):
        z = put(z, g.maybe(.3, lambda: g.fact(g.at())))
        c.say(who, g.one("ok {}", "ok, {}", "so {}", "then {}", "ok {} then", "great, {}").format(z), f"{who} says {z}")


def x_say(c: Chat, people):
    g, who = c.g, people[0]
    g.one(l_first, l_first, l_first, l_state, l_state, l_state, l_two, l_we, l_pair, l_pair)(c, who)
    for q in people[1:]:
        x = g.rng.random()
        if x < .3:
            c.filler(q)
        elif x < .62:
            g.one(l_first, l_first, l_first, l_state, l_state, l_done, l_pair)(c, q)
        elif x < .7:
            proposal(c, q)


def x_offers(c: Chat, people):
    g = c.g
    for q in people:
        v = g.one("bring", "bring", "get", "take", "buy", "make", "cook", "do")
        t = g.one(g.one(FOODS), g.thing())
        w = g.maybe(.25, lambda: g.one("for ", "to ") + g.one(g.event(), g.proper() + "'s birthday", g.the()) + g.maybe(.4, lambda: " " + g.fact(g.day())))
        m = g.one("will", "will", "can")
        c.say(q, as_said(put({"will": g.one("I'll", "I will", "I'll"), "can": "I can"}[m], v, t, w)), as_told(put(q, m, v, t, w), c.other(q)))


def x_noise(c: Chat, people):
    """Lines nobody could summarise: fragments, made-up words, shuffled words."""
    g = c.g
    for q in people[:g.one(1, 1, 2)]:
        c.lines.append((q, noise(g)))
    c.unknown = True


def noise(g):
    x = g.rng.random()
    if x < .45:
        return g.one(FRAGMENTS).replace("<x>", g.topic()).replace("<y>", g.topic())
    if x < .75:
        n = g.rng.randint(2, 6)
        return " ".join(low(g.syllables()) for _ in range(n)) + g.one("", "?", "!", ".")
    words = as_said(g.one(g.statement(), "I will " + g.action(1)[0])).split() + g.one(REASONS).split()
    g.rng.shuffle(words)
    return " ".join(words)


def all_noise(g, people):
    c = Chat(g, people)
    topic = None
    for i in range(g.rng.randint(2, 5)):
        q = people[i % len(people)]
        if topic is None and g.odds(.6):
            topic = g.the()
            t = g.one("{} again", "{}?", "so {} then", "hm, {}", "{} vs " + g.topic(), "what even is {}", "well, {} obviously", "{} or what", "because of {}", "thoughts on {}?", "{}...", "oh no, {}", "regarding {}", "still {}", "{}, always {}").replace("{}", topic)
        else:
            t = noise(g).replace(" the ", " ")
            if topic is None and "the " in t:
                t = t.replace("the ", "")
        c.lines.append((q, t))
    return c, f"The chat is about {topic}; {low(NOT_SURE)}" if topic else NO_IDEA


EXCHANGES = [(x_suggest, 24), (x_request, 16), (x_question, 16), (x_say, 26), (x_offers, 8)]


# ---- layout --------------------------------------------------------------------------------------------------------
VERB = phrases("Summarise|Summarize|Sum up|Shorten|Recap|Condense|summarise|summarize|Please summarise|Please summarize|Briefly summarize|Can you summarise|Can you summarize|Could you summarise|Could you please sum up|please recap|Give me a short summary of|Give me a summary of|Write a summary of|Make a short summary of|I need a summary of|Write a one sentence summary of|Please shorten|give me the gist of|What is the gist of|Catch me up on|Explain briefly|Short summary of|Quick summary of|In short, what is")
WHAT = phrases("this chat|the chat|this conversation|the conversation|these messages|the messages below|the group chat|this group chat|our chat|our group chat|this thread|the discussion|the following chat|the following conversation|this dialogue|the messages|this for me|this|this chat for me|our conversation|my chat")
SHORT = phrases("Summary:|TL;DR:|tldr|tl;dr|tl;dr please|Summarise:|Summarize:|summarize|summarise|Sum up:|Recap:|recap please|Gist:|Short version please|In short:|Summary please|Give me the gist|What did they decide?|What did they agree on?|What is this chat about?|What happened in this chat?|What did I miss?|Catch me up:|What are they talking about?|What's going on here?|what's this about|Brief summary:|the short version:|Key points:|Main points?|What do they want?|Who does what?|make it short:|what is the outcome?|Summarise please:|sum this up|What was decided?")


def instruction(g):
    s = g.one(SHORT) if g.odds(.45) else g.one(VERB) + " " + g.one(WHAT) + g.one(":", ":", ".", "", "?", " please:", ", please.", " in one sentence:", " in two sentences.")
    return s.lower() if g.odds(.15) else s


def casual(g, lines):
    """Capitals, full stops and short spellings as people type them; one habit for a whole chat."""
    style, out = g.rng.random(), []
    swaps = []
    if g.odds(.15):
        swaps = [(" you ", " u "), ("can't", "cant"), ("I'm", "Im"), ("please", "pls"), ("don't", "dont")]
    elif g.odds(.06):
        swaps = [("'", "’")]
    elif g.odds(.08):
        swaps = [("I'll", "ill"), ("I'm", "im"), ("I ", "i "), ("let's", "lets")]
    for who, t in lines:
        for a, b in swaps:
            t = t.replace(a, b)
        if style < .5:
            t = cap(t)
        elif style > .82:
            t = low(t)
        if style < .32 and t[-1:] not in ".!?)":
            t += "."
        out.append((who, t))
    return out


def layout(g, lines):
    x = g.rng.random()
    if x < .64:
        return "\n".join(f"{q}: {t}" for q, t in lines)
    if x < .78:
        return " ".join(f"{q}: {t}" + ("" if t[-1:] in ".!?)," else g.one(".", "", ".")) for q, t in lines)
    if x < .86:
        h, m, out = g.rng.randint(7, 22), g.rng.randint(0, 40), []
        form = g.one("[{}:{:02d}] {}: {}", "{}:{:02d} {}: {}", "[{:02d}:{:02d}] {}: {}", "({:02d}:{:02d}) {}: {}", "{:02d}:{:02d} - {}: {}")
        for q, t in lines:
            m = min(59, m + g.rng.randint(0, 4))
            out.append(form.format(h, m, q, t))
        return "\n".join(out)
    if x < .90:
        return "\n".join(f"{q} - {t}" for q, t in lines)
    if x < .94:
        return "\n".join(f"- {q}: {t}" for q, t in lines)
    if x < .97:
        return "\n\n".join(f"{q}: {t}" for q, t in lines)
    return "\n".join(f"{q}: \"{t}\"" for q, t in lines)


def summary_task(g: Draw):
    people = [g.speaker() for _ in range(g.one(2, 2, 2, 3, 3, 3, 4))]
    if g.odds(.09):
        c, answer = all_noise(g, people)
        kind = "unknown"
    else:
        c, kind = Chat(g, people), "known"
        if g.odds(.1):
            c.lines.append((g.one(people), g.one("hi", "hey", "hello everyone", "good morning", "hi all", "hey guys", "how are you all?", "what's up", "hello!")))
        rounds = g.one(1, 1, 2)
        for i in range(rounds):
            f = g.rng.choices([a for a, _ in EXCHANGES], [b for _, b in EXCHANGES])[0]
            who = people[:] if i == 0 else g.rng.sample(people, len(people))
            if i and len(who) > 2:
                who = who[:2]
            f(c, who)
        if g.odds(.14):
            x_noise(c, g.rng.sample(people, len(people)))
            kind = "partly"
        if g.odds(.25):
            c.filler(g.one(people))
        if not c.clauses and not c.agreeing or len(c.clauses) > 6:
            return summary_task(g)
        answer = c.summary()
    body = layout(g, casual(g, c.lines))
    i = instruction(g)
    if g.odds(.06):
        i = g.one("Hi! ", "hey, ", "Please ", "pls ", "Hello, ", "hi, ", "Quick one: ", "can you help? ") + low(i)
    x = g.rng.random()
    if x < .06:
        user = body
    elif x < .26:
        user = body + g.one("\n", "\n\n") + i.rstrip(":")
    elif x < .32 and "\n" in body:
        user = g.one('{}\n"{}"', "{}\n```\n{}\n```", "{}\n---\n{}", "{}\n\n{}\n\nThanks!").format(i, body)
    else:
        user = i + g.one("\n", "\n", "\n", "\n\n", " ") + body
    return user, answer, "summary-" + kind
