# Belbrug in English. Polite, plain verbs, no codes without words.

# The parts of the page
title-desk = Belbrug
title-ringing = ☎ Incoming call
skip-to-conversation = To the conversation
menu = Menu
menu-keys = All keys
menu-notify = Allow notifications
menu-sound = Play the ring
menu-single-keys = Use single-letter keys
tabs = Parts
pages = Pages
tab-file = File
tab-script = Script
tab-outcome = Outcome
nav-desk = Desk
nav-floor = Floor
nav-calls = Calls
nav-users = Users
sign-out = Sign out
close = Close
open = Open
choose = Choose …
next = Next
copy = Copy
since = since { $a }
extension = extension { $a }

# The link to the PBX
link-connected = Connected to the exchange
link-connecting = Connecting to the exchange
link-lost = No connection to the exchange
link-behind = The exchange is behind: what you see here may come late
link-phone-away = Your phone is not registered
ledger-away = The storage has not answered since { $a }. Calls go on; saving will work again soon, and what you type stays.

# Presence
presence-offline = Off the line
presence-ready = Available
presence-paused = Paused
presence-paused-because = Paused: { $a }
presence-ringing = Ringing
presence-talking = Talking
presence-wrap-up = Wrapping up
presence-go-ready-offline = Start
presence-go-ready-paused = Resume
presence-go-ready-wrap-up = Ready
presence-go-paused = Pause
presence-go-offline = Leave the line
pause-pauze = short break
pause-lunch = lunch
pause-overleg = meeting
pause-administratie = paperwork
pause-training = training
pause-phone = phone

# The call
call-none = No call
call-originating = Your phone is ringing: pick it up
call-ringing-far = Ringing at { $a }
call-ringing = Incoming call
call-talking = Talking
call-held = On hold
call-ended = Call ended
on-phone-only = hang up and transfer on your phone
answer-on-phone = Answer with your phone
number-withheld = Number withheld
hang-up = Hang up
waiting = Waiting
timer-ring = Ringing
timer-talk = Talk
timer-hold = Hold
timer-wrap = Wrap-up
direction-inbound = Incoming
direction-outbound = Outgoing
notice-info = Notice
notice-warning = Attention
notice-error = Error
end-hung-up-far = The other side hung up
end-hung-up-near = You hung up
end-busy = Busy
end-no-answer = Not answered
end-agent-no-answer = You did not pick up
end-rejected = Rejected
end-cancelled = Cancelled
end-unreachable = Number not reachable
end-number-dead = Number out of use
end-elsewhere = Answered by a colleague
end-transferred = Transferred
end-failed = Cut off by a fault
end-unknown = Ended, reason unknown
notice-missed = Missed: { $a } hung up after { $b }
notice-elsewhere = { $a }: answered by a colleague
notice-busy = { $a } is busy
notice-opened = Call from { $a }

# Many debtors, or none, have this number
chooser-title = { $a } is known for more than one debtor
chooser-how = Ask who is speaking and choose the file. Mention no amounts yet.
attach-title = Unknown number { $a }
attach-how = Find the debtor and attach this number
attach-withheld = Number withheld
attach-withheld-how = Ask who is speaking and find the debtor
attach-dismiss = No debtor? Say what it was
attach-number = Attach number

# A call that is nobody's, and what is owed
settled-private = Private call
settled-wrong_number = Wrong number
settled-supplier = Supplier or other
settled-other = Something else
settled-supervisor = Settled by a supervisor
dismiss-note = In a few words
error-dismiss-why = Write in a few words what it was.
owed-title = { $n ->
    [one] { $n } call without an outcome
   *[other] { $n } calls without an outcome
}
owed-settle = Finish
owed-whose = Who was it?

# A file is for one agent at a time, and goes along with a call
case-open-at = { $a } has had this file open since { $b }
locked-read-only = You can only read it.
locked-no-dial = Read only
take-over = Take over
error-case-taken = { $a } has had this file open since { $b }. Take it over if you must work in it now.
error-no-file = This file is not on your screen any more.
reading-how = You can read the file. Notes and an outcome can be recorded once it is free, or when you take it over.
reading-taken-how = The file was taken over from you. What you typed is kept as your own draft.
reading-given-how = Pick up: the file, the notes and the outcome are yours then.
reading-own-notes = Your notes so far
reading-notes-of = Notes by { $a }
given-by = Transferred by { $a }
handed-to = Transferred to { $a }, not answered yet
called-creditor = dialled: { $a }
notice-queue-refused = The PBX did not take your state over in queue { $a }: { $b }
notice-taken-over = { $a } has taken this file over
notice-file-free = The file is free: you can work in it
notice-handed-over = { $a } now talks with { $b } and has your notes
notice-settled-by = { $a } settled your call with { $b }

