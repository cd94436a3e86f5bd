# Belbrug in het Nederlands. Beleefd ("u"), gewone werkwoorden, geen codes zonder woorden.

# The parts of the page
title-desk = Belbrug
title-ringing = ☎ Er wordt gebeld
skip-to-conversation = Naar het gesprek
menu = Menu
menu-keys = Alle toetsen
menu-notify = Meldingen toestaan
menu-sound = Belsignaal laten horen
menu-single-keys = Losse lettertoetsen gebruiken
tabs = Onderdelen
pages = Pagina's
tab-file = Dossier
tab-script = Script
tab-outcome = Uitkomst
nav-desk = Bureau
nav-floor = Werkvloer
nav-calls = Gesprekken
nav-users = Gebruikers
sign-out = Afmelden
close = Sluiten
open = Openen
choose = Kies …
next = Volgende
copy = Kopiëren
since = sinds { $a }
extension = toestel { $a }

# The link to the PBX
link-connected = Verbonden met de centrale
link-connecting = Centrale wordt verbonden
link-lost = Geen verbinding met de centrale
link-behind = De centrale loopt achter: wat u hier ziet kan te laat komen
link-phone-away = Uw telefoon is niet aangemeld
ledger-away = De opslag antwoordt niet sinds { $a }. Bellen kan gewoon; bewaren kan zo weer, en wat u typt blijft staan.

# Presence
presence-offline = Niet op de lijn
presence-ready = Bereikbaar
presence-paused = Pauze
presence-paused-because = Pauze: { $a }
presence-ringing = Telefoon gaat
presence-talking = In gesprek
presence-wrap-up = Afronden
presence-go-ready-offline = Begin
presence-go-ready-paused = Hervat
presence-go-ready-wrap-up = Klaar
presence-go-paused = Pauze
presence-go-offline = Ga van de lijn
pause-pauze = korte pauze
pause-lunch = lunch
pause-overleg = overleg
pause-administratie = administratie
pause-training = training
pause-phone = toestel

# The call
call-none = Geen gesprek
call-originating = Uw telefoon gaat over: neem op
call-ringing-far = Gaat over bij { $a }
call-ringing = Inkomend gesprek
call-talking = In gesprek
call-held = In de wacht
call-ended = Gesprek beëindigd
on-phone-only = ophangen en doorverbinden op uw telefoon
answer-on-phone = Neem op met uw telefoon
number-withheld = Nummer afgeschermd
hang-up = Hang op
waiting = Wacht
timer-ring = Gaat over
timer-talk = Gesprek
timer-hold = Wacht
timer-wrap = Afronden
direction-inbound = Inkomend
direction-outbound = Uitgaand
notice-info = Melding
notice-warning = Let op
notice-error = Fout
end-hung-up-far = De ander hing op
end-hung-up-near = U hing op
end-busy = Bezet
end-no-answer = Niet opgenomen
end-agent-no-answer = U nam niet op
end-rejected = Geweigerd
end-cancelled = Afgebroken
end-unreachable = Nummer niet bereikbaar
end-number-dead = Nummer buiten gebruik
end-elsewhere = Door collega opgenomen
end-transferred = Doorverbonden
end-failed = Verbroken door een storing
end-unknown = Beëindigd, reden onbekend
notice-missed = Gemist: { $a } hing op na { $b }
notice-elsewhere = { $a }: door collega opgenomen
notice-busy = { $a } is in gesprek
notice-opened = Gesprek van { $a }

# Many debtors, or none, have this number
chooser-title = { $a } staat bij meer debiteuren
chooser-how = Vraag wie u spreekt en kies het dossier. Noem nog geen bedragen.
attach-title = Onbekend nummer { $a }
attach-how = Zoek de debiteur en koppel dit nummer
attach-withheld = Nummer afgeschermd
attach-withheld-how = Vraag wie u spreekt en zoek de debiteur
attach-dismiss = Geen debiteur? Zeg wat het was
attach-number = Koppel nummer

# A call that is nobody's, and what is owed
settled-private = Privégesprek
settled-wrong_number = Verkeerd verbonden
settled-supplier = Leverancier of ander
settled-other = Iets anders
settled-supervisor = Door leidinggevende afgehandeld
dismiss-note = Toelichting
error-dismiss-why = Schrijf in een paar woorden wat het was.
owed-title = { $n ->
    [one] { $n } gesprek zonder uitkomst
   *[other] { $n } gesprekken zonder uitkomst
}
owed-settle = Rond af
owed-whose = Wie was dit?

