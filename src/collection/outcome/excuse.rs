//! What debtors say, and the question that brings the call back to its goal (domain notes, excuses_nl.toml; advice 2.14).

choice! {
    /// What the debtor gave as the reason.
    ExcuseCode {
        /// The invoice never came.
        NoInvoice = "NOINV",
        /// The invoice cannot be found.
        Lost = "LOST",
        /// It has been paid.
        Paid = "PAID",
        /// Waits for a large receipt.
        AwaitsReceipt = "CASH",
        /// There is no money now.
        NoMoney = "NOMONEY",
        /// The one who decides is away.
        BossAway = "BOSSAWAY",
        /// Somebody else sees to it.
        NotMe = "NOTME",
        /// The invoice awaits approval.
        Approval = "APPROVAL",
        /// Pays on fixed days only.
        PayRun = "PAYRUN",
        /// The payment is under way.
        SentOff = "SENTOFF",
        /// The bank or its app does not work.
        Bank = "BANK",
        /// Not content with the delivery.
        Complaint = "COMPLAINT",
        /// The amount is wrong.
        Price = "PRICE",
        /// It was never ordered.
        NoOrder = "NOORDER",
        /// The order number is not on it.
        PoNumber = "PONUM",
        /// The bookkeeper is ill.
        Sick = "SICK",
        /// Changes over to another system.
        System = "SYSTEM",
        /// Pays when the next order comes.
        NextOrder = "PREVPAY",
        /// Call again next week.
        CallLater = "CALLLATER",
        /// Why call about so little?
        Small = "SMALL",
        /// You owe us, too.
        Offset = "OFFSET",
        /// Send it all again.
        SendAgain = "ADMIN",
    }
}

/// One excuse card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excuse {
    /// Its code.
    pub code: ExcuseCode,
    /// What is heard, in Dutch.
    pub heard: &'static str,
    /// The counter-question, in Dutch.
    pub ask: &'static str,
    /// What proves it or comes next, in catchwords.
    pub next: &'static str,
}

impl ExcuseCode {
    /// The card of this excuse.
    #[must_use]
    pub fn card(self) -> Option<&'static Excuse> {
        EXCUSES.iter().find(|excuse| excuse.code == self)
    }
}