# Work list and search
worklist = Work list
worklist-empty = Your work list is empty
worklist-empty-how = Files that need a call today appear here, the most urgent on top. You can always search.
worklist-more = { $n ->
    [one] and { $n } more file
   *[other] and { $n } more files
}
days-late-short = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
search-label = Find a debtor
search-placeholder = Name, reference, number
search-none = Nothing found for “{ $a }”
search-none-how = Try a part of the name, the invoice number or the telephone number.
search-more = There are more: type a longer name.

# The file
file-empty = No file open
file-empty-how = Choose a file from the work list, or find a debtor. When the phone rings, the caller's file appears here.
close-file = Close file
kind-business = business
kind-consumer = consumer
for-creditor = for { $a }
match-opened = Opened by you
match-unique = This number belongs to this debtor only
match-chosen = Chosen by you: ask who is speaking
match-dialled = Chosen by the number that was dialled
match-attached = Number just attached: ask who is speaking
overdue-now = Overdue now
open-invoices = { $n ->
    [one] { $n } open invoice
   *[other] { $n } open invoices
}
oldest = Oldest
oldest-under = late
days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
stage = Stage
tone = Tone
promise-none = No open promise
promise-open = Promised: { $a } on { $b }
promise-broken = Promise broken: { $a } on { $b }
promise-kept = Promise kept: { $a } on { $b }
last-words-by = { $a }, noted by { $b }
last-words-none = Nothing said yet: this is the first call.
dial = Call
dial-number = Call { $a }
no-usable-number = No usable telephone number
invoices = Invoices
invoices-empty = No open invoices. New invoices appear here after the next import.
invoice-number = Number
invoice-issued = Issued
invoice-due = Due
invoice-late = Days
invoice-amount = Amount
invoice-left = Open
invoice-order = Order
invoice-state = State
invoice-is-open = not due yet
invoice-is-overdue = overdue
invoice-is-promised = promised
invoice-is-disputed = disputed
invoice-is-paid = paid
copy-number = Copy { $a }
contacts = Contacts
contacts-empty = No telephone numbers yet. Attach a number during a call, or add it with the import.
contact-general = General number
number-wrong = wrong number
number-dead = out of use
timeline = Earlier calls and agreements
timeline-empty = No calls yet. What you save appears here, the newest on top.
stage-1 = Stage 1: reminder
stage-2 = Stage 2: demand
stage-3 = Stage 3: final demand
stage-4 = Stage 4: hand-over
tone-friendly = friendly
tone-businesslike = businesslike
tone-firm = firm
tone-calm = calm
stop-dispute = Disputed.
stop-do-not-call = Do not call.
stop-insolvency = Insolvency or administration.
stop-vulnerable = Vulnerable.
stop-hours = Outside calling hours.
stop-cooldown = Spoken to recently.

# The conversation
conversation = Conversation
conversation-empty = No conversation yet
conversation-empty-how = With a file open, this side holds the goal of the call, the opening line, your notes and the outcome.
goal = Goal
goal-line = { $a } by { $b } at the latest
excuses-label = Find what the customer says
excuses-placeholder = What do they say? Find an answer
notes = Notes
outcome = Outcome
outcome-change = Other outcome
outcome-spoken = Spoken
outcome-not-spoken = Not spoken
save-and-next = Save and next
draft-saved-at = Saved
draft-saved-at-time = Saved { $a }
draft-not-saved = Your notes are safe in this browser and are sent as soon as the connection is back.
draft-newer = This file was also changed in another window. Which notes should stay?
draft-take-newer = Take those of the other window
draft-keep-mine = Keep these
outcome-saved = Saved. The next file is on its way.
connection-lost = No connection to Belbrug. Your notes are safe in this browser and are sent as soon as the connection is back.
request-failed = That did not work: Belbrug does not answer. Try again in a moment.

