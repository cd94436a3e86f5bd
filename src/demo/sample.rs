//! Sample debtors: fictional names, and telephone numbers from the ranges that Ofcom keeps for fiction (+44 7700 900xxx
//! and +44 20 7946 0xxx). No Dutch or Belgian range is kept for it.

use std::time::Duration;

use chrono::{Days, NaiveDate};

use crate::collection::money::Cents;
use crate::ids::{IdError, PhoneNumber};
use crate::simulate::persona::Caller;
use crate::store::write::{DebtorImport, InvoiceImport};

/// The creditors.
const CREDITORS: [&str; 2] = ["Groothandel De Linde BV", "Technisch Bureau Maas BV"];

const NAMES: [(&str, &str, &str, &str); 40] = [
    ("Bakkerij De Korenaar", "Haarlem", "Marijke Vos", "boekhouding"),
    ("Schildersbedrijf Van Loon", "Tilburg", "Kees van Loon", "eigenaar"),
    ("Installatiebureau Noord", "Groningen", "Sanne Prins", "administratie"),
    ("Bloemisterij Rozenhof", "Aalsmeer", "Ria Dekker", "eigenaar"),
    ("Transport Verhagen", "Venlo", "Peter Verhagen", "directeur"),
    ("Café Het Anker", "Den Helder", "Joop Mulder", "eigenaar"),
    ("Drukkerij Zeegers", "Maastricht", "Anouk Zeegers", "crediteuren"),
    ("Autobedrijf Kuipers", "Zwolle", "Henk Kuipers", "eigenaar"),
    ("Kinderopvang De Zwaluw", "Utrecht", "Fatima Bakkali", "administratie"),
    ("Hoveniers Groenrijk", "Ede", "Wim Jacobs", "planning"),
    ("Fysiotherapie Centrum Oost", "Amersfoort", "Lotte Smeets", "praktijkmanager"),
    ("Slagerij Vermeulen", "Antwerpen", "Luc Vermeulen", "eigenaar"),
    ("Bouwbedrijf Hendrickx", "Hasselt", "An Hendrickx", "boekhouding"),
    ("Brasserie Le Coin", "Gent", "Tom Claes", "zaakvoerder"),
    ("Elektro Wouters", "Leuven", "Els Wouters", "crediteuren"),
    ("Textielhuis Peeters", "Brugge", "Nele Peeters", "administratie"),
    ("Rijschool De Start", "Almere", "Youssef Amrani", "eigenaar"),
    ("Kapsalon Krul", "Breda", "Demi Hoekstra", "eigenaar"),
    ("Loodgieter Van Beek", "Delft", "Rob van Beek", "eigenaar"),
    ("Makelaardij Stad en Land", "Leiden", "Iris Brouwer", "office manager"),
    ("Camping De Duinen", "Texel", "Gerda Bakker", "receptie"),
    ("Timmerfabriek Holt", "Enschede", "Bas Holtkamp", "inkoop"),
    ("Reclamebureau Vonk", "Rotterdam", "Mila Vonk", "directeur"),
    ("Sportschool Fit2Go", "Eindhoven", "Stefan Maas", "manager"),
    ("Boekhandel Letterlust", "Deventer", "Hanna de Wit", "eigenaar"),
    ("Dierenkliniek De Poot", "Apeldoorn", "Eva Koster", "administratie"),
    ("Schoonmaak Helder", "Den Haag", "Aylin Yilmaz", "crediteuren"),
    ("Visgroothandel Noordzee", "IJmuiden", "Cor Tuin", "boekhouding"),
    ("Metaalbewerking Staal", "Helmond", "Jeroen Staals", "inkoop"),
    ("Adviesbureau Kompas", "Arnhem", "Linda Post", "crediteuren"),
    ("Mevr. J. Terpstra", "Leeuwarden", "", ""),
    ("Dhr. A. Willemsen", "Nijmegen", "", ""),
    ("Mevr. S. Aydin", "Amsterdam", "", ""),
    ("Dhr. P. de Graaf", "Gouda", "", ""),
    ("Mevr. K. Lambrechts", "Mechelen", "", ""),
    ("Dhr. M. El Idrissi", "Roermond", "", ""),
    ("Mevr. T. Visser", "Hoorn", "", ""),
    ("Dhr. G. Janssens", "Kortrijk", "", ""),
    ("Mevr. L. van Dam", "Zoetermeer", "", ""),
    ("Dhr. B. Postma", "Assen", "", ""),
];