# A file is for one agent at a time, and goes along with a call
case-open-at = { $a } heeft dit dossier open sinds { $b }
locked-read-only = U kunt alleen lezen.
locked-no-dial = Alleen lezen
take-over = Neem over
error-case-taken = { $a } heeft dit dossier open sinds { $b }. Neem het over als u er nu in moet werken.
error-no-file = Dit dossier staat niet meer op uw scherm.
reading-how = U kunt het dossier lezen. Notities en uitkomst kunt u vastleggen zodra het vrij is, of als u het overneemt.
reading-taken-how = Het dossier is van u overgenomen. Wat u typte is bewaard als uw eigen concept.
reading-given-how = Neem op: het dossier, de notities en de uitkomst zijn dan van u.
reading-own-notes = Uw notities tot nu toe
reading-notes-of = Notities van { $a }
given-by = Doorverbonden door { $a }
handed-to = Doorverbonden met { $a }, nog niet opgenomen
called-creditor = gebeld op: { $a }
notice-queue-refused = De centrale nam uw staat niet over in wachtrij { $a }: { $b }
notice-taken-over = { $a } heeft dit dossier overgenomen
notice-file-free = Het dossier is vrij: u kunt erin werken
notice-handed-over = { $a } spreekt nu met { $b } en heeft uw notities
notice-settled-by = { $a } handelde uw gesprek met { $b } af

# Work list and search
worklist = Werklijst
worklist-empty = Uw werklijst is leeg
worklist-empty-how = Hier komen de dossiers die vandaag een gesprek nodig hebben, het dringendste bovenaan. Zoeken kan altijd.
worklist-more = { $n ->
    [one] en nog { $n } dossier
   *[other] en nog { $n } dossiers
}
days-late-short = { $n ->
    [one] { $n } dag
   *[other] { $n } dagen
}
search-label = Zoek een debiteur
search-placeholder = Naam, kenmerk, nummer
search-none = Niets gevonden voor “{ $a }”
search-none-how = Probeer een deel van de naam, het factuurnummer of het telefoonnummer.
search-more = Er zijn er meer: typ een langere naam.

# The file
file-empty = Geen dossier open
file-empty-how = Kies een dossier uit de werklijst, of zoek een debiteur. Gaat de telefoon, dan verschijnt hier het dossier van de beller.
close-file = Sluit dossier
kind-business = zakelijk
kind-consumer = particulier
for-creditor = voor { $a }
match-opened = Zelf geopend
match-unique = Nummer hoort alleen bij deze debiteur
match-chosen = Door u gekozen: vraag wie u spreekt
match-dialled = Gekozen op het nummer dat is gebeld
match-attached = Nummer net gekoppeld: vraag wie u spreekt
overdue-now = Nu te laat
open-invoices = { $n ->
    [one] { $n } open factuur
   *[other] { $n } open facturen
}
oldest = Oudste
oldest-under = te laat
days = { $n ->
    [one] { $n } dag
   *[other] { $n } dagen
}
stage = Fase
tone = Toon
promise-none = Geen open toezegging
promise-open = Toegezegd: { $a } op { $b }
promise-broken = Toezegging verbroken: { $a } op { $b }
promise-kept = Toezegging nagekomen: { $a } op { $b }
last-words-by = { $a }, genoteerd door { $b }
last-words-none = Nog niets gezegd: dit is het eerste gesprek.
dial = Bel
dial-number = Bel { $a }
no-usable-number = Geen bruikbaar telefoonnummer
invoices = Facturen
invoices-empty = Geen open facturen. Nieuwe facturen verschijnen hier na de volgende import.
invoice-number = Nummer
invoice-issued = Datum
invoice-due = Vervalt
invoice-late = Dagen
invoice-amount = Bedrag
invoice-left = Open
invoice-order = Order
invoice-state = Staat
invoice-is-open = loopt nog
invoice-is-overdue = te laat
invoice-is-promised = toegezegd
invoice-is-disputed = betwist
invoice-is-paid = betaald
copy-number = Kopieer { $a }
contacts = Contacten
contacts-empty = Nog geen telefoonnummers. Koppel een nummer tijdens een gesprek, of voeg het toe bij de import.
contact-general = Algemeen nummer
number-wrong = verkeerd nummer
number-dead = buiten gebruik
timeline = Eerdere gesprekken en afspraken
timeline-empty = Nog geen gesprekken. Wat u opslaat verschijnt hier, het nieuwste bovenaan.
stage-1 = Fase 1: herinnering
stage-2 = Fase 2: aanmaning
stage-3 = Fase 3: laatste aanmaning
stage-4 = Fase 4: overdracht
tone-friendly = vriendelijk
tone-businesslike = zakelijk
tone-firm = beslist
tone-calm = rustig
stop-dispute = Betwist.
stop-do-not-call = Niet bellen.
stop-insolvency = Faillissement of bewind.
stop-vulnerable = Kwetsbaar.
stop-hours = Buiten beltijden.
stop-cooldown = Kort geleden gesproken.

