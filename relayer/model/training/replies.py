"""Replies to one message. The answer depends on the kind of message and on what the user wants to say, and it
repeats as little as possible: a short answer that fits beats a long one that invents."""
from draw import Draw, as_answer, as_said, bare, cap, low, marks, put
from words import *

HOLD = "thank you for your message. I will get back to you soon."

ASK = phrases("""Reply to this message:|Write a reply to this message:|Draft a reply:|Draft a polite reply to this message:|Write a short reply to:|
Answer this message:|How should I reply to this?|Help me reply:|Write an answer to this message:|Please write a polite reply:|Reply politely:|Reply to:|
Write a reply to:|Draft a short answer to:|Can you write a reply to this message?|What should I answer?|Write a friendly reply:|Draft an answer for me:|
Respond to this message:|Suggest a reply:|I got this message, what should I reply?|Write back:|Draft a reply to the message below.|reply|reply:|
Please reply to the following message:|Compose a short reply to:|Reply to this:|Help me answer this email:|Help me answer this:|Answer:|
What do I say to this?|Draft a response:|Please answer this email:|Write a response to this email:|How do I answer this?|answer this for me|
Reply to this email:|Can you reply to this for me?|Please draft a short reply to this:|I need a reply to this:|Give me a reply for this message:|reply please""")
ASK_FROM = phrases("""Reply to {}:|Write a reply to {}:|Draft a reply to this message from {}:|{} wrote:|Draft a polite reply to {}:|
{} sent me this message, what should I reply?|Answer {}:|My friend {} wrote:|Write a reply to {}'s message:|Draft a reply to {}:|
How should I answer {}?|{} says:|Message from {}:|Help me reply to {}:|Write back to {}:|I got this from {}:|Please answer {}:|
{} texted me:|Respond to {}:|reply to {}:|Draft an answer to {}:|What should I write back to {}?|{} just wrote:""")
YES = phrases("""Say yes.|Accept.|Say I will come.|accept it|I want to say yes.|Accept politely.|Tell them yes.|Agree.|Say that it works.|yes|Confirm.|
I agree.|Please accept.|Tell them it's fine.|say yes|Write that I agree.|I want to accept.|answer yes|Say ok.|Confirm it.|Say sure.""")
NO = phrases("""Say no.|Decline.|Politely decline.|Say I can't.|say no|I can't.|Decline it politely.|Tell them no.|Refuse politely.|I want to say no.|no|
I don't want to.|Say no nicely.|I am not free.|How do I say no to this nicely?|Turn it down.|How can I decline?|Help me say no.|I want to decline.|
How do I decline this?|Say that I can't.|Write that I can't.|How do I politely say no?|answer no|I'm not interested.|reject it|No, thanks.""")
NO_WHY = phrases("""Say no because of {w}.|Decline, I have {w}.|I can't, I have {w}.|Say I can't because of {w}.|Politely decline because of {w}.|
Tell them I have {w}.|no, I have {w}|Say no, I have {w}.|say no because I have {w}|Decline because of {w}.|I can't because of {w}.|
Turn it down, I have {w}.|Say I have {w}.|no because of {w}""")
TELL = phrases("Say that {}|Say {}|Tell them {}|Tell them that {}|Answer that {}|and say {}|Write that {}|say {}|Please say that {}|Reply that {}|I want to say that {}|Let them know that {}|Tell {h} that {}|tell {h} {}|Say to {h} that {}")


def first_person(g: Draw):
    """'I will ...' as the user dictates it about 'him/her/them', and as the message says it to 'you'."""
    b, past = g.action()
    x = g.rng.random()
    if x < .4:
        s = g.one("I will ", "I'll ", "I will ", "I can ", "I want to ", "I have to ", "I need to ", "I would like to ", "I'm going to ", "we will ") + b
    elif x < .55:
        s = g.one("I can't ", "I could not ", "I won't ") + b
    elif x < .65:
        s = g.one("I am ", "I'm ") + put(g.one(STATES), g.maybe(.3, g.when))
    elif x < .75:
        s = g.one("I need ", "I have ", "I want ", "I don't have ") + put(g.thing(), g.maybe(.4, g.when))
    elif x < .88 and past:
        s = "I " + past
    else:
        s = g.statement()
    if g.odds(.1):
        s += g.one(", ", " and ", ", ") + g.statement()
    elif g.odds(.15):
        s += " because " + g.one("I am " + g.one(STATES), "I'm " + g.one(STATES), "I have " + g.reason(), g.statement(), "of " + g.reason())
    return s


