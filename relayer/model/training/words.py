"""Word lists, all written for this model. `phrases` splits at | and forgets line breaks."""


def phrases(text):
    return [" ".join(p.split()) for p in text.split("|")]


FIRST = """Anna Ben Carla David Elena Felix Grace Henry Irina Jack Karen Leo Maria Nick Olga Paul Quinn Rosa Sam Tina Uma
Victor Wendy Xenia Yuri Zoe Adam Alice Amir Andrew Anton Ari Asha Boris Bruno Chloe Chris Clara Dan Daria Diana
Dmitry Eddie Emma Eric Eva Fatima Frank Gina George Hana Hugo Ivan Ines Isla James Jane Jenny Joe John Julia Kai
Kate Kevin Kim Lara Laura Lena Liam Lily Linda Lisa Lucas Lucy Luis Mark Marta Max Maya Mia Michael Mike Mila
Mina Mohamed Nadia Nina Noah Nora Oleg Oliver Omar Oscar Pablo Pavel Peter Petra Priya Rachel Raj Ravi Rita Rob
Robert Roman Ruth Ryan Sara Sasha Sergey Simon Sofia Sonia Stefan Steve Susan Tanya Theo Thomas Tim Tom Vera
Vlad Will Yana Yusuf Zara Aisha Akira Alex Alina Amelia Bella Bob Camila Carlos Chen Cora Dario Denis Dora Elif
Ella Emil Ethan Fiona Gabriel Greta Gus Harry Helen Ian Igor Iris Jakob Jasmine Jonas Jorge Kenji Kira Kofi Lea
Lev Lola Mateo Mei Milan Miguel Mona Nils Odette Otto Pia Rafael Remy Rina Samir Selma Tariq Toby Ulrich Valeria
Viktor Wanda Wei Yara Yuki Zlata Zoltan Abby Arthur Basil Becky Cyril Dina Edgar Farah Gleb Hilda Ilya Joy Katya
Lars Masha Nikita Olivia Polina Rex Stella Timur""".split()
DAYS = """Monday Tuesday Wednesday Thursday Friday Saturday Sunday""".split()
MONTHS = """January February March April May June July August September October November December""".split()
ADJECTIVES = phrases("""red|blue|green|old|new|golden|silver|happy|little|big|quiet|sunny|lucky|secret|royal|wild|white|black|crazy|cozy|central|local|grand|northern|corner|purple|tiny|second|main""")
HOUSES = phrases("""lion|dragon|garden|cat|bear|cafe|kitchen|theater|castle|tower|oak|river|moon|gate|fox|owl|bridge|house|lake|mill|lounge|cellar|rooster|anchor|lantern|bakery|pub|gallery""")
PLACES_AT = phrases("""park|library|beach|station|cinema|gym|mall|pool|stadium|museum|airport|main entrance|bus
stop|cafe|office|school|zoo|lake|theater|harbor|market|bar next door|pizza place|bakery|train station|hotel
lobby|town hall|river|tennis court|community center|usual place|university|church|hospital|coworking space|gas
station|food court|playground|corner shop""")
PLACES_IN = phrases("""park|garden|kitchen|main hall|lobby|city center|old town|library|meeting room|conference room|parking
lot|gym|forest|mountains|basement|cafeteria|lab|classroom""")
ACTIVITIES = phrases("""dinner|lunch|coffee|brunch|drinks|a picnic|a movie|a barbecue|board games|bowling|football|tennis|a bike ride|a
walk|a hike|karaoke|swimming|yoga|pizza|sushi|a concert|a study session|a party|ice cream|climbing|a workshop|a
road trip|basketball|chess|breakfast|a beach day|a run|volleyball|a call|a meeting|a team
lunch|badminton|skating|fishing|paintball|camping|a video call|dancing|tea|tacos|burgers|table tennis|a game
night|skiing|the concert|the match|a museum visit|a quick call|golf|a jam session|rehearsal|shopping""")
THEMES = phrases("""birthday|farewell|movie|book
club|planning|cooking|team|jazz|photo|coding|pizza|poker|trivia|dance|music|garden|project|design|guitar|taco|kayak|surf|robotics|chess|pottery|painting|budget|hackathon|welcome|family|holiday|charity|language|drama|comedy|cycling|salsa|boxing|choir|crypto""")
EVENTS = phrases("""night|session|party|tour|class|meetup|dinner|lunch|tournament|trip|workshop|evening|event|call|meeting|lesson|show|brunch""")
FOODS = phrases("""drinks|snacks|a
cake|chips|salad|dessert|cookies|fruit|juice|wine|beer|bread|cheese|sandwiches|ice|pasta|soup|chocolate|popcorn|cups
and plates|napkins|hot
dogs|lemonade|water|coffee|tea|pizza|rice|pancakes|muffins|olives|nuts|tomatoes|sausages|brownies|vegetables|apple
pie|balloons|candles|flowers""")
THINGS = phrases("""speaker|guitar|camera|tent|ball|grill|projector|laptop|charger|blanket|table|chairs|board
game|tickets|umbrella|map|car|bike|keys|microphone|lamp|cooler|printer|cable|router|backpack|drone|ladder|toolbox|keyboard|monitor|headphones|jacket|suitcase|passport|phone|tablet|mixer|piano|fridge|heater|bottle
opener|first aid kit|sleeping bag""")
REASONS = phrases("""work|an exam|a dentist appointment|a family dinner|a cold|a headache|a deadline|a doctor's appointment|a
wedding|a business trip|a job interview|another meeting|a night shift|a broken car|a sick child|a
flight|homework|a driving lesson|a babysitting job|a sore throat|a fever|a bad back|a train delay|a parents'
evening|a piano lesson|visitors|a football match|training|a birthday party|a class|a conference|a client call|a
twisted ankle|a school play|an early shift|an old injury|a visa appointment|a delivery|a language course|a
sprained wrist""")
TASKS = phrases("""report|slides|budget|design|invoice|contract|presentation|homepage|logo|newsletter|tests|bug fix|login
page|release notes|survey|spreadsheet|proposal|video|article|poster|app update|translation|schedule|database
migration|user guide|photo album|mobile app|landing page|blog post|press release|backup script|price
list|demo|checklist|agenda|search page|payment module|wallet update|essay|lab report|interview notes|server
setup|data export|floor plan|seating plan|guest list|project plan""")
MACHINES = phrases("""washing machine|car|bike|printer|wifi|server|heater|phone|laptop|fridge|dishwasher|elevator|website|oven|door
lock|shower|microwave|TV|camera|coffee machine|router|air conditioner|projector|keyboard|scooter|login
page|app|payment page|database|node|GPU|test build|boiler|radio|garage door|toilet|sink|lamp|doorbell|alarm""")
LOSABLE = phrases("""keys|wallet|phone|passport|glasses|backpack|headphones|umbrella|laptop|jacket|bag|scarf|cat|dog|ring|watch|notebook|charger|ticket|badge|gloves|hat|bus
card|camera""")
CITIES = phrases("""Berlin|Paris|Lisbon|Tokyo|Dubai|London|Rome|Madrid|Oslo|Prague|Vienna|Warsaw|Athens|Cairo|Delhi|Seoul|Lima|Toronto|Sydney|Boston|Geneva|Milan|Riga|Kyiv|Tbilisi|Yerevan|Belgrade|Budapest|Munich|Zurich|Porto|Dublin|Nairobi|Bangkok|Hanoi|Mumbai|Chicago|Austin|Denver|Miami""")
NOUNS = phrases("""account|address|answer|appointment|area|army|attic|balcony|bank|basket|battery|bedroom|bill|boat|bottle|
box|branch|brother|bucket|building|button|cable car|cash|ceiling|chapter|chicken|choir|client|clock|code|college|colour|
company|computer|cook|corner|country|course|cousin|curtain|customer|daughter|deal|decision|department|dictionary|
director|document|door|drawer|driver|editor|electricity|email|engine|entropy|exam|example|factory|family|farm|festival|
field|file|fire|floor|folder|forest|form|fox|furniture|garage|gas bill|glass|goal|group|hall|heating|hedge|hill|history|
hole|horse|idea|index|insurance|island|issue|job|journey|judge|key card|kids|knife|language|law|lawyer|leak|letter|level|
licence|light|list|loan|machine|mail|manager|manual|mayor|medicine|member|memory|message|method|milk|mirror|model|
mountain|music|nail|name|neighbour|network|news|noise|novel|nurse|office|offer|oil|onion|order|owner|package|page|paint|
pan|paper|parcel|parents|part|password|patient|pen|people|photo|picture|pilot|plan|plant|plate|plumber|pocket|poem|
police|policy|pot|power|problem|professor|profit|program|puzzle|quantum theory|question|rabbit|rain|recipe|refund|rent|
request|result|ring|river|road|roof|root|rope|rule|sale|salt|sample|sand|science|screen|script|seat|secret|seller|
shelf|ship|shirt|shoes|shop|sign|signal|sister|skirt|snow|sofa|software|song|son|soup|space|stairs|stamp|star|statement|
stone|storm|story|street|student|subject|sugar|suit|sun|supplier|switch|system|tax|teacher|team|tenant|test|text|theory|
tool|tower|town|toy|traffic|train|trainer|tree|trip|truck|trousers|tunnel|update|uncle|village|visitor|visa|voice|wall|
washing|water|weather|website|wheel|wind|window|winner|wire|wood|word|world|worker|yard|year|deposit|subscription|
warranty|certificate|delivery|release|version|backup|lattice|ladder|lesson|practice|class|meeting|flight|bus|ferry""")
# base form / past form, all can take an object
VERBS = [tuple(v.split("/")) for v in phrases("""bring/brought|send/sent|fix/fixed|buy/bought|check/checked|clean/cleaned|
cook/cooked|finish/finished|write/wrote|read/read|review/reviewed|print/printed|sign/signed|order/ordered|book/booked|
cancel/cancelled|pay for/paid for|pick up/picked up|drop off/dropped off|collect/collected|carry/carried|move/moved|
paint/painted|repair/repaired|replace/replaced|return/returned|sell/sold|rent/rented|borrow/borrowed|lend/lent|
call/called|ask/asked|visit/visited|feed/fed|wash/washed|open/opened|close/closed|lock/locked|find/found|
look for/looked for|lose/lost|forget/forgot|take/took|get/got|give back/gave back|set up/set up|test/tested|
update/updated|install/installed|download/downloaded|upload/uploaded|share/shared|copy/copied|edit/edited|
translate/translated|prepare/prepared|plan/planned|organise/organised|choose/chose|draw/drew|build/built|break/broke|
cut/cut|count/counted|measure/measured|pack/packed|unpack/unpacked|deliver/delivered|post/posted|publish/published|
record/recorded|show/showed|explain/explained|discuss/discussed|watch/watched|see/saw|meet/met|join/joined|start/started|
stop/stopped|change/changed|delete/deleted|save/saved|turn off/turned off|turn on/turned on|throw away/threw away|
hide/hid|keep/kept|leave/left|miss/missed|need/needed|use/used|try/tried|taste/tasted|bake/baked|grow/grew|water/watered|
design/designed|draft/drafted|submit/submitted|approve/approved|reject/rejected|confirm/confirmed|announce/announced|
schedule/scheduled|win/won|block/blocked|report/reported|hire/hired|train/trained|walk/walked|drive/drove|park/parked|
solve/solved|learn/learned|practise/practised|play/played|sing/sang|teach/taught|invite/invited|greet/greeted|do/did|make/made|talk about/talked about|think about/thought about|order/ordered|eat/ate|drink/drank|
wear/wore|hear/heard|sort out/sorted out|hand in/handed in|wait for/waited for|work on/worked on|know/knew|run/ran|give/gave""")]
VISITS = phrases("""come|come over|go home|stay at home|stay longer|leave early|work late|wait outside|work from home|be there|come later|
drive|walk|take the bus|take the train|help|join|call <you>|pick <you> up|babysit|cook|wait|stay|sleep|study|pay|vote|relax|swim|dance|park|move|cancel|order|be late|be home|be ready|eat|start|begin|leave|arrive|be back|be quick|meet <you>|help <you>|wait for <you>|call back|
drop by|sleep in|travel|go to bed|come back|start early|stay in bed|go shopping|write to <you>|let <you> know|text <you>""")
STATES = phrases("""sick|ill|tired|busy|late|at home|at work|on my way|stuck in traffic|stuck at work|ready|free|hungry|lost|nervous|
out of town|in a meeting|on holiday|on the train|on the bus|almost there|done|not sure|not ready|not at home|away|offline|
at the doctor|at the airport|outside|downstairs|very happy|worried|bored|back home|still at work|not feeling well|sad|
on it|late for work|new here|locked out|broke|asleep|running late|in bed|in town|too tired|at the office|on call""")
PREDICATES = phrases("""ready|late|broken|closed|open|empty|full|lost|gone|wrong|dirty|too expensive|too small|too big|sold out|
down again|not working|out of stock|almost ready|finished|cancelled|delayed|missing|very good|terrible|fixed|back|online|
offline|free|blocked|too loud|too slow|wet|hot|cold|on the table|on fire|new|old|stolen|approved|rejected|paid|unpaid|
overdue|booked|locked|safe|leaking|stuck|invalid|correct|delicious|on the way|up and running|postponed|confirmed""")
ROLES = phrases("""Dad|Mom|Mum|Boss|Manager|Teacher|Landlord|Tenant|Owner|Customer|Support|Seller|Buyer|Coach|Grandma|Grandpa|
Neighbour|Doctor|Patient|Driver|Guest|Host|Client|Chef|Student|Admin|Me|Wife|Husband|Sister|Brother|Aunt|Uncle|
Nurse|Agent|Captain|Editor|Trainer""")
TITLES = phrases("Mr.|Mrs.|Ms.|Dr.|Prof.|Coach|Aunt|Uncle|Chef|Miss|Sir|Captain")
RELATIONS = phrases("""my boss|my landlord|my sister|my brother|my neighbour|my colleague|my teacher|my friend|my wife|my husband|
my manager|my doctor|my client|my cousin|my roommate|the teacher|the landlord|the manager|the customer|the seller|my uncle|
my aunt|my daughter|my son|my professor|my coach|the plumber|my tenant|the hotel|the school|my flatmate|my partner|
the neighbours|the company|the shop|my girlfriend|my boyfriend|my lawyer|the bank|a friend|a colleague|a customer""")
GROUPS = phrases("the team|everyone|all|my team|the group|my friends|the class|the family|my family|the parents|my colleagues|our team|the guests|the whole family|the whole team|everybody|the whole class|the office")
PARENTS = phrases("mum|mom|dad|grandma|grandpa|Mum|Mom|Dad|Grandma|Grandpa")
ENTRIES = phrases("""hey|hi|oh no!|oh no,|ok then|ok|okay,|great,|haha|lol|sorry,|well,|so|hm,|no worries,|btw|actually,|guys,|wow,|
yes,|sure,|cool,|good,|all right,|fine,|oh,|ah ok,|thanks,|no problem,|hello everyone,|hi all,|right,|yes!|great!|no!|wonderful,|oh!|thank you!|sorry!|yeah,|morning!|listen,|
good news:|bad news:|update:|reminder:|fyi,|just so you know,|quick update:|perfect,|nice,|yep,|hey everyone,|hmm ok|ugh,""")
EXITS = phrases("""!|:)|:(|👍|, ok?|, sorry|, thanks|btw|haha|lol|!!|😂|🎉|...|, I hope|as always|, promise|, I guess|😅|🙏|, of course|anyway""")
FILLERS = phrases("""haha|lol|nice|cool|great|perfect|awesome|yay|thanks|thank you|thx|hm|wow|:)|👍|😂|good to know|
got it|no problem|super|hey|hi all|hehe|fine|noted|love it|finally|can't wait|interesting|oh|oh no|
congrats!|congratulations!|well done!|amazing|poor you|get well soon|see you|see you there|see you then|bye|good luck|
you're the best|great, thanks|perfect, thank you|ok thanks|wonderful|oh dear|np|ty!|great job|🎉|❤️|😊|that's a lot|
you're welcome|take care|great news|ok cool|hello|good morning|so cute|really?|wow nice|thanks a lot|many thanks""")
AGREES = phrases("""I'm in|count me in|sounds great|yes|yes!|sure|ok|okay|works for me|great idea|me too|of course|good for me|yep|
yes please|+1|deal|why not|sounds good|I agree|agreed|fine with me|ok for me|yes, of course|yeah sure|
sure, no problem|absolutely|yes, that works|happy to|will do|alright|I'd love to|I'm up for it|yes, count me in|in!|
sounds like a plan|ok, deal|that's fine|yeah|👍 yes|yup|sure thing|definitely|of course, any time|sure, any time|I like it|ok let's do that|good plan""")
DECLINES = phrases("""no|no, sorry|nope|sorry, no|no way|I'd rather not|not me|not for me|I don't think so|no thanks|I disagree|
better not|I'm out|no, not really|sorry, not this time|can't, sorry""")
FRAGMENTS = phrases("""Which it isn't|Only if <x> holds|unless <x> though|because of <x> or what|like <x>?? seriously|no no, not <x>|
depends on <x>|as if|if you say so|that's what <x> said|<x> vs <y> all over again|remember <x> lol|hm <x> hm|more like <y>|
same as <x> then|so <x> but not <y>?|says who|and then <x> of all things|not even <x>|whatever <x> means|wait what|
oh that|the usual <x> thing|either <x> or else|you know <x>|as <x> as ever|speaking of <x>|half <x> half <y>|it's complicated|
or was it <x>|what even is <x>|kind of <x>-ish|same old <x>|never again <x>|<x>, <x>, always <x>|on the contrary|
hence <x>|thus no <x>|if only <x> were <y>|long story|don't ask|ikr|tbh <x>|smh|except <x>|where <x> meets <y>""")
FOREIGN = phrases("""Привет, как дела?|Что ты умеешь?|Сделай краткое содержание|Bonjour, ça va?|Comment tu t'appelles?|Hola, ¿qué tal?|
¿Puedes ayudarme?|Guten Tag, wie geht es dir?|Was kannst du?|Ciao, come stai?|Olá, tudo bem?|你好|你是谁|こんにちは|안녕하세요|
مرحبا|Напиши письмо другу|Объясни мне это|Merhaba, nasılsın?|Dzień dobry|Qui es-tu?|Расскажи анекдот|Donne-moi un résumé|
Wer bist du?|Quien eres|Сколько времени?|Спасибо|Merci beaucoup|Wie spät ist es?|напиши стих|как тебя зовут|नमस्ते|ты кто""")