# The conversation
conversation = Gesprek
conversation-empty = Nog geen gesprek
conversation-empty-how = Met een dossier open staan hier het doel van het gesprek, de openingszin, uw notities en de uitkomst.
goal = Doel
goal-line = { $a } op uiterlijk { $b }
excuses-label = Zoek wat de klant zegt
excuses-placeholder = Wat zegt de klant? Zoek een antwoord
notes = Notities
outcome = Uitkomst
outcome-change = Andere uitkomst
outcome-spoken = Gesproken
outcome-not-spoken = Niet gesproken
save-and-next = Opslaan en volgende
draft-saved-at = Opgeslagen
draft-saved-at-time = Opgeslagen { $a }
draft-not-saved = Uw notities staan veilig in deze browser en worden verzonden zodra de verbinding terug is.
draft-newer = In een ander venster is dit dossier ook bijgewerkt. Welke notities blijven?
draft-take-newer = Neem die van het andere venster
draft-keep-mine = Houd deze
outcome-saved = Opgeslagen. Het volgende dossier komt eraan.
connection-lost = Geen verbinding met Belbrug. Uw notities staan veilig in deze browser en worden verzonden zodra de verbinding terug is.
request-failed = Dat is niet gelukt: Belbrug antwoordt niet. Probeer het zo nog eens.

# Outcomes
outcome-PTP = Betaaltoezegging
outcome-CB = Terugbelafspraak
outcome-PAID = Zegt betaald te hebben
outcome-CHKADM = Kijkt het na in de administratie
outcome-DISP = Betwisting of klacht
outcome-NOCON = Gesproken, geen toezegging
outcome-REF = Weigert te betalen
outcome-TPC = Iemand anders gesproken
outcome-NA = Geen gehoor
outcome-BUSY = Bezet
outcome-AM = Voicemail, niets ingesproken
outcome-LM = Bericht achtergelaten
outcome-WN = Verkeerd nummer
outcome-short-PTP = Toezegging
outcome-short-CB = Terugbellen
outcome-short-PAID = Zegt betaald
outcome-short-CHKADM = Kijkt het na
outcome-short-DISP = Betwist
outcome-short-NOCON = Geen toezegging
outcome-short-REF = Weigert
outcome-short-TPC = Iemand anders
outcome-short-NA = Geen gehoor
outcome-short-BUSY = Bezet
outcome-short-AM = Voicemail
outcome-short-LM = Bericht
outcome-short-WN = Verkeerd nummer

# Fields of the outcomes
field-amount = Bedrag
field-promise-date = Betaalt op
field-method = Betaalt via
field-contact = Toegezegd door
field-consequence = Ik heb gezegd wat er volgt als er niet betaald wordt
summary-say = Zeg:
summary-sentence = Ik mag dus noteren dat u %a op %d betaalt via %m?
summary-empty = Vul bedrag, datum en betaalwijze in; dan staat hier de zin.
summary-confirmed = en de klant zei ja
field-callback-at = Terugbellen op
field-asked-by = Gevraagd door
asked-by-debtor = de debiteur
asked-by-agent = mij
field-number-callback = Op nummer
field-number-wrong = Welk nummer is verkeerd?
wrong-number-hint = Dit nummer wordt voor deze debiteur nooit meer gebeld.
field-paid-on = Betaald op
field-reference = Kenmerk of rekening waarvan betaald is
field-follow-up-on = Wij bellen weer op
field-dispute-reason = Wat klopt er niet?
field-invoices = Om welke facturen gaat het?
field-invoices-none = Er zijn geen open facturen.
field-disputed-amount = Betwist bedrag
field-owner = Wie zoekt het uit?
field-reply-by = Antwoord uiterlijk
field-excuse = Wat is de reden?
field-next-action = Wat doen wij nu?
field-next-date = Wanneer?
field-refuse-reason = Waarom weigert de klant? In eigen woorden
field-person-name = Wie sprak u?
third-party-careful = Noem aan een ander nooit de schuld.
third-party-one-of = Vul er minstens één in:
field-direct-number = Direct nummer
field-third-party-reason = Of: waarom lukt het niet?
field-left-with = Achtergelaten bij
left-with-voicemail = voicemail
left-with-person = een persoon
field-message-kind = Gezegd
message-neutral = graag terugbellen
message-email = er komt een e-mail
method-transfer = overboeking
method-ideal = iDEAL
method-direct_debit = automatische incasso
method-other = een andere manier
dispute-price = de prijs
dispute-quantity = het aantal
dispute-quality = de kwaliteit
dispute-not_delivered = niet geleverd
dispute-not_ordered = niet besteld
dispute-wrong_address = verkeerd adres
dispute-missing_po = inkoopnummer ontbreekt
dispute-duplicate = dubbele factuur
dispute-identity = verkeerde persoon of firma
dispute-other = iets anders