def reply_task(g: Draw):
    sender = g.person() if g.odds(.6) else ""
    hi = f"Hi {sender}, " if sender else "Hi, "
    title = None
    if g.odds(.07):
        sender = g.one(TITLES[:5]) + " " + g.proper()
        g.names.append(sender.split()[-1])
        hi = f"Dear {sender}, "
    elif g.odds(.1):
        title, sender = g.one(RELATIONS + ["mum", "mom", "dad"]), ""
        hi = f"Hi {title}, " if title in PARENTS else "Hi, "
    want = g.rng.choices(["none", "yes", "no", "why", "clause", "tell"], [50, 8, 9, 10, 6, 18])[0]
    f = g.rng.choices([m_invite, m_request, m_move, m_question, m_kind, m_news, m_pay, m_sale, m_remind, m_other], [16, 18, 8, 10, 20, 8, 6, 4, 5, 12])[0]
    text, yes, open_ended = f(g)
    want = want if open_ended or want == "tell" else "none"
    wish = ""
    if want == "none":
        answer = yes
    elif want == "yes":
        wish, answer = g.one(YES), yes
    elif want == "no":
        wish, answer = g.one(NO), "I am sorry, but I can't. Thank you for asking!"
    elif want == "why":
        w = g.reason()
        wish, answer = g.one(NO_WHY).replace("{w}", w), f"I am sorry, but I can't because of {w}. Thank you for asking!"
    elif want == "clause":
        s = as_said(g.one(f"I'm {g.one(STATES)}", f"I am {g.one(STATES)}", "I already have plans", "I have other plans", "I have no time", "it is too expensive", "I have to work", "I work", "I am busy", "I have to " + g.action()[0], g.statement(), "I will be away"))
        wish = g.one("Say no, {}.", "Decline, {}.", "I can't, {}", "Tell them no, {}", "Say I can't because {}.", "no, {}", "say no because {}", "Politely decline, {}.", "Tell him no, {}", "Tell her no, {}", "Say that I can't, {}").replace("{}", s)
        answer = f"I am sorry, but I can't. {cap(s)}."
    else:
        s = first_person(g)
        him, his = g.one(("him", "his"), ("her", "her"), ("them", "their"))
        wish = g.one(TELL).replace("{h}", him).replace("{}", marks(s, "me", "my", him, his))
        wish += g.one(".", "", ".")
        answer = f"{cap(marks(s, 'me', 'my', 'you', 'your'))}."
        answer = f"thank you for your message. {answer}"
    if g.odds(.18):
        text = as_said(g.one(cap(g.statement()) + ".", "I'm " + g.one(STATES) + " " + g.one(g.day(), "") + g.one(",", "."), "I hope you are well.", "I hope this finds you well.", "I am writing about " + g.the() + ".", "Long time no see!", "How are you?", "Sorry to bother you.", "Quick question:")).replace(" ,", ",").replace(" .", ".") + " " + text
    if g.odds(.2):
        text = low(text)
    if g.odds(.4):
        text = g.one("Hi! ", "Hello, ", "Hey, ", "Hi there, ", "Good morning! ", "Hey! ", "Dear all, ", "hi ", "hey ", "Hello! ", "Dear customer, ", "Hi, ") + text
    if g.odds(.12):
        text += g.one(" 🎉", " :)", " 😊", " 🙏", "!!", " Thanks!", " Thank you.", " xx", " Let me know.", " Best regards", " Cheers")
    ask = g.one(ASK)
    ask = ask.lower() if g.odds(.12) else ask
    quoted = f'"{text}"' if g.odds(.22) else text
    x = g.rng.random()
    if title:
        user = g.one(ASK_FROM).format(title) + g.one(" ", "\n") + quoted
        user = cap(user) if g.odds(.6) else user
        if g.odds(.25):
            user += g.one(" ", "\n") + g.one("What should I answer?", "What should I reply?", "Please draft a reply.", "How should I answer?", "Help me answer.")
    elif not sender:
        user = ask + g.one("\n", "\n", " ", "\n\n") + quoted
        if ask in ("reply", "Write back:") or g.odds(.15):
            user = quoted + g.one("\n", "\n\n") + ask.rstrip(":")
    elif x < .38:
        user = ask + g.one("\n", "\n", "\n\n", " ") + f"{sender}: {quoted}"
    elif x < .52:
        user = ask + g.one("\n", "\n", " ") + text + g.one("\n", " ", "\n- ", " - ", "\nBest, ", " Best, ", " Thanks, ", "\nBest regards, ", "\nRegards,\n", ", ") + sender
    elif x < .80:
        head = g.one(ASK_FROM).format(sender)
        if wish and g.odds(.35) and want != "yes":
            user = head.rstrip(":?") + " and " + low(wish).rstrip(".").removeprefix("and ") + ": " + quoted
            wish = ""
        else:
            user = head + g.one(" ", " ", "\n") + quoted
    else:
        user = f"{sender}: {quoted}\n{ask.rstrip(':')}"
    if wish:
        user = user + g.one("\n", " ", "\n", "\n\n") + wish if g.odds(.8) else wish + g.one("\n", " ", "\n\n") + user
    return user, hi + (answer if answer[:2] == "I " or hi == "" else low(answer)), "reply-" + (want if want != "none" else f.__name__[2:])