# Outcomes
outcome-PTP = Promise to pay
outcome-CB = Call-back appointment
outcome-PAID = Says it is paid
outcome-CHKADM = Will check the books
outcome-DISP = Dispute or complaint
outcome-NOCON = Spoken, no promise
outcome-REF = Refuses to pay
outcome-TPC = Spoke to someone else
outcome-NA = No answer
outcome-BUSY = Busy
outcome-AM = Voicemail, no message
outcome-LM = Message left
outcome-WN = Wrong number
outcome-short-PTP = Promise to pay
outcome-short-CB = Call back
outcome-short-PAID = Says paid
outcome-short-CHKADM = Will check
outcome-short-DISP = Disputes it
outcome-short-NOCON = No promise
outcome-short-REF = Refuses
outcome-short-TPC = Someone else
outcome-short-NA = No answer
outcome-short-BUSY = Busy
outcome-short-AM = Voicemail
outcome-short-LM = Message
outcome-short-WN = Wrong number

# Fields of the outcomes
field-amount = Amount
field-promise-date = Pays on
field-method = Pays by
field-contact = Promised by
field-consequence = I have said what follows if it is not paid
summary-say = Say:
summary-sentence = So I may note that you will pay %a on %d by %m?
summary-empty = Fill in amount, date and method; the sentence then appears here.
summary-confirmed = and the customer said yes
field-callback-at = Call back at
field-asked-by = Asked by
asked-by-debtor = the debtor
asked-by-agent = me
field-number-callback = On number
field-number-wrong = Which number is wrong?
wrong-number-hint = This number is never called again for this debtor.
field-paid-on = Paid on
field-reference = Reference, or the account it was paid from
field-follow-up-on = We call again on
field-dispute-reason = What is wrong?
field-invoices = Which invoices?
field-invoices-none = There are no open invoices.
field-disputed-amount = Disputed amount
field-owner = Who looks into it?
field-reply-by = Answer by
field-excuse = What is the reason?
field-next-action = What do we do next?
field-next-date = When?
field-refuse-reason = Why do they refuse? In their own words
field-person-name = Who did you speak to?
third-party-careful = Never mention the debt to someone else.
third-party-one-of = Fill in at least one:
field-direct-number = Direct number
field-third-party-reason = Or: why is it not possible?
field-left-with = Left with
left-with-voicemail = voicemail
left-with-person = a person
field-message-kind = Said
message-neutral = please call back
message-email = an e-mail follows
method-transfer = bank transfer
method-ideal = iDEAL
method-direct_debit = direct debit
method-other = another way
dispute-price = the price
dispute-quantity = the quantity
dispute-quality = the quality
dispute-not_delivered = not delivered
dispute-not_ordered = not ordered
dispute-wrong_address = wrong address
dispute-missing_po = purchase order number missing
dispute-duplicate = duplicate invoice
dispute-identity = wrong person or company
dispute-other = something else

# What is wrong with a field
error-no-outcome = Choose an outcome first: how did the call end?
error-required = Fill this in.
error-choose = Choose one.
error-one-of = Fill in a direct number, a time or a reason.
error-amount = Write an amount, such as 450.00.
error-amount-zero = The amount must be more than zero.
error-amount-too-much = This is more than is open ({ $a }).
error-date = Choose a date.
error-date-past = This date has passed. Choose today or later.
error-date-future = This date is still to come. Choose today or earlier.
error-number = This is not a valid telephone number. Begin with + and the country code.
error-summary = Repeat the agreement, and tick that the customer said yes.
error-consequence = Tick that you have said what follows.
error-invoices = Choose at least one invoice.
error-newer = This file was changed in another window. Look at it and save again.
error-not-connected = Calling is not possible now: there is no connection to the exchange.
error-in-call = You are already in a call.
error-no-call = This call has already ended.
error-outcome-owed = First save the outcome of the call before.
error-off-line = You are off the line. Choose “Start” first.