# What is wrong with a field
error-no-outcome = Kies eerst een uitkomst: hoe liep het gesprek af?
error-required = Vul dit in.
error-choose = Kies er een.
error-one-of = Vul een direct nummer, een tijd of een reden in.
error-amount = Schrijf een bedrag, zoals 450,00.
error-amount-zero = Het bedrag moet meer dan nul zijn.
error-amount-too-much = Dit is meer dan er openstaat ({ $a }).
error-date = Kies een datum.
error-date-past = Deze datum is al voorbij. Kies vandaag of later.
error-date-future = Deze datum moet nog komen. Kies vandaag of eerder.
error-number = Dit is geen geldig telefoonnummer. Begin met + en het landnummer.
error-summary = Herhaal de afspraak en vink aan dat de klant ja zei.
error-consequence = Vink aan dat u hebt gezegd wat er volgt.
error-invoices = Kies minstens één factuur.
error-newer = Dit dossier is in een ander venster bijgewerkt. Bekijk het en sla opnieuw op.
error-not-connected = Bellen kan nu niet: er is geen verbinding met de centrale.
error-in-call = U bent al in gesprek.
error-no-call = Dit gesprek is al afgelopen.
error-outcome-owed = Sla eerst de uitkomst van het vorige gesprek op.
error-off-line = U bent niet op de lijn. Kies eerst “Begin”.

# What customers say, and the question to put against it
excuse-NOINV = Ik heb de factuur nooit gekregen
excuse-ask-NOINV = Ik mail u de factuur nu, terwijl we praten. Naar welk adres? En als u hem zo voor u hebt, op welke dag betaalt u dan?
excuse-LOST = Ik kan de factuur niet vinden
excuse-ask-LOST = Wat hebt u naast het factuurnummer nodig om hem vandaag klaar te zetten voor betaling?
excuse-PAID = Dat is al betaald
excuse-ask-PAID = Fijn, dan zoek ik hem op. Op welke datum, welk bedrag en met welk kenmerk is het overgemaakt?
excuse-CASH = Wij wachten zelf op een grote betaling
excuse-ask-CASH = Welk deel kunt u los daarvan nu voldoen, en op welke datum verwacht u dat geld?
excuse-NOMONEY = Er is op dit moment geen geld
excuse-ask-NOMONEY = Wat lukt er deze week wél, en hoe verdelen we samen de rest?
excuse-BOSSAWAY = De baas is er niet of met vakantie
excuse-ask-BOSSAWAY = Wie tekent er zolang voor betalingen, en hoe bereik ik die rechtstreeks?
excuse-NOTME = Daar ga ik niet over
excuse-ask-NOTME = Met wie kan ik dit dan afronden, en wat is zijn of haar directe nummer en e-mailadres?
excuse-APPROVAL = De factuur moet nog worden goedgekeurd
excuse-ask-APPROVAL = Bij wie ligt hij nu, en op welke dag mag ik op akkoord rekenen?
excuse-PAYRUN = Wij betalen alleen op vaste dagen
excuse-ask-PAYRUN = Welke datum is de eerstvolgende betaalronde, en staat onze factuur daar al op?
excuse-SENTOFF = De betaling is onderweg of staat klaar
excuse-ask-SENTOFF = Op welke datum is hij ingepland, zodat ik hem die dag kan afvinken?
excuse-BANK = De bank heeft een storing
excuse-ask-BANK = Welke andere manier kunt u vandaag gebruiken? Zal ik een betaallink sturen?
excuse-COMPLAINT = Wij zijn niet tevreden over de levering
excuse-ask-COMPLAINT = Wat is er precies niet goed, en welk deel van de factuur staat daar los van, zodat dat alvast betaald kan worden?
excuse-PRICE = Het bedrag klopt niet
excuse-ask-PRICE = Welke regel klopt volgens u niet? En kunt u het deel dat wel klopt nu inplannen?
excuse-NOORDER = Dat hebben wij nooit besteld
excuse-ask-NOORDER = Ik heb de bevestiging hier. Wie kan bij u nagaan wie dat heeft aangevraagd, en wanneer hoor ik dat?
excuse-PONUM = Er staat geen inkoopnummer op
excuse-ask-PONUM = Welk nummer moet erop? Dan krijgt u hem vandaag opnieuw. Op welke dag betaalt u hem dan?
excuse-SICK = Onze boekhouder is ziek
excuse-ask-SICK = Wie neemt de betalingen waar, en wat kan die persoon vandaag klaarzetten?
excuse-SYSTEM = We stappen over op een nieuw systeem
excuse-ask-SYSTEM = Hoe regelt u spoedbetalingen zolang de overstap duurt, en kan deze daarbij?
excuse-PREVPAY = Ik betaal pas als mijn volgende order komt
excuse-ask-PREVPAY = Die levering plan ik graag met u in. Welk bedrag ontvangen wij daarvoor, en op welke dag?
excuse-CALLLATER = Bel volgende week maar terug
excuse-ask-CALLLATER = Welke dag en welk uur schikt u, en wat is er dan anders zodat we het kunnen afronden?
excuse-SMALL = Voor zo'n klein bedrag bellen?
excuse-ask-SMALL = Juist omdat het klein is kan het snel weg zijn. Zal ik een betaallink sturen die u vandaag gebruikt?
excuse-OFFSET = Wij krijgen ook nog geld van u
excuse-ask-OFFSET = Om welke factuur en welk bedrag gaat het? Dan verrekenen we, en wat blijft er dan te betalen?
excuse-ADMIN = Stuur alles nog eens op, dan kijken we ernaar
excuse-ask-ADMIN = Ik stuur het nu. Hoe laat kunt u kijken, en welke datum mag ik dan voor de betaling noteren?