# ---- kinds of message: text, the friendly answer, and whether yes/no makes sense -------------------------------------
def m_invite(g):
    a, d = g.activity(), put(g.maybe(.7, g.day), g.maybe(.5, g.at))
    p = g.maybe(.4, g.place)
    z = as_said(put(a, d, p))
    t = g.one("Would you like to come to {}?", "Are you free for {}?", "Do you want to join us for {}?", "We are planning {}. Are you coming?", "You are invited to {}!", "I'd like to invite you to {}.",
              "How about {}?", "want to come to {}?", "{}?", "Can you make it to {}?", "Are you coming to {}?", "I'm organising {}. Will you join?", "Would you join me for {}?", "We have {}. It would be great to see you!",
              "Will you be at {}?", "would you like to join {}?", "Shall we have {}?", "Do you feel like {}?", "Let's do {}!", "We would love to have you at {}.", "Join us for {}!")
    g.fact(d)
    when = f" {d}" if d else ""
    return t.format(z), f"Thank you for the invitation! I would love to come{when}. See you there!", True


def m_request(g):
    b = g.request()
    t = g.one("Can you {}?", "Could you {}?", "Could you please {}?", "Please {}.", "Would you {}?", "Can you please {}?", "Would you mind to {}?", "Would it be possible to {}?", "I need you to {}.", "can you {}", "pls {}",
              "Could you {}, please?", "Will you {}?", "I'd be glad if you could {}.", "Are you able to {}?", "Do you have time to {}?")
    return t.format(as_said(b)), f"Sure, I will {as_answer(b)}.", True


def m_move(g):
    e, a, b = g.event(), g.when(), bare(g.when())
    t = g.one(f"Can we move {e} to {b}?", f"Could we move {e} from {bare(a)} to {b}?", f"I have to move {e} to {b}. Is that ok?", f"Can we reschedule {e} to {b}?", f"{cap(e)} is moved to {b}, ok?",
              f"Does {b} work for you?", f"Is {b} ok for {e}?", f"Can we meet {b}?", f"Are you available {b}?", f"Do you have time {b}?", f"Could we talk {b}?", f"Let's meet {b} about {e}, ok?", f"Can we have a call {b}?")
    return t, f"Yes, {g.fact(b)} works for me. See you then!", True


def m_question(g):
    n = g.one(g.the(), g.event(), "<your> " + g.topic())
    t = g.one("When will {} be ready?", "How is {} going?", "Is {} done?", "Any news about {}?", "What is the status of {}?", "Did you finish {}?", "What time does {} start?", "Where is {}?", "When is {}?",
              "Do you know when {} starts?", "Who is coming to {}?", "How much is {}?", "Do you have the address of {}?", "Have you seen {}?", "What happened to {}?", "Is {} ready?", "Where did you put {}?", "Do you know where {} is?", "Why is {} late?")
    return as_said(t.format(n)), "Thank you for asking. I will check and let you know soon.", False


