"""Messages written from an instruction: nearly all of the answer is copied, with the persons turned round."""
from draw import Draw, as_said, cap, low, marks, put
from replies import first_person
from words import *

PRONOUNS = [("he", "him", "his"), ("she", "her", "her"), ("they", "them", "their")]


def receiver(g: Draw):
    """How the instruction names the receiver, and how the message greets them."""
    x = g.rng.random()
    if x < .56:
        n = g.person()
        return g.one(n, n, n, n, "my " + g.one("friend ", "colleague ", "sister ", "brother ", "neighbour ", "boss ") + n), f"Hi {n}, "
    if x < .78:
        return g.one(RELATIONS), "Hi, "
    if x < .88:
        return g.one(GROUPS), "Hi all, "
    if x < .93:
        p = g.one(PARENTS)
        return g.one(p, "my " + p), f"Hi {p}, "
    t = g.one(TITLES[:5]) + " " + g.proper()
    g.names.append(t.split()[-1])
    return t, f"Dear {t}, "


def lead(g, x):
    """'Write a message to X' in many words."""
    what = g.one("message", "short message", "text", "note", "short note", "email", "quick message", "friendly message", "polite message", "short email", "text message", "line")
    a = "an " if what[0] in "e" else "a "
    s = g.one(f"Write {a}{what} to {x}", f"Write to {x}", f"Draft {a}{what} to {x}", f"Write {x} {a}{what}", f"Text {x}", f"Draft {a}{what} for {x}", f"Help me write {a}{what} to {x}", f"Message {x}", f"Compose {a}{what} to {x}",
              f"I need {a}{what} for {x}", f"I need {a}{what} to {x}", f"Can you write {a}{what} to {x}", f"Please write {a}{what} to {x}", f"Could you draft {a}{what} to {x}", f"Send {x} {a}{what}", f"I want to write to {x}", f"{cap(what)} for {x}", f"{what} to {x}", f"{what} for {x}", f"Please text {x}")
    return s


def message_task(g: Draw):
    f = g.rng.choices([t_tell, t_ask, t_ask_about, t_remind, t_thank, t_sorry, t_invite, t_congratulate, t_cancel, t_move, t_decline, t_wish], [34, 14, 10, 9, 8, 7, 8, 4, 4, 4, 3, 4])[0]
    x, hi = receiver(g)
    user, body = f(g, x)
    user = g.maybe(.15, lambda: g.one("Please ", "please ", "Can you ", "Could you please ", "Hey, can you ")) + (low(user) if g.odds(.25) else user)
    for p in ("Please ", "please ", "Can you ", "Could you please ", "Hey, can you "):
        if user.startswith(p):
            rest = user[len(p):]
            user = p + rest[:1].lower() + rest[1:] if not rest.startswith("I ") else rest
            break
    if user[-1:] not in ".!?" and g.odds(.45):
        user += "?" if user.lower().startswith(("can you", "could you", "hey, can")) else "."
    return user, hi + body, "message-" + f.__name__[2:]


def asked(b, p):
    """A request as the instruction words it about a third person, and as the message words it."""
    return marks(b, "me", "my", p[1], p[2]), as_said(b)


def t_tell(g, x):
    s, p = first_person(g), g.one(PRONOUNS)
    if g.odds(.14):
        b, past = g.action()
        v = g.one("can", "should", "must", "has to") if p[0] != "they" else g.one("can", "should", "must")
        said = f"{p[0]} {v} {marks(b, p[1], p[2], 'me', 'my')}"
        told = f"you {'have to' if v == 'has to' else v} {marks(b, 'you', 'your', 'me', 'my')}"
    elif g.odds(.12):
        n = g.topic()
        e = put(g.one("is", "was", "is still", "will be"), g.one(PREDICATES), g.maybe(.3, g.when))
        said, told = f"{p[2]} {n} {e}", f"your {n} {e}"
    else:
        said, told = marks(s, "me", "my", p[1], p[2]), as_said(s)
    how = g.rng.random()
    if how < .34:
        u = g.one("Tell {} ", "Tell {} that ", "Let {} know ", "Let {} know that ", "Inform {} that ", "Tell {} that ", "Say to {} that ", "Explain to {} that ", "Help me tell {} that ", "I want to tell {} that ", "I need to tell {} that ", "Tell {}, ", "How do I tell {} that ").format(x) + said
    elif how < .72:
        u = lead(g, x) + g.one(" that ", " that ", " saying that ", " to say that ", " saying ", " and say that ", " that says ", ", ", ". ") + said
    else:
        u = lead(g, x) + g.one(": ", ": ", ":\n", " - ") + told
    return u, f"{told}."