# Keys
keys-title = Toetsen
keys-note = In een tekstveld werken alleen F4 en Ctrl+Enter. Losse letters kunt u uitzetten in het menu.
key-dial = Bel het eerste nummer
key-end = Hang op
key-outcomes = Kies een uitkomst
key-next = Volgende dossier
key-notes = Naar de notities
key-excuses = Zoek een antwoord op wat de klant zegt
key-search = Zoek een debiteur
key-escape = Verlaat het veld, sluit dit venster
key-keys = Toon of verberg deze lijst

# Signing in, and errors
sign-in = Aanmelden
login = Gebruikersnaam
password = Wachtwoord
sign-in-wrong = Gebruikersnaam of wachtwoord klopt niet. Probeer het opnieuw, of vraag uw beheerder om een nieuw wachtwoord.
sign-in-too-often = Te vaak geprobeerd. Wacht een minuut en probeer het dan opnieuw.
sign-in-disabled = Dit account is uitgezet. Vraag uw beheerder om het weer aan te zetten.
signed-out = U bent afgemeld.
session-ended = Uw sessie is verlopen. Meld u opnieuw aan; uw notities staan nog in deze browser.
what-to-do = Wat nu?
back-to-start = Naar het begin
error-status = Foutcode
not-found-title = Deze pagina is er niet
not-found-what = Het adres klopt niet, of het dossier is intussen verwijderd.
not-found-do = Ga terug naar het begin en zoek het dossier opnieuw.
forbidden-title = Dit mag u niet zien
forbidden-what = Uw account heeft geen toegang tot deze pagina.
forbidden-do = Vraag uw beheerder om toegang als u die nodig hebt.
failed-title = Er ging iets mis
failed-what = Belbrug kon deze pagina niet maken. Wat al opgeslagen was, is nog steeds opgeslagen.
failed-do = Probeer het nog eens. Blijft het misgaan, geef uw beheerder dan de code hieronder.

# The floor
floor-connection-lost = Geen verbinding met Belbrug: deze cijfers staan stil en worden bijgewerkt zodra de verbinding terug is.
gap = blind { $a }–{ $b }
gap-open = blind sinds { $a }
gap-about = gesprekken uit die tijd kunnen ontbreken
which-inbound = Inkomend
which-outbound = Uitgaand
which-answered = Opgenomen
which-missed = Gemist
which-abandoned = Afgehaakt
which-promises = Toezeggingen
which-owed = Zonder uitkomst
which-about-inbound = Gesprekken die bij ons binnenkwamen.
which-about-outbound = Gesprekken die wij begonnen.
which-about-answered = Inkomend en uitgaand, waarbij werd opgenomen.
which-about-missed = Inkomend, en niemand van ons nam op.
which-about-abandoned = De beller hing op terwijl hij in de wachtrij stond.
which-about-promises = Gesprekken met een betaaltoezegging.
which-about-owed = Gesprekken waarvan de uitkomst nog niet is opgeslagen.
floor-empty = Nog niemand aan het werk
floor-empty-how = Zodra een medewerker zich aanmeldt, staat die hier met toestel, staat en gesprek.
floor-agent = Medewerker
floor-extension = Toestel
floor-phone-away = niet aangemeld
floor-state = Staat
floor-since = Duur
floor-call = Gesprek met
floor-calls = Gesprekken
floor-answered = Opgenomen
floor-talk = Gesproken
floor-promises = Toezeggingen
floor-owed = Zonder uitkomst
owed-nav = Zonder uitkomst
owed-about = Bij elk gesprek hoort één uitkomst. De medewerker kan deze nog afronden; u kunt ze ook afhandelen, met een reden.
owed-of = Zonder uitkomst: { $a }
owed-all = Toon die van iedereen
owed-none = Niets zonder uitkomst
owed-none-how = Een gesprek komt hier zodra het voorbij is en de uitkomst nog niet is opgeslagen.
owed-since = Wacht al
owed-reason = Reden
owed-reason-placeholder = Waarom zonder uitkomst?
owed-do = Handel af
owed-done = Het gesprek is afgehandeld.
error-owed-reason = Schrijf in een paar woorden waarom.
error-not-owed = Van dit gesprek is geen uitkomst meer nodig.
settled-by = Afgehandeld door { $a }
calls-all = Alle gesprekken
calls-filter = Welke gesprekken
calls-pages = Bladeren
calls-newer = Nieuwer
calls-older = Ouder
calls-empty = Geen gesprekken
calls-empty-how = Gesprekken verschijnen hier zodra ze beginnen. Kies boven een ander soort.
calls-when = Wanneer
calls-who = Wie
calls-number = Nummer
calls-result = Hoe het ging
calls-outcome = Uitkomst
calls-owed = ontbreekt
result-live = Bezig
result-answered = Opgenomen
result-missed = Gemist
result-abandoned = Afgehaakt
result-busy = Bezet
result-no-answer = Niet opgenomen
result-failed = Mislukt
result-unknown = Onbekend
call-title = Gesprek
case-number = dossier { $a }
call-outcomes = Uitkomst
call-outcomes-empty = Nog geen uitkomst opgeslagen.
call-notes-empty = Geen notities bij dit gesprek.
call-legs = Wie zaten er op de lijn
call-legs-empty = De centrale meldde geen lijnen voor dit gesprek.
call-events = Verloop
call-events-empty = Geen gebeurtenissen vastgelegd.
leg-party = Wie
leg-started = Begon
leg-answered = Opgenomen
leg-ended = Eindigde
leg-cause = Waarom
party-agent = Medewerker
party-debtor = Debiteur
party-queue = Wachtrij
party-other = Ander
certainty-observed = gezien
certainty-inferred = afgeleid
certainty-unknown = onbekend
certainty-about-observed = De centrale meldde dit.
certainty-about-inferred = Belbrug leidt dit af uit andere meldingen.
certainty-about-unknown = Belbrug kon de centrale toen niet zien.
event-originated = Gesprek begonnen
event-queued = In de wachtrij
event-delivered = Gaat over
event-established = Opgenomen
event-held = In de wacht gezet
event-retrieved = Uit de wacht gehaald
event-cleared = Beëindigd