/// All excuse cards, in the order of the codes.
pub const EXCUSES: [Excuse; 22] = [
    Excuse {
        code: ExcuseCode::NoInvoice,
        heard: "Ik heb de factuur nooit gekregen",
        ask: "Ik mail u de factuur nu terwijl we praten; naar welk adres? En als u hem zo voor u heeft, op welke dag betaalt u dan?",
        next: "if_then copy invoice; check address",
    },
    Excuse {
        code: ExcuseCode::Lost,
        heard: "Ik kan de factuur niet vinden",
        ask: "Wat heeft u naast het factuurnummer nodig om hem vandaag klaar te zetten voor betaling?",
        next: "if_then copy invoice",
    },
    Excuse {
        code: ExcuseCode::Paid,
        heard: "Dat is al betaald",
        ask: "Fijn, dan zoek ik hem op: op welke datum, welk bedrag en met welk kenmerk is het overgemaakt?",
        next: "PAID outcome, verify",
    },
    Excuse {
        code: ExcuseCode::AwaitsReceipt,
        heard: "Wij wachten zelf op een grote betaling",
        ask: "Welk deel kunt u los daarvan nu voldoen, en op welke datum verwacht u dat geld?",
        next: "50 % first, situation fields",
    },
    Excuse {
        code: ExcuseCode::NoMoney,
        heard: "Er is op dit moment geen geld",
        ask: "Wat lukt er deze week wél, en hoe verdelen we samen de rest?",
        next: "plan; if consumer: HARD check",
    },
    Excuse {
        code: ExcuseCode::BossAway,
        heard: "De baas is er niet / met vakantie",
        ask: "Wie tekent er tijdens die afwezigheid voor betalingen, en hoe bereik ik die rechtstreeks?",
        next: "contact role, CB",
    },
    Excuse {
        code: ExcuseCode::NotMe,
        heard: "Daar ga ik niet over",
        ask: "Met wie kan ik dit dan afronden, en wat is zijn of haar directe nummer en e-mailadres?",
        next: "TPC, contact",
    },
    Excuse {
        code: ExcuseCode::Approval,
        heard: "De factuur moet nog worden goedgekeurd",
        ask: "Bij wie ligt hij nu, en op welke dag mag ik op zijn akkoord rekenen?",
        next: "internal contact, date",
    },
    Excuse {
        code: ExcuseCode::PayRun,
        heard: "Wij betalen alleen op vaste dagen",
        ask: "Welke datum is de eerstvolgende betaalronde, en staat onze factuur daar al op?",
        next: "PTP on run date",
    },
    Excuse {
        code: ExcuseCode::SentOff,
        heard: "De betaling is onderweg / staat klaar",
        ask: "Op welke datum is hij ingepland, zodat ik hem die dag kan afvinken?",
        next: "PTP date; evaluate",
    },
    Excuse {
        code: ExcuseCode::Bank,
        heard: "De bank heeft een storing / mijn app werkt niet",
        ask: "Welke andere manier kunt u vandaag gebruiken; zal ik een betaallink sturen?",
        next: "PAYNOW",
    },
    Excuse {
        code: ExcuseCode::Complaint,
        heard: "Wij zijn niet tevreden over de levering",
        ask: "Wat is er precies niet goed, en welk deel van de factuur staat daar los van, zodat dat deel alvast betaald kan worden?",
        next: "DISP part amount",
    },
    Excuse {
        code: ExcuseCode::Price,
        heard: "Het bedrag klopt niet",
        ask: "Welke regel klopt volgens u niet; en kunt u het deel dat wel klopt nu inplannen?",
        next: "DISP part",
    },
    Excuse {
        code: ExcuseCode::NoOrder,
        heard: "Dat hebben wij nooit besteld",
        ask: "Ik heb de bevestiging van [datum] hier; wie kan bij u nagaan wie dat heeft aangevraagd, en wanneer hoor ik dat?",
        next: "verification task",
    },
    Excuse {
        code: ExcuseCode::PoNumber,
        heard: "Er staat geen inkoopnummer op",
        ask: "Welk nummer moet erop? Dan krijgt u hem vandaag opnieuw; op welke dag betaalt u hem dan?",
        next: "own fault, if_then",
    },
    Excuse {
        code: ExcuseCode::Sick,
        heard: "Onze boekhouder is ziek",
        ask: "Wie neemt de betalingen waar, en wat kan die persoon vandaag klaarzetten?",
        next: "contact, CB",
    },
    Excuse {
        code: ExcuseCode::System,
        heard: "We stappen over op een nieuw systeem",
        ask: "Hoe regelt u spoedbetalingen zolang de overstap duurt, en kan deze daarbij?",
        next: "PTP",
    },
    Excuse {
        code: ExcuseCode::NextOrder,
        heard: "Ik betaal pas als mijn volgende order komt",
        ask: "Die levering plan ik graag met u in; welk bedrag ontvangen wij daarvoor vóór [datum]?",
        next: "credit hold, concession with counter",
    },
    Excuse {
        code: ExcuseCode::CallLater,
        heard: "Bel volgende week maar terug",
        ask: "Welke dag en welk uur schikt u, en wat is er dan anders zodat we het dan kunnen afronden?",
        next: "CB with date; vague words refused",
    },
    Excuse {
        code: ExcuseCode::Small,
        heard: "Voor zo'n klein bedrag bellen?",
        ask: "Juist omdat het klein is kan het snel weg zijn: zal ik een betaallink sturen die u vandaag gebruikt?",
        next: "PAYNOW; check min_call_amount",
    },
    Excuse {
        code: ExcuseCode::Offset,
        heard: "Wij krijgen ook nog geld van u",
        ask: "Om welke factuur en welk bedrag gaat het; dan verrekenen we en wat blijft er dan te betalen?",
        next: "verification, offset task",
    },
    Excuse {
        code: ExcuseCode::SendAgain,
        heard: "Stuur alles nog eens op, dan kijken we ernaar",
        ask: "Ik stuur het nu; hoe laat kunt u kijken, en welke datum mag ik dan voor de betaling noteren?",
        next: "if_then",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_card_and_every_card_its_texts() {
        assert_eq!(ExcuseCode::ALL.len(), EXCUSES.len());
        for (code, card) in ExcuseCode::ALL.iter().zip(&EXCUSES) {
            assert_eq!(*code, card.code, "the order is the same");
            assert_eq!(code.card(), Some(card));
            assert_eq!(ExcuseCode::parse(code.as_str()), Some(*code));
            assert!(!card.heard.is_empty() && !card.ask.is_empty() && !card.next.is_empty());
            assert!(card.ask.contains('?'), "{code} asks nothing");
        }
    }
}