def m_kind(g):
    z = as_said(g.one(g.the, lambda: "your help with " + g.the(), g.event, lambda: "helping me with " + g.the(), lambda: "your time", lambda: "the gift", lambda: "the lovely dinner", lambda: "everything")())
    w = g.one("your new job", "your exam", "your wedding", "your new house", "the award", "your graduation", "the promotion", "winning " + g.the(), "the new baby", "your driving test", "passing your exam")
    e = g.event()
    rows = [
        ((f"Thank you for {z}!", f"Thanks so much for {z}.", f"thanks for {z}", f"I wanted to thank you for {z}.", f"Many thanks for {z}!", "Thank you so much!", "Thanks a lot for yesterday!"), "You are very welcome! I am glad I could help."),
        (("Happy birthday!", "Happy birthday! All the best!", "happy bday!!", "All the best for your birthday!", "Wishing you a wonderful birthday!", f"Congratulations on {w}!", f"Congrats on {w}!", f"I heard about {w}, congratulations!", f"Well done on {w}!", "Congratulations!"), "Thank you so much! I really appreciate it."),
        (("Happy new year!", "Merry Christmas!", "Have a nice weekend!", "Happy holidays!", "Enjoy your day!", "Happy Easter!", "Good luck for the new year!", "Merry Christmas and a happy new year!", "Have a great week!", "I wish you a good weekend.", "Happy new year to you and your family!"), "Thank you, the same to you!"),
        ((f"Sorry, I missed {e}.", f"I'm so sorry that I forgot {e}.", f"Sorry for missing {e}!", f"I apologise, I can't come to {e}.", f"I'm sorry, I will be late for {e}.", f"sorry I can't make it to {e}", f"Sorry about {e}.", "I'm really sorry for the trouble.", "We are sorry for the delay."), "No problem at all! Thank you for letting me know."),
        ((f"I'm {g.one('sick', 'ill', 'not feeling well', 'so sad', 'in hospital')}.", f"I'm sick, I have {g.one('a cold', 'a fever', 'the flu', 'a broken leg', 'a bad cough')}.", f"I lost my {g.one(LOSABLE)}.", "I failed my exam.", f"My {g.one(MACHINES)} is broken.", "I lost my job.", "My grandma died.", f"I feel terrible, I've got {g.one('a cold', 'a fever', 'a headache')}.", "My dog is sick."), "I am sorry to hear that. I hope it gets better soon!"),
        (("How are you?", "How are you doing?", "how's it going?", "How was your weekend?", "Long time no see! How are you?", "how is everything?", "What's new with you?", "How have you been?", "how are you today?", "Are you ok?", "are you sleeping well?", "are you happy?", "do you eat enough?", "how is your day?", "are you doing well?", "are you well?", "How is life?"), "Thank you for asking! I am doing well. How are you?"),
        (("I love you", "I miss you!", "I miss you so much", "Thinking of you", "You are the best!", "You did a great job!", f"I really liked {g.the()}.", "Great work!", f"{cap(g.the())} was great, well done!"), "Thank you, that is very kind of you!"),
        ((f"Your {g.one('music', 'dog', 'TV', 'party', 'car', 'bike', g.noun())} was {g.one('too loud', 'very loud', 'in my way', 'annoying', 'a problem')} {g.one('last night', 'again', 'yesterday', 'today')}.", f"Please {g.one('keep it down', 'be quiet', 'stop', 'move your car', 'be on time', 'clean up')}.", f"{cap(g.the())} is wrong again.", f"I am not happy with {g.the()}.", f"I have to complain about {g.the()}.", f"You forgot {g.the()} again.", f"Your {g.one('son', 'daughter', 'dog', 'cat')} {g.one('broke', 'took', 'forgot', 'damaged')} {g.the()}{g.one('', ' again')}.", f"{g.one(g.proper(), 'Your son', 'Your daughter')} {g.one('forgot', 'lost', 'broke', 'missed')} {g.one('the', 'his', 'her')} {g.one('homework', 'exam', 'lesson', g.noun())}{g.one('', ' again', ' today', ' again today')}.", f"You {g.one('broke', 'forgot', 'missed')} {g.the()}!", f"This is the {g.one('second', 'third')} time. Please be careful."), "I am sorry about that. I will take care of it."),
    ]
    texts, answer = g.one(rows)
    t = g.one(texts)
    if answer.startswith("I am sorry about") and g.odds(.4):
        t += " " + g.one("Please talk to him.", "Please keep it down.", "Please fix it.", "Please be careful.", "This is not ok.", "Please stop it.", "Please take care of it.", "What happened?", "It has to stop.")
    return t, answer, False