# What customers say, and the question to put against it
excuse-NOINV = I never received the invoice
excuse-ask-NOINV = I am e-mailing you the invoice now, while we talk. To which address? And once you have it in front of you, on which day will you pay?
excuse-LOST = I cannot find the invoice
excuse-ask-LOST = What do you need besides the invoice number to line it up for payment today?
excuse-PAID = It has been paid already
excuse-ask-PAID = Good, then I will look it up. On which date, which amount and with which reference was it paid?
excuse-CASH = We are waiting for a large payment ourselves
excuse-ask-CASH = Which part can you pay now regardless, and on which date do you expect that money?
excuse-NOMONEY = There is no money at the moment
excuse-ask-NOMONEY = What is possible this week, and how do we divide the rest together?
excuse-BOSSAWAY = The boss is out or on holiday
excuse-ask-BOSSAWAY = Who signs for payments meanwhile, and how do I reach that person directly?
excuse-NOTME = That is not my department
excuse-ask-NOTME = With whom can I settle this, and what are their direct number and e-mail address?
excuse-APPROVAL = The invoice still has to be approved
excuse-ask-APPROVAL = Who has it now, and on which day may I count on approval?
excuse-PAYRUN = We only pay on fixed days
excuse-ask-PAYRUN = Which date is the next payment run, and is our invoice on it already?
excuse-SENTOFF = The payment is on its way or lined up
excuse-ask-SENTOFF = For which date is it planned, so that I can tick it off that day?
excuse-BANK = The bank has a failure
excuse-ask-BANK = Which other way can you use today? Shall I send a payment link?
excuse-COMPLAINT = We are not happy with the delivery
excuse-ask-COMPLAINT = What exactly is wrong, and which part of the invoice is separate from it, so that it can be paid already?
excuse-PRICE = The amount is not right
excuse-ask-PRICE = Which line is wrong in your view? And can you plan the part that is right now?
excuse-NOORDER = We never ordered that
excuse-ask-NOORDER = I have the confirmation here. Who can find out who asked for it, and when will I hear?
excuse-PONUM = There is no purchase order number on it
excuse-ask-PONUM = Which number should be on it? You will have it again today. On which day will you pay it then?
excuse-SICK = Our bookkeeper is ill
excuse-ask-SICK = Who takes care of payments meanwhile, and what can that person line up today?
excuse-SYSTEM = We are moving to a new system
excuse-ask-SYSTEM = How do you handle urgent payments during the move, and can this be one?
excuse-PREVPAY = I will pay when my next order arrives
excuse-ask-PREVPAY = I will gladly plan that delivery with you. Which amount will we receive before it, and on which day?
excuse-CALLLATER = Call back next week
excuse-ask-CALLLATER = Which day and hour suit you, and what will be different so that we can settle it?
excuse-SMALL = Calling about such a small amount?
excuse-ask-SMALL = Because it is small it can be gone quickly. Shall I send a payment link that you use today?
excuse-OFFSET = You owe us money as well
excuse-ask-OFFSET = Which invoice and which amount? Then we set it off; what remains to be paid?
excuse-ADMIN = Send everything again and we will look at it
excuse-ask-ADMIN = I am sending it now. At what time can you look, and which date may I note for the payment?

# Keys
keys-title = Keys
keys-note = Inside a text field only F4 and Ctrl+Enter work. Single letters can be switched off in the menu.
key-dial = Call the first number
key-end = Hang up
key-outcomes = Pick an outcome
key-next = Next file
key-notes = To the notes
key-excuses = Find an answer to what they say
key-search = Find a debtor
key-escape = Leave the field, close this panel
key-keys = Show or hide this list

# Signing in, and errors
sign-in = Sign in
login = User name
password = Password
sign-in-wrong = User name or password is not right. Try again, or ask your administrator for a new password.
sign-in-too-often = Too many attempts. Wait a minute, then try again.
sign-in-disabled = This account is switched off. Ask your administrator to switch it on.
signed-out = You are signed out.
session-ended = Your session has ended. Sign in again; your notes are still in this browser.
what-to-do = What now?
back-to-start = To the start
error-status = Error code
not-found-title = This page does not exist
not-found-what = The address is wrong, or the file has been removed since.
not-found-do = Go back to the start and find the file again.
forbidden-title = You may not see this
forbidden-what = Your account has no access to this page.
forbidden-do = Ask your administrator for access if you need it.
failed-title = Something went wrong
failed-what = Belbrug could not make this page. What was saved is still saved.
failed-do = Try again. If it keeps failing, give your administrator the code below.