# Users
user-name = Naam
user-role = Rol
user-language = Taal
user-last-seen = Laatst aangemeld
user-never = nog nooit
user-actions = Wat u kunt doen
user-disabled = uitgezet
user-disable = Zet uit
user-enable = Zet aan
user-new = Nieuwe gebruiker
user-create = Voeg toe
user-new-password = Nieuw wachtwoord
user-new-password-for = Nieuw wachtwoord voor { $a }
user-set-password = Sla wachtwoord op
password-hint = Minstens 12 tekens.
password-too-short = Te kort: neem minstens 12 tekens.
login-taken = Deze gebruikersnaam bestaat al. Kies een andere.
extension-taken = Dit toestel is al van { $a }.
user-created = { $a } is toegevoegd en kan zich aanmelden.
user-password-set = { $a } heeft een nieuw wachtwoord.
user-was-disabled = { $a } kan zich niet meer aanmelden.
user-was-enabled = { $a } kan zich weer aanmelden.
role-agent = Medewerker
role-supervisor = Leidinggevende
role-admin = Beheerder
role-about-agent = belt en legt vast
role-about-supervisor = ziet de werkvloer
role-about-admin = beheert gebruikers

# Days and months
day-today = vandaag
days-ahead = { $n ->
    [one] over { $n } dag
   *[other] over { $n } dagen
}
days-ago = { $n ->
    [one] { $n } dag geleden
   *[other] { $n } dagen geleden
}
weekday-1 = ma
weekday-2 = di
weekday-3 = wo
weekday-4 = do
weekday-5 = vr
weekday-6 = za
weekday-7 = zo
month-1 = jan
month-2 = feb
month-3 = mrt
month-4 = apr
month-5 = mei
month-6 = jun
month-7 = jul
month-8 = aug
month-9 = sep
month-10 = okt
month-11 = nov
month-12 = dec

# Waarom een dossier op de werklijst staat
why-never-called = Nog nooit gebeld
why-still-open = Eerder gebeld, staat nog open
why-promise-broken = { $n ->
    [one] Toezegging { $n } dag geleden niet nagekomen
   *[other] Toezegging { $n } dagen geleden niet nagekomen
}
why-callback-today = Vandaag terugbellen, zo is afgesproken
why-callback-late = { $n ->
    [one] Terugbelafspraak van { $n } dag geleden
   *[other] Terugbelafspraak van { $n } dagen geleden
}
why-verify-payment-today = Zou betaald hebben: kijk vandaag of het binnen is
why-verify-payment-late = { $n ->
    [one] Zou betaald hebben: { $n } dag geleden nakijken
   *[other] Zou betaald hebben: { $n } dagen geleden nakijken
}
why-check-today = Kijkt het na: vandaag navragen
why-check-late = { $n ->
    [one] Keek het na: navragen stond { $n } dag geleden
   *[other] Keek het na: navragen stond { $n } dagen geleden
}
why-dispute-reply-today = Vandaag antwoord geven op de betwisting
why-dispute-reply-late = { $n ->
    [one] Antwoord op betwisting { $n } dag te laat
   *[other] Antwoord op betwisting { $n } dagen te laat
}
why-next-action-today = Vandaag de volgende stap
why-next-action-late = { $n ->
    [one] Volgende stap stond { $n } dag geleden
   *[other] Volgende stap stond { $n } dagen geleden
}
why-retry-today = Vandaag opnieuw proberen
why-retry-late = Niet bereikt, opnieuw proberen