/// The office that keeps the books of several: its number gives a choice.
const BOOKKEEPER: i64 = 442_079_460_500;

fn number(at: usize) -> Result<PhoneNumber, IdError> {
    let last = i64::try_from(at).unwrap_or(0);
    PhoneNumber::from_i64(if at.is_multiple_of(2) { 442_079_460_100 + last } else { 447_700_900_100 + last })
}

/// The sample debtors.
///
/// # Errors
/// Never: the numbers are in range.
pub fn debtors() -> Result<Vec<DebtorImport>, IdError> {
    let debtor = |(at, (name, city, contact, role)): (usize, &(&str, &str, &str, &str))| {
        let mut numbers = vec![number(at)?];
        if matches!(at, 0..=2) {
            numbers.push(PhoneNumber::from_i64(BOOKKEEPER)?);
        }
        Ok(DebtorImport {
            line: 0,
            reference: format!("D{:04}", 1001 + at),
            creditor: creditor(at).to_owned(),
            name: (*name).to_owned().into(),
            kind: if contact.is_empty() { "consumer" } else { "business" },
            language: "nl",
            street: format!("Voorbeeldstraat {}", at + 1),
            postcode: format!("{} AB", 1000 + at),
            city: (*city).to_owned(),
            country: if matches!(at, 11..=15 | 34 | 37) { "BE" } else { "NL" }.to_owned(),
            email: format!("debiteur{}@example.com", at + 1),
            numbers,
            contact: (!contact.is_empty()).then(|| ((*contact).to_owned().into(), (*role).to_owned())),
            stage: Some(i64::try_from(at % 3).unwrap_or(0) + 1),
        })
    };
    NAMES.iter().enumerate().map(debtor).collect()
}

fn creditor(at: usize) -> &'static str {
    if at % 4 == 3 { CREDITORS[1] } else { CREDITORS[0] }
}

/// Their invoices, seen from `today`: one to four each, from not yet due to four months late.
#[must_use]
pub fn invoices(today: NaiveDate) -> Vec<InvoiceImport> {
    let mut invoices = Vec::new();
    for at in 0..NAMES.len() {
        for n in 0..=(at * 7) % 4 {
            let late = i64::try_from((at * 13 + n * 31) % 120).unwrap_or(0) - 5;
            let due_on = today.checked_sub_signed(chrono::TimeDelta::days(late)).unwrap_or(today);
            let cents = i64::try_from(4_950 + (at * 7_919 + n * 15_485) % 240_000).unwrap_or(0);
            invoices.push(InvoiceImport {
                line: 0,
                debtor_reference: format!("D{:04}", 1001 + at),
                creditor: creditor(at).to_owned(),
                number: format!("2026-{:05}", 300 + at * 4 + n),
                issued_on: due_on.checked_sub_days(Days::new(30)).unwrap_or(due_on),
                due_on,
                amount: Cents(cents),
                open: Cents(cents),
                order_no: if at % 2 == 0 { format!("PO-{}", 7000 + at) } else { String::new() },
            });
        }
    }
    invoices
}

/// Who calls in the demo: known, known and gives up, several with one number, unknown, withheld.
#[must_use]
pub fn callers() -> Vec<Caller> {
    let caller = |number: String, name: &str, seconds| Caller { number, name: name.to_owned(), patience: Duration::from_secs(seconds) };
    let known = |at: usize, seconds| {
        let name = NAMES.get(at).map_or("", |(name, ..)| *name);
        caller(number(at).map_or_else(|_| String::new(), |number| number.to_string()), name, seconds)
    };
    vec![
        known(4, 60),
        caller(format!("+{BOOKKEEPER}"), "Administratiekantoor Cijfer", 60),
        known(11, 6),
        caller("+447700900999".to_owned(), "", 60),
        known(30, 60),
        caller("anonymous".to_owned(), "Anonymous", 60),
        known(20, 60),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_debtors_with_numbers_of_fiction() {
        let debtors = debtors().unwrap();
        assert_eq!(debtors.len(), 40);
        let fiction =
            |n: &PhoneNumber| (447_700_900_000..=447_700_900_999).contains(&n.to_i64()) || (442_079_460_000..=442_079_460_999).contains(&n.to_i64());
        assert!(debtors.iter().flat_map(|debtor| &debtor.numbers).all(fiction));
        let invoices = invoices(NaiveDate::from_ymd_opt(2026, 11, 23).unwrap());
        assert!(invoices.len() > 80 && invoices.iter().all(|invoice| invoice.amount.0 > 0));
    }
}