# The floor
floor-connection-lost = No connection to Belbrug: these figures stand still, and are brought up to date as soon as it is back.
gap = blind { $a }–{ $b }
gap-open = blind since { $a }
gap-about = calls of that time may be missing
which-inbound = Incoming
which-outbound = Outgoing
which-answered = Answered
which-missed = Missed
which-abandoned = Abandoned
which-promises = Promises
which-owed = Without outcome
which-about-inbound = Calls that came in to us.
which-about-outbound = Calls that we began.
which-about-answered = Incoming and outgoing, picked up by the other side.
which-about-missed = Incoming, and none of us picked up.
which-about-abandoned = The caller hung up while waiting in the queue.
which-about-promises = Calls with a promise to pay.
which-about-owed = Calls whose outcome has not been saved yet.
floor-empty = Nobody at work yet
floor-empty-how = As soon as an agent signs in, they appear here with extension, state and call.
floor-agent = Agent
floor-extension = Extension
floor-phone-away = not registered
floor-state = State
floor-since = For
floor-call = Call with
floor-calls = Calls
floor-answered = Answered
floor-talk = Talk time
floor-promises = Promises
floor-owed = No outcome
owed-nav = Without outcome
owed-about = Every call owes one outcome. The agent can still record what stands here; you can settle it too, with a reason.
owed-of = Without outcome: { $a }
owed-all = Show everybody's
owed-none = Nothing without an outcome
owed-none-how = A call comes here when it is over and its outcome is not yet saved.
owed-since = Waits for
owed-reason = Reason
owed-reason-placeholder = Why without an outcome?
owed-do = Settle
owed-done = The call is settled.
error-owed-reason = Write in a few words why.
error-not-owed = This call needs no outcome any more.
settled-by = Settled by { $a }
calls-all = All calls
calls-filter = Which calls
calls-pages = Pages
calls-newer = Newer
calls-older = Older
calls-empty = No calls
calls-empty-how = Calls appear here as soon as they begin. Choose another kind above.
calls-when = When
calls-who = Who
calls-number = Number
calls-result = How it went
calls-outcome = Outcome
calls-owed = missing
result-live = In progress
result-answered = Answered
result-missed = Missed
result-abandoned = Abandoned
result-busy = Busy
result-no-answer = Not answered
result-failed = Failed
result-unknown = Unknown
call-title = Call
case-number = file { $a }
call-outcomes = Outcome
call-outcomes-empty = No outcome saved yet.
call-notes-empty = No notes with this call.
call-legs = Who was on the line
call-legs-empty = The exchange reported no lines for this call.
call-events = Course of the call
call-events-empty = No events recorded.
leg-party = Who
leg-started = Began
leg-answered = Answered
leg-ended = Ended
leg-cause = Why
party-agent = Agent
party-debtor = Debtor
party-queue = Queue
party-other = Other
certainty-observed = observed
certainty-inferred = inferred
certainty-unknown = unknown
certainty-about-observed = The exchange reported this.
certainty-about-inferred = Belbrug infers this from other reports.
certainty-about-unknown = Belbrug could not see the exchange then.
event-originated = Call began
event-queued = Queued
event-delivered = Ringing
event-established = Answered
event-held = Put on hold
event-retrieved = Taken off hold
event-cleared = Ended

# Users
user-name = Name
user-role = Role
user-language = Language
user-last-seen = Last signed in
user-never = never
user-actions = What you can do
user-disabled = switched off
user-disable = Switch off
user-enable = Switch on
user-new = New user
user-create = Add
user-new-password = New password
user-new-password-for = New password for { $a }
user-set-password = Save password
password-hint = At least 12 characters.
password-too-short = Too short: use at least 12 characters.
login-taken = This user name exists already. Choose another.
extension-taken = This extension is { $a }'s already.
user-created = { $a } has been added and can sign in.
user-password-set = { $a } has a new password.
user-was-disabled = { $a } can no longer sign in.
user-was-enabled = { $a } can sign in again.
role-agent = Agent
role-supervisor = Supervisor
role-admin = Administrator
role-about-agent = calls and records
role-about-supervisor = sees the floor
role-about-admin = manages users

# Days and months
day-today = today
days-ahead = { $n ->
    [one] in { $n } day
   *[other] in { $n } days
}
days-ago = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