# Wat de medewerker zegt (in de taal van de debiteur)
say-good-morning = Goedemorgen
say-good-afternoon = Goedemiddag
say-good-evening = Goedenavond
say-who-i-am = u spreekt met { $a } van { $b }.
say-do-i-speak-with = Spreek ik met { $a }?
say-how-can-i-help = Met wie spreek ik, en waarmee kan ik u helpen?
say-not-seen = Ik zie factuur { $a } van { $b } nog niet als betaald. Wilt u dat in uw administratie nakijken?
say-when = Wanneer kan ik de betaling verwachten: { $a } of { $b }?
say-nothing-due = Er is niets te laat. Waarmee kan ik u helpen?
spoken-nl = Nederlands
spoken-en = Engels
spoken-fr = Frans
spoken-de = Duits
stop-dispute-about = Factuur { $a }: vraag niet om betaling daarvan.
stop-dispute-reply = Factuur { $a }: vraag niet om betaling daarvan. Wij antwoorden uiterlijk { $b }.

# Wat er net gebeurde
notice-saved = Opgeslagen
notice-not-taken = { $a } belde { $b }, niet opgenomen
notice-you-refused = { $a } geweigerd op uw toestel
notice-lost-sight = { $a }: de verbinding met de centrale was weg, onbekend hoe dit gesprek afliep
notice-pbx-refused = De centrale belt niet: { $a }
end-own-phone-gone = Uw telefoon is niet bereikbaar. Staat hij aan en is hij aangemeld?

# Wat niet kan, en wat dan wel
error-fields = Nog niet opgeslagen: er ontbreekt iets.
error-must-tick = Doe dit eerst en vink het aan.
error-no-such-time = Die tijd bestaat niet: de klok gaat dan een uur vooruit. Kies een andere.
error-date-too-far = Te ver weg: kies uiterlijk { $a }.
error-too-long = Te lang: hoogstens { $n } tekens.
error-call-known = Dit gesprek is al gevoerd. Laad de pagina opnieuw en bel dan.
error-not-their-number = Dit nummer staat niet bij deze debiteur. Koppel het eerst.
error-premium = Dit is een betaalnummer; dat belt Belbrug niet.
error-country = Bellen naar { $a } staat uit. Uw beheerder kan het land toevoegen.
error-still-in-call = Het gesprek loopt nog. Hang eerst op, dan kunt u opslaan.
error-database-away = Niet opgeslagen: de opslag antwoordt niet. Wat u typte staat er nog; probeer het zo weer.
error-not-yourself = U kunt uzelf niet uitzetten.
login-form = Zonder spaties, hoogstens 60 tekens.
extension-form = Alleen cijfers, zoals 101.
extension-in-use = Dit toestel is al van iemand anders.
devices-form = Alleen cijfers, met komma's ertussen, zoals 111, 112.
devices-need-extension = Vul eerst het eerste toestel in.
user-devices = Meer toestellen
user-devices-for = Meer toestellen van { $a }
user-devices-hint = Van dezelfde persoon, zoals een softphone naast de telefoon. Met komma's ertussen.
user-set-devices = Sla toestellen op
password-too-long = Te lang: hoogstens 256 tekens.

# Wat er met een gesprek gebeurde
event-own-phone-answered = Eigen telefoon opgenomen
event-ring-ended = Gaat niet meer over
event-left = Opgehangen
event-queue-abandoned = Beller hing op in de wachtrij
event-queue-timed-out = Wachttijd in de wachtrij was om
event-transferred = Doorverbonden
event-diverted = Doorgeschakeld door het toestel
event-parked = Geparkeerd
event-conferenced = Gesprek met meer dan twee
event-merged = Samengevoegd met een ander gesprek