def t_ask(g, x):
    p = g.one(PRONOUNS)
    said, told = asked(g.request(), p)
    k = g.rng.random()
    if k < .4:
        u = g.one("Ask {} to ", "Ask {} to ", "Ask {} politely to ", "Please ask {} to ", "Tell {} to ", "Request {} to ").format(x) + said
    elif k < .7:
        u = g.one("Ask {} ", "Ask {} ", "I want to ask {} ").format(x) + g.one("if ", "whether ") + p[0] + " " + g.one("can ", "could ", "can ") + said
    else:
        u = lead(g, x) + g.one(" asking if " + p[0] + " can ", " and ask if " + p[0] + " can ", " to ask if " + p[0] + " could ", " asking " + p[1] + " to ", " and ask " + p[1] + " to ") + said
    return u, f"could you please {told}?"


def t_ask_about(g, x):
    k = g.rng.random()
    if k < .5:
        n = g.one(g.the(), g.event(), "the next " + g.one("train to ", "bus to ", "flight to ") + g.one(CITIES), "the " + g.one("shop", "museum", "office", "bank") + " in " + g.one(CITIES))
        w = g.one(f"when {n} {g.one('starts', 'leaves', 'opens', 'ends', 'closes', 'arrives', 'is')}", f"where {n} is", f"how much {n} costs", f"what time {n} {g.one('starts', 'opens', 'ends', 'leaves')}", f"who has {n}", f"where to find {n}", f"when {n} will be ready", f"how {n} works", *[f"{g.one('if', 'whether')} {n} is {g.one('', 'still ', 'already ')}{g.one(PREDICATES + ['available'] * 12)}" for _ in range(3)])
        u = g.one(f"Ask {x} {w}", f"{lead(g, x)} asking {w}", f"{lead(g, x)} and ask {w}", f"I want to ask {x} {w}", f"{lead(g, x)} to ask {w}")
        return u, f"do you know {w}?"
    n = g.one(g.the(), g.event())
    if k < .75:
        return g.one(f"Ask {x} about {n}", f"{lead(g, x)} about {n}", f"{lead(g, x)} asking about {n}", f"{lead(g, x)} with a question about {n}"), f"I have a question about {n}. Could you please help me?"
    n = g.one(n, g.money(), g.the())
    return g.one(f"Ask {x} for {n}", f"{lead(g, x)} asking for {n}", f"{lead(g, x)} and ask for {n}", f"Request {n} from {x}"), f"could you please send me {n}?"


def t_remind(g, x):
    p = g.one(PRONOUNS)
    if g.odds(.5):
        said, told = asked(g.request(), p)
        return g.one(f"Remind {x} to {said}", f"{lead(g, x)} reminding {p[1]} to {said}", f"{lead(g, x)} to remind {p[1]} to {said}", f"Send {x} a reminder to {said}"), f"please remember to {told}."
    e = put(g.one(g.event, g.the)(), g.maybe(.75, lambda: g.fact(g.when())))
    return g.one(f"Remind {x} about {e}", f"Remind {x} of {e}", f"{lead(g, x)} reminding {p[1]} about {e}", f"Send {x} a reminder about {e}", f"{lead(g, x)} as a reminder about {e}"), f"this is a reminder about {e}."