# Why a case is on the work list
why-never-called = Never called yet
why-still-open = Called before, still open
why-promise-broken = { $n ->
    [one] Promise not kept { $n } day ago
   *[other] Promise not kept { $n } days ago
}
why-callback-today = Call back today, as agreed
why-callback-late = { $n ->
    [one] Callback was due { $n } day ago
   *[other] Callback was due { $n } days ago
}
why-verify-payment-today = Says it is paid: look today whether it has arrived
why-verify-payment-late = { $n ->
    [one] Says it is paid: to be looked up { $n } day ago
   *[other] Says it is paid: to be looked up { $n } days ago
}
why-check-today = Is looking into it: ask today
why-check-late = { $n ->
    [one] Was looking into it: to be asked { $n } day ago
   *[other] Was looking into it: to be asked { $n } days ago
}
why-dispute-reply-today = Answer the dispute today
why-dispute-reply-late = { $n ->
    [one] Answer to a dispute is { $n } day late
   *[other] Answer to a dispute is { $n } days late
}
why-next-action-today = The next step is today
why-next-action-late = { $n ->
    [one] The next step was { $n } day ago
   *[other] The next step was { $n } days ago
}
why-retry-today = Try again today
why-retry-late = Not reached, try again

# What the agent says (in the debtor's language)
say-good-morning = Good morning
say-good-afternoon = Good afternoon
say-good-evening = Good evening
say-who-i-am = this is { $a } of { $b }.
say-do-i-speak-with = Am I speaking with { $a }?
say-how-can-i-help = Who am I speaking with, and how can I help you?
say-not-seen = I do not see invoice { $a } of { $b } as paid yet. Could you look that up in your books?
say-when = When can I expect the payment: { $a } or { $b }?
say-nothing-due = Nothing is overdue. How can I help you?
spoken-nl = Dutch
spoken-en = English
spoken-fr = French
spoken-de = German
stop-dispute-about = Invoice { $a }: do not ask for its payment.
stop-dispute-reply = Invoice { $a }: do not ask for its payment. We answer by { $b }.

# What happened just now
notice-saved = Saved
notice-not-taken = { $a } called for { $b }, not answered
notice-you-refused = { $a } rejected at your phone
notice-lost-sight = { $a }: the PBX was out of sight, how this call ended is unknown
notice-pbx-refused = The PBX does not dial: { $a }
end-own-phone-gone = Your phone cannot be reached. Is it on, and registered?

# What cannot be done, and what can
error-fields = Not saved yet: something is missing.
error-must-tick = Do this first, and tick it.
error-no-such-time = That time does not exist: the clock goes forward an hour then. Choose another.
error-date-too-far = Too far away: choose { $a } at the latest.
error-too-long = Too long: at most { $n } characters.
error-call-known = This call has been made already. Load the page again, and dial then.
error-not-their-number = This number is not one of this debtor's. Attach it first.
error-premium = This is a premium-rate number; Belbrug does not dial those.
error-country = Calls to { $a } are switched off. Your administrator can add the country.
error-still-in-call = The call is still going. Hang up first, then you can save.
error-database-away = Not saved: the storage does not answer. What you typed is still here; try again in a moment.
error-not-yourself = You cannot disable yourself.
login-form = Without blanks, at most 60 characters.
extension-form = Digits only, such as 101.
extension-in-use = This extension belongs to somebody else.
devices-form = Digits only, with commas between, such as 111, 112.
devices-need-extension = Fill in the first extension.
user-devices = More phones
user-devices-for = More phones of { $a }
user-devices-hint = Of the same person, such as a softphone beside the desk phone. With commas between.
user-set-devices = Save phones
password-too-long = Too long: at most 256 characters.

# What happened to a call
event-own-phone-answered = Own phone answered
event-ring-ended = Rings no more
event-left = Hung up
event-queue-abandoned = The caller hung up in the queue
event-queue-timed-out = The time in the queue was up
event-transferred = Transferred
event-diverted = Diverted by the phone
event-parked = Parked
event-conferenced = In conversation with more than two
event-merged = Joined with another call