# Recording
recording-mark-asked = Opname gevraagd
recording-mark-running = Wordt opgenomen
recording-mark-paused = Opname gepauzeerd
recording-mark-stopped = Opname gestopt
recording-mark-failed = Opname afgebroken
recording-pause = Pauzeer de opname
recording-resume = Hervat de opname
recording-stop = Stop de opname voorgoed
recording-notice = Zeg eerst:
recording-running = Het gesprek of de verwerking loopt nog
recording-ok = Beide kanten zijn te horen
recording-unwanted = Niet bewaard: deze opdrachtgever heeft geen opnamemelding
recording-missing-both = De opname ontbreekt: de centrale heeft geen bestand geschreven
recording-empty-agent = De kant van de agent is leeg
recording-empty-debtor = De kant van de debiteur is leeg
recording-empty-both = De opname is leeg
recording-empty-agent-early = De kant van de agent houdt te vroeg op
recording-empty-debtor-early = De kant van de debiteur houdt te vroeg op
recording-failed-disk = Kon niet worden bewaard (is de schijf vol?). De bestanden van de centrale blijven staan; het wordt opnieuw geprobeerd
recording-failed-unreadable = De bestanden van de centrale zijn niet te lezen. Ze blijven staan; het wordt opnieuw geprobeerd
recording-failed-name = De naam van dit gesprek kan geen bestandsnaam zijn
recording-sides = Links de agent, rechts de debiteur.
recording-plays-none = Nog door niemand beluisterd.
recording-played-by = Beluisterd door { $a }
call-recording = Opname
error-not-recorded = Dit gesprek wordt niet opgenomen.
key-recording = Pauzeer of hervat de opname
which-unrecorded = Opname mist
which-about-unrecorded = Gesprekken waarvan de opname ontbreekt, leeg is of niet kon worden bewaard.
event-recording-started = Opname klaargezet
event-recording-paused = Opname gepauzeerd
event-recording-resumed = Opname hervat
event-recording-stopped = Opname gestopt
event-recording-failed = Opname afgebroken

# The phone in the browser
phone-answer = Neem op
phone-reject = Weiger
phone-mute = Demp
phone-muted = Microfoon staat uit
phone-hold = In wacht
phone-retrieve = Terug
phone-join = Verbind
phone-more = Doorverbinden en toetsen
phone-hand-to = Doorverbinden naar
phone-hand-hint = toestel of naam
phone-consult = Overleg eerst
phone-send-on = Verbind meteen door
phone-keys = Toetsen
phone-here = Geluid hier
phone-elsewhere = Het geluid van uw telefoon is in een ander venster.
phone-mic-denied = De browser mag de microfoon niet gebruiken. Klik op het pictogram links van het adres, sta de microfoon toe en laad de pagina opnieuw.
phone-mic-none = Er is geen microfoon gevonden. Sluit uw headset aan.
phone-mic-busy = De microfoon is bij een ander programma in gebruik. Sluit dat programma.
phone-not-secure = Bellen in de browser kan alleen op een pagina met https. Vraag uw beheerder om het https-adres.
phone-no-webrtc = Deze browser kan niet bellen. Gebruik een recente versie van Chrome, Edge, Firefox of Safari.
phone-audio-lost = Het geluid van uw telefoon is weg. Het wordt opnieuw verbonden.
phone-click-for-sound = Klik ergens op de pagina om de ander te horen.
phone-refused-why = De centrale herkent uw telefoon niet. Vraag uw beheerder of het toestel en zijn wachtwoord kloppen ({ $a }).
quality-fair = Verbinding hapert
quality-poor = Verbinding slecht
quality-nothing-heard = U hoort de ander niet: er komt geen geluid binnen
quality-nothing-said = De ander hoort u niet: controleer uw microfoon
key-answer = Neem op
key-mute = Microfoon uit en aan
key-hold = In de wacht, en terug
key-hand-over = Doorverbinden, toetsen
key-join = Verbind beide gesprekken
error-not-now = Dat kan nu niet met dit gesprek.
error-no-phone = Uw telefoon in de browser is niet aangemeld bij de centrale.
error-keys = Alleen de toetsen 0 tot en met 9, * en #.
error-extension = Kies een toestel: het binnennummer of de naam van een collega.
error-no-offer = Deze browser stuurt geen geluid dat de centrale begrijpt.
call-heard = Hoe het klonk
heard-mos = Klank { $a } van 5
heard-lost = onderweg verloren: { $a } % naar de agent, { $b } % van de agent
heard-jitter = { $a } ms schommeling
heard-way = { $a } ms heen en terug naar de centrale
headset-title = Headset en microfoon
headset-mic = Microfoon
headset-level = Hoe luid de microfoon u hoort
headset-out = Luidspreker
headset-usual = Zoals ingesteld op deze computer
headset-clean = Onderdruk ruis en echo
headset-how = Spreek: de balk beweegt mee. Hoor uzelf vóór uw eerste gesprek.
echo-test = Hoor uzelf
echo-speak = Spreek nu: u hoort uzelf een tel later, vijftien seconden lang.
room-check = Meet de kamer
room-hush = Even stil: de kamer wordt drie seconden gemeten.
room-quiet = Rustige kamer ({ "%d" } dB): de klant hoort alleen u.
room-busy = Rumoerige kamer ({ "%d" } dB): de klant hoort de anderen. Sluit de deur of zet ruisonderdrukking aan.
room-loud = Te veel lawaai ({ "%d" } dB): bel hier niet. Zoek een stillere plek.
practice-mark = Oefening: niets hiervan komt in het grootboek
nav-practice = Oefenen
notice-not-handed-over = Doorverbinden lukte niet: { $a }. Het gesprek is nog bij u.
notice-keys-refused = De centrale nam de toetsen niet aan.
phone-join-both = Verbind de twee anderen met elkaar; u verlaat beide gesprekken