def t_thank(g, x):
    z = g.one(g.the, g.event, lambda: g.one("the gift", "the flowers", "the lovely dinner", "the advice", "the help", "everything", "the support", "the great evening"), lambda: g.one("helping me with ", "lending me ", "sending me ", "showing me ", "fixing ") + g.the())()
    what = g.one("thank you note", "short thank you note", "thank you message", "short thank you", "thank you email")
    return g.one(f"Thank {x} for {z}", f"Say thanks to {x} for {z}", f"Say thank you to {x} for {z}", f"Write a {what} to {x} for {z}", f"Draft a {what} to {x} for {z}", f"{lead(g, x)} to say thanks for {z}", f"{lead(g, x)} to thank for {z}", f"{lead(g, x)} thanking for {z}"), f"thank you so much for {z}!"


def t_sorry(g, x):
    z = g.one(g.one("missing ", "forgetting ", "breaking ", "losing ", "being late for ") + g.one(g.the(), g.event()), g.the(), "being late", "the delay", "the noise", "the mistake", "not coming to " + g.event(), "not answering", "my late reply", "being rude")
    return g.one(f"Apologise to {x} for {z}", f"Apologize to {x} for {z}", f"Say sorry to {x} for {z}", f"{lead(g, x)} to apologise for {z}", f"{lead(g, x)} to say sorry for {z}", f"{lead(g, x)} apologizing for {z}", f"Write an apology to {x} for {z}", f"Tell {x} I am sorry for {z}"), f"I am sorry for {z}."


def t_invite(g, x):
    z = put(g.activity().replace("<my>", "my"), g.maybe(.8, lambda: g.fact(put(g.maybe(.8, g.day), g.maybe(.5, g.at), g.maybe(.35, g.place)))))
    return g.one(f"Invite {x} to {z}", f"{lead(g, x)} inviting them to {z}", f"Write an invitation to {x} for {z}", f"{lead(g, x)} to invite them to {z}", f"Ask {x} to come to {z}", f"Draft an invitation for {x} to {z}", f"Invite {x} for {z}", f"Ask {x} to join me for {z}"), f"would you like to come to {z}?"


def t_congratulate(g, x):
    p = g.one(PRONOUNS)
    n = g.one("new job", "exam", "wedding", "new house", "promotion", "graduation", "driving test", "birthday", "award", "new car", g.topic())
    return g.one(f"Congratulate {x} on {p[2]} {n}", f"{lead(g, x)} to congratulate on {p[2]} {n}", f"Congratulate {x} on the {n}", f"Say congratulations to {x} for {p[2]} {n}"), f"congratulations on your {n}!"


def t_cancel(g, x):
    e = put(g.event(), g.maybe(.6, lambda: g.fact(g.when())))
    return g.one(f"Cancel {e} with {x}", f"{lead(g, x)} to cancel {e}", f"{lead(g, x)} cancelling {e}", f"{lead(g, x)} saying I must cancel {e}"), f"I am sorry, but I have to cancel {e}."


def t_move(g, x):
    e, w = g.event(), g.fact(g.when())
    w = w.removeprefix("on ").removeprefix("at ")
    return g.one(f"Ask {x} to move {e} to {w}", f"Ask {x} if we can move {e} to {w}", f"{lead(g, x)} to move {e} to {w}", f"Reschedule {e} with {x} to {w}", f"Ask {x} to reschedule {e} to {w}", f"{lead(g, x)} asking to postpone {e} to {w}"), f"can we move {e} to {w}?"


def t_decline(g, x):
    e = put(g.event(), g.maybe(.4, lambda: g.fact(g.day())))
    return g.one(f"Decline the invitation of {x} to {e}", f"{lead(g, x)} to decline {e}", f"{lead(g, x)} declining the invitation to {e}"), f"I am sorry, but I can't come to {e}."


def t_wish(g, x):
    p = g.one(PRONOUNS)
    w = g.one("happy birthday", "good luck", "merry Christmas", "happy new year", "a good trip", "a nice weekend", "all the best", "a happy birthday", "a great day", "good night", "a safe flight")
    b = w.removeprefix("a ") if "happy" in w else w
    b = "have " + w if w in ("a good trip", "a nice weekend", "a great day", "a safe flight") else b
    return g.one(f"Wish {x} {w}", f"{lead(g, x)} to wish them {w}", f"{lead(g, x)} wishing {p[1]} {w}", f"Say {b} to {x}"), f"{b}!"