def m_news(g):
    n, c = g.proper(), g.one(CITIES)
    t = g.one(f"I got a new job at {n}!", f"I passed my {g.one('driving test', 'math exam', 'final exam', 'language test')}!", f"I'm moving to {g.one(c, n)}!", f"I bought a {g.one('new car', 'new bike', 'house', 'new laptop', 'boat')}!",
              f"We are getting married {g.day()}!", f"I won the {g.one(THEMES)} {g.one('contest', 'prize', 'tournament')}!", "We had a baby!", f"I adopted a cat called {n}!", "I'm pregnant!", "I got the job!", "I graduated!", "We won!", f"I finished the {g.one(TASKS)}!", "I got promoted!")
    return g.maybe(.25, lambda: g.one("Guess what? ", "Great news! ", "I have news: ")) + t, "Congratulations! I am very happy for you.", False


def m_pay(g):
    m, z = g.money(), as_said(g.one(g.event(), "the " + g.one("tickets", "dinner", "gift", "taxi", "pizza", "hotel", "groceries", "rent", "trip", "concert", "invoice")))
    t = g.one(f"Please send me {m} for {z}.", f"You still owe me {m} for {z}.", f"Can you pay me {m} for {z}?", f"Reminder: {m} for {z}.", f"Could you transfer {m} for {z}?", f"{cap(z)} cost {m}, please pay me back.", f"You owe me {m}.", f"don't forget the {m} you owe me", f"Where are my {m}?", f"Please pay the {m} for {z}.")
    g.fact(m)
    return t, f"Thank you for the reminder. I will send you {m} soon.", False


def m_sale(g):
    z = g.the()
    t = g.one(f"Is {z} still available?", f"Do you still sell {z}?", f"I am interested in {z}. Is it available?", f"Can I buy {z}?", f"is {z} still for sale?", f"Is {z} sold already?")
    return t, f"Yes, {z} is still available. Would you like to come and see it?", False


def m_remind(g):
    t = g.one(f"Don't forget {g.event()} {g.when()}.", f"Don't forget to {as_said(g.request())}!", f"Please remember {g.event()} {g.when()}.", f"Reminder: {g.event()} is {g.when()}.", f"Remember to {as_said(g.request())}.", f"This is a reminder about {g.event()} {g.when()}.")
    return t, "Thank you for the reminder! I will not forget.", False


def m_other(g):
    if g.odds(.5):
        t = cap(as_said(g.one(g.statement(), "your order " + str(g.rng.randint(10, 9999)) + " " + g.one("is delayed", "is delayed by " + g.one("two days", "a week", "three hours"), "has arrived", "was sent", "is ready") + " " + g.when(), "the office is closed " + g.when(), "I will be " + str(g.rng.randint(2, 50)) + " minutes late", "your " + g.topic() + " " + g.one("has arrived", "is ready", "is here")))) + "."
        if g.odds(.15):
            t = g.one("We regret to inform you that", "Please note that", "I wanted to let you know that", "This is to inform you that", "We are happy to tell you that", "Unfortunately,", "Just to let you know,", "We would like to inform you that") + " " + g.one(low(t), f"your {g.topic()} was {g.one('not successful', 'rejected', 'approved', 'accepted', 'declined', 'successful')}.")
        if g.odds(.35):
            t += " " + g.one("We are sorry. Best regards, " + g.proper(), "Best regards, " + g.proper() + " " + g.one("Shop", "Ltd", "Team", "Bank", "Hotel", "Support"), "Sorry! Kind regards, " + g.proper(), "We are sorry.", "Sorry for the trouble.", "Just so you know.", "Have a nice day.", "Best regards", "That's all.")
        return t, "Thank you for letting me know!", False
    t = g.one("Please call me back.", "We need to talk.", "Check this out!", "Call me.", f"I have a question about {g.the()}.", f"Let me know what you think about {g.the()}.", f"What do you think about {g.the()}?", "Call me when you can.",
              f"Did you read about {g.the()}?", "Are you there?", "???", f"I think {g.the()} is {g.one(PREDICATES)}. What do you think?", "hey", "ok", f"{cap(low(g.syllables()))} {low(g.syllables())} {low(g.syllables())}", f"Which {g.noun()} do you prefer?", g.one(FOREIGN), f"{g.the()}...")
    return t, cap(HOLD), False