# Recording
recording-mark-asked = Recording asked for
recording-mark-running = Recording
recording-mark-paused = Recording paused
recording-mark-stopped = Recording stopped
recording-mark-failed = Recording broke off
recording-pause = Pause the recording
recording-resume = Resume the recording
recording-stop = Stop the recording for good
recording-notice = Say first:
recording-running = The call or its processing goes on
recording-ok = Both sides can be heard
recording-unwanted = Not kept: this creditor has no recording notice
recording-missing-both = The recording is missing: the PBX wrote no file
recording-empty-agent = The agent's side is empty
recording-empty-debtor = The debtor's side is empty
recording-empty-both = The recording is empty
recording-empty-agent-early = The agent's side ends too early
recording-empty-debtor-early = The debtor's side ends too early
recording-failed-disk = It could not be kept (is the disk full?). The PBX's files stay where they are; it is tried again
recording-failed-unreadable = The PBX's files cannot be read. They stay where they are; it is tried again
recording-failed-name = The name of this call cannot be the name of a file
recording-sides = The agent is left, the debtor right.
recording-plays-none = Nobody has played it yet.
recording-played-by = Played by { $a }
call-recording = Recording
error-not-recorded = This call is not recorded.
key-recording = Pause or resume the recording
which-unrecorded = Recording missing
which-about-unrecorded = Calls whose recording is missing, empty or could not be kept.
event-recording-started = Recording made ready
event-recording-paused = Recording paused
event-recording-resumed = Recording resumed
event-recording-stopped = Recording stopped
event-recording-failed = Recording broke off

# The phone in the browser
phone-answer = Answer
phone-reject = Decline
phone-mute = Mute
phone-muted = The microphone is off
phone-hold = Hold
phone-retrieve = Retrieve
phone-join = Connect
phone-more = Transfer and keypad
phone-hand-to = Transfer to
phone-hand-hint = extension or name
phone-consult = Ask first
phone-send-on = Transfer at once
phone-keys = Keypad
phone-here = Sound here
phone-elsewhere = The sound of your phone is in another window.
phone-mic-denied = The browser may not use the microphone. Click the icon left of the address, allow the microphone, and load the page again.
phone-mic-none = No microphone was found. Plug in your headset.
phone-mic-busy = Another program is using the microphone. Close that program.
phone-not-secure = Calling in the browser needs a page with https. Ask your administrator for the https address.
phone-no-webrtc = This browser cannot make calls. Use a recent Chrome, Edge, Firefox or Safari.
phone-audio-lost = The sound of your phone is gone. It is being connected again.
phone-click-for-sound = Click anywhere on the page to hear the other.
phone-refused-why = The exchange does not know your phone. Ask your administrator whether the extension and its password are right ({ $a }).
quality-fair = The line falters
quality-poor = The line is bad
quality-nothing-heard = You do not hear the other: no sound comes in
quality-nothing-said = The other does not hear you: check your microphone
key-answer = Answer
key-mute = Microphone off and on
key-hold = Hold, and back
key-hand-over = Transfer, keypad
key-join = Connect both calls
error-not-now = That cannot be done with this call now.
error-no-phone = Your phone in the browser is not registered at the exchange.
error-keys = Only the keys 0 to 9, * and #.
error-extension = Choose an extension: the inside number or the name of a colleague.
error-no-offer = This browser sends no sound that the exchange understands.
call-heard = How it sounded
heard-mos = Sound { $a } of 5
heard-lost = lost on the way: { $a } % to the agent, { $b } % from the agent
heard-jitter = { $a } ms uneven
heard-way = { $a } ms to the exchange and back
headset-title = Headset and microphone
headset-mic = Microphone
headset-level = How loud the microphone hears you
headset-out = Loudspeaker
headset-usual = As set on this computer
headset-clean = Suppress noise and echo
headset-how = Speak: the bar moves along. Hear yourself before your first call.
echo-test = Hear yourself
echo-speak = Speak now: you hear yourself a moment later, for fifteen seconds.
room-check = Measure the room
room-hush = Quiet please: the room is measured for three seconds.
room-quiet = A quiet room ({ "%d" } dB): the customer hears only you.
room-busy = A busy room ({ "%d" } dB): the customer hears the others. Close the door or switch noise suppression on.
room-loud = Too much noise ({ "%d" } dB): do not call here. Find a quieter place.
practice-mark = Practice: nothing of this reaches the ledger
nav-practice = Practise
notice-not-handed-over = The transfer did not work: { $a }. The call is still with you.
notice-keys-refused = The exchange did not take the keys.
phone-join-both = Connect the two others with each other; you leave both calls
