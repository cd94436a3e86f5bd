//! `debtors.csv`: one debtor a row.

use std::io::Read;

use crate::ids::PhoneNumber;
use crate::numbers::{Dialled, NumberPlan, country_code};
use crate::personal::Personal;

use super::cells::Cells;
use super::columns::{Column, ColumnSpec, plain};
use super::decode::ByteCounter;
use super::error::{RowError, RowReason, TableError};
use super::mapping::ImportMapping;
use super::table::TableReader;

/// Whether the stricter rules for natural persons hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DebtorKind {
    /// A company.
    Business,
    /// A natural person.
    Consumer,
}

/// The language in which a debtor is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Dutch.
    Nl,
    /// English.
    En,
    /// French.
    Fr,
    /// German.
    De,
}

impl DebtorKind {
    /// `business` or `consumer`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Consumer => "consumer",
        }
    }
}

impl Language {
    /// `nl`, `en`, `fr` or `de`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
            Self::Fr => "fr",
            Self::De => "de",
        }
    }

    /// What is spoken in a country (region code), where the file does not say.
    fn of_country(country: &str) -> Self {
        match country {
            "NL" | "BE" => Self::Nl,
            "FR" | "LU" => Self::Fr,
            "DE" | "AT" => Self::De,
            _ => Self::En,
        }
    }
}

/// One debtor as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebtorRow {
    /// The line on which the row begins.
    pub line: u64,
    /// The office's own number of the debtor.
    pub reference: String,
    /// Who is owed; `None` for the default of the mapping.
    pub creditor: Option<String>,
    /// The name of the company or person.
    pub name: Personal<String>,
    /// A company, where the file does not say.
    pub kind: DebtorKind,
    /// By the country, where the file does not say.
    pub language: Language,
    /// Street and house number.
    pub street: Option<Personal<String>>,
    /// Postcode.
    pub postcode: Option<Personal<String>>,
    /// Town.
    pub city: Option<Personal<String>>,
    /// Region code such as `NL`; the number plan's, where the file does not say.
    pub country: String,
    /// An address with an at sign.
    pub email: Option<Personal<String>>,
    /// Those of the row that are numbers, none twice, the main one first; at most 10.
    pub numbers: Vec<PhoneNumber>,
    /// The person to ask for.
    pub contact_name: Option<Personal<String>>,
    /// What that person does.
    pub contact_role: Option<Personal<String>>,
    /// The dunning stage, 0 to 9.
    pub stage: Option<i64>,
    /// Values that were left out (a number that is none, an e-mail address, a language) or hold lost characters.
    pub warnings: Vec<RowError>,
}

/// The debtors of a file, one after the other.
#[derive(Debug)]
pub struct DebtorTable<R> {
    rows: TableReader<R>,
    plan: NumberPlan,
}

/// Reads a debtors' file. The header line is read at once, the rows as they are asked for.
///
/// # Errors
/// When the file cannot be read, is empty, or lacks a required column (`reference`, `name`), or when the mapping is wrong.
pub fn read_debtors<R: Read>(source: R, mapping: &ImportMapping, plan: &NumberPlan) -> Result<DebtorTable<R>, TableError> {
    Ok(DebtorTable { rows: TableReader::open::<DebtorColumn>(source, mapping)?, plan: plan.clone() })
}

impl<R: Read> DebtorTable<R> {
    /// Counts the bytes read of the source; it may be kept while the table is used up.
    #[must_use]
    pub fn counter(&self) -> ByteCounter {
        self.rows.counter()
    }
}

impl<R: Read> Iterator for DebtorTable<R> {
    type Item = Result<DebtorRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.rows.next_record()?.and_then(|record| debtor(Cells::new(record), &self.plan)))
    }
}

#[derive(Debug, Clone, Copy)]
enum DebtorColumn {
    Reference,
    Creditor,
    Name,
    Kind,
    Language,
    Street,
    HouseNumber,
    Postcode,
    City,
    Country,
    Email,
    Phone,
    Mobile,
    OtherPhone,
    ContactName,
    ContactRole,
    Stage,
}

/// The headers of a debtor's number, in both files.
pub(super) const REFERENCE_HEADERS: &[&str] = &[
    "debiteurnummer",
    "debiteurnr",
    "debiteurennummer",
    "debiteurcode",
    "debnr",
    "klantnummer",
    "klantnr",
    "klantcode",
    "relatienummer",
    "relatienr",
    "relatiecode",
    "debtornumber",
    "debtorno",
    "debtorid",
    "customernumber",
    "customerno",
    "customerid",
    "accountnumber",
    "accountno",
    "debtorreference",
    "debtor",
    "debiteur",
    "reference",
];
/// The headers of the creditor, in both files.
pub(super) const CREDITOR_HEADERS: &[&str] = &["crediteur", "schuldeiser", "opdrachtgever", "administratie", "creditor", "client"];

const fn column(name: &'static str, headers: &'static [&'static str]) -> ColumnSpec {
    ColumnSpec { name, is_required: false, headers }
}

impl Column for DebtorColumn {
    const SECTION: &'static str = "debtors";
    const SPECS: &'static [ColumnSpec] = &[
        ColumnSpec { name: "reference", is_required: true, headers: REFERENCE_HEADERS },
        column("creditor", CREDITOR_HEADERS),
        ColumnSpec {
            name: "name",
            is_required: true,
            headers: &[
                "bedrijfsnaam",
                "debiteurnaam",
                "klantnaam",
                "relatienaam",
                "naam",
                "bedrijf",
                "companyname",
                "company",
                "customername",
                "debtorname",
                "name",
            ],
        },
        column("kind", &["soort", "klanttype", "soortklant", "soortdebiteur", "kind", "customertype", "type"]),
        column("language", &["taal", "taalcode", "language", "lang"]),
        column("street", &["straat", "straatnaam", "adres", "adresregel1", "street", "addressline1", "address"]),
        column("house_number", &["huisnummer", "huisnr", "housenumber"]),
        column("postcode", &["postcode", "zipcode", "zip", "postalcode"]),
        column("city", &["plaats", "woonplaats", "vestigingsplaats", "stad", "city", "town"]),
        column("country", &["land", "landcode", "countrycode", "country"]),
        column("email", &["email", "emailadres", "mail", "emailaddress"]),
        column("phone", &["telefoon", "telefoonnummer", "telefoonnr", "tel", "telnr", "phone", "phonenumber", "telephone"]),
        column("mobile", &["mobiel", "mobielnummer", "gsm", "mobile", "mobilenumber", "mobilephone"]),
        column("other_phone", &["telefoon2", "doorkiesnummer", "directnummer", "phone2", "directnumber"]),
        column("contact_name", &["contactpersoon", "contactnaam", "contact", "tav", "contactname", "contactperson"]),
        column("contact_role", &["functie", "rol", "role", "jobtitle", "function"]),
        column("stage", &["fase", "aanmaanfase", "aanmaanniveau", "herinneringsniveau", "dunningstage", "dunninglevel", "stage"]),
    ];

    fn place(self) -> usize {
        self as usize
    }
}

/// Numbers of one debtor.
const NUMBERS_MAX: usize = 10;
/// The highest dunning stage.
const STAGE_MAX: i64 = 9;
/// Longest e-mail address (RFC 5321).
const EMAIL_BYTES_MAX: usize = 254;

fn debtor(mut cells: Cells<'_>, plan: &NumberPlan) -> Result<DebtorRow, RowError> {
    let country = country(&cells, plan)?;
    Ok(DebtorRow {
        line: cells.line(),
        reference: cells.required_key(DebtorColumn::Reference)?,
        creditor: cells.key(DebtorColumn::Creditor)?,
        name: cells.required_text(DebtorColumn::Name)?,
        kind: kind(&cells)?,
        language: language(&mut cells, &country),
        street: street(&mut cells)?,
        postcode: cells.text(DebtorColumn::Postcode)?,
        city: cells.text(DebtorColumn::City)?,
        email: email(&mut cells)?,
        numbers: numbers(&mut cells, plan, &country),
        contact_name: cells.text(DebtorColumn::ContactName)?,
        contact_role: cells.text(DebtorColumn::ContactRole)?,
        stage: cells.whole_number(DebtorColumn::Stage, 0, STAGE_MAX)?,
        country,
        warnings: cells.warnings,
    })
}

fn country(cells: &Cells<'_>, plan: &NumberPlan) -> Result<String, RowError> {
    let text = cells.written(DebtorColumn::Country);
    let code = match plain(text).as_str() {
        "" => Some(plan.country().to_owned()),
        "nederland" | "netherlands" | "thenetherlands" | "holland" | "nld" => Some("NL".to_owned()),
        "belgië" | "belgie" | "belgium" | "belgique" | "bel" => Some("BE".to_owned()),
        "duitsland" | "germany" | "deutschland" | "allemagne" | "deu" => Some("DE".to_owned()),
        "frankrijk" | "france" | "frankreich" | "fra" => Some("FR".to_owned()),
        "luxemburg" | "luxembourg" | "lux" => Some("LU".to_owned()),
        "verenigdkoninkrijk" | "grootbrittannië" | "engeland" | "unitedkingdom" | "greatbritain" | "england" | "uk" | "gbr" => Some("GB".to_owned()),
        "oostenrijk" | "austria" | "österreich" | "aut" => Some("AT".to_owned()),
        _ => country_code(text),
    };
    code.ok_or_else(|| cells.error(DebtorColumn::Country, RowReason::UnknownCountry))
}

fn kind(cells: &Cells<'_>) -> Result<DebtorKind, RowError> {
    match plain(cells.written(DebtorColumn::Kind)).as_str() {
        "" | "business" | "company" | "b2b" | "b" | "zakelijk" | "bedrijf" => Ok(DebtorKind::Business),
        "consumer" | "private" | "person" | "b2c" | "c" | "consument" | "particulier" | "p" => Ok(DebtorKind::Consumer),
        _ => {
            let choices = "business (zakelijk, bedrijf, b2b) and consumer (consument, particulier, b2c)";
            Err(cells.error(DebtorColumn::Kind, RowReason::UnknownChoice { choices }))
        }
    }
}

fn language(cells: &mut Cells<'_>, country: &str) -> Language {
    let text = cells.written(DebtorColumn::Language).to_lowercase();
    // `nl-BE` and `nl_NL` are Dutch.
    match text.split(['-', '_']).next().unwrap_or_default() {
        "" => Language::of_country(country),
        "nl" | "nld" | "dut" | "nederlands" | "dutch" => Language::Nl,
        "en" | "eng" | "engels" | "english" => Language::En,
        "fr" | "fra" | "fre" | "frans" | "french" | "français" => Language::Fr,
        "de" | "deu" | "ger" | "duits" | "german" | "deutsch" => Language::De,
        _ => {
            cells.warn(DebtorColumn::Language, RowReason::UnknownChoice { choices: "nl, en, fr and de" });
            Language::of_country(country)
        }
    }
}

fn street(cells: &mut Cells<'_>) -> Result<Option<Personal<String>>, RowError> {
    let street = cells.text(DebtorColumn::Street)?;
    let number = cells.text(DebtorColumn::HouseNumber)?;
    Ok(match (street, number) {
        (Some(street), Some(number)) => Some(Personal::new(format!("{} {}", street.reveal(), number.reveal()))),
        (street, number) => street.or(number),
    })
}

fn email(cells: &mut Cells<'_>) -> Result<Option<Personal<String>>, RowError> {
    let Some(email) = cells.text(DebtorColumn::Email)? else { return Ok(None) };
    let text = email.reveal();
    let has_form = text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'));
    if has_form && text.len() <= EMAIL_BYTES_MAX && !text.contains([' ', ',', ';', '<', '>', '"']) {
        return Ok(Some(email));
    }
    cells.warn(DebtorColumn::Email, RowReason::NotAnEmail);
    Ok(None)
}

/// The numbers of the row, read as people in the debtor's country write them. A cell may hold two, with a comma, a
/// semicolon, a bar or a slash between them.
fn numbers(cells: &mut Cells<'_>, plan: &NumberPlan, country: &str) -> Vec<PhoneNumber> {
    let mut numbers = Vec::new();
    for column in [DebtorColumn::Phone, DebtorColumn::Mobile, DebtorColumn::OtherPhone] {
        let written = cells.written(column);
        let mut parts = vec![written];
        if !matches!(plan.read_from_country(written, country), Dialled::Outside(_)) {
            parts = written.splitn(NUMBERS_MAX, [',', ';', '|', '/']).collect();
        }
        for part in parts.into_iter().filter(|part| !part.trim().is_empty()) {
            match plan.read_from_country(part, country) {
                Dialled::Outside(number) if numbers.contains(&number) => {}
                Dialled::Outside(number) if numbers.len() < NUMBERS_MAX => numbers.push(number),
                _ => cells.warn(column, RowReason::NotANumber),
            }
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Klantnr;Bedrijfsnaam;Soort;Taal;Adres;Huisnummer;Postcode;Plaats;Land;E-mail;Telefoon;Mobiel;Contactpersoon;Functie;Fase\n";

    fn plan() -> NumberPlan {
        NumberPlan::new("NL", &["1XX"], None).unwrap()
    }

    fn read(rows: &str) -> Vec<Result<DebtorRow, RowError>> {
        read_debtors(format!("{HEADER}{rows}").as_bytes(), &ImportMapping::default(), &plan()).unwrap().collect()
    }

    fn one(row: &str) -> DebtorRow {
        read(row).remove(0).unwrap()
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse_e164(text).unwrap()
    }

    fn some(text: &str) -> Option<Personal<String>> {
        Some(Personal::new(text.to_owned()))
    }

    #[test]
    fn every_column_is_where_its_name_says() {
        assert_eq!(DebtorColumn::SPECS[DebtorColumn::Stage.place()].name, "stage");
        assert_eq!(DebtorColumn::SPECS[DebtorColumn::Email.place()].name, "email");
        assert_eq!(DebtorColumn::SPECS.len(), DebtorColumn::Stage.place() + 1);
    }

    #[test]
    fn a_debtor() {
        let row = one(
            "007;Verf & Zn BV;zakelijk;nl-NL;Kade;12 b;1000 AA;Ergens;Nederland;ap@example.nl;06-12345678;+44 7700 900123;A. Visser;boekhouder;2",
        );
        let expected = DebtorRow {
            line: 2,
            reference: "007".into(),
            creditor: None,
            name: Personal::new("Verf & Zn BV".into()),
            kind: DebtorKind::Business,
            language: Language::Nl,
            street: some("Kade 12 b"),
            postcode: some("1000 AA"),
            city: some("Ergens"),
            country: "NL".into(),
            email: some("ap@example.nl"),
            numbers: vec![number("+31612345678"), number("+447700900123")],
            contact_name: some("A. Visser"),
            contact_role: some("boekhouder"),
            stage: Some(2),
            warnings: vec![],
        };
        assert_eq!(row, expected);
        assert!(!format!("{row:?}").contains("Visser"));
    }

    #[test]
    fn what_the_file_does_not_say_is_the_usual() {
        let row = one("1;A");
        assert_eq!((row.kind, row.language, row.country.as_str(), row.stage), (DebtorKind::Business, Language::Nl, "NL", None));
        assert_eq!((row.email, row.street, row.numbers.len(), row.warnings.len()), (None, None, 0, 0));
        assert_eq!(one("1;A;;;;;;;Deutschland").language, Language::De);
        assert_eq!(one("1;A;Particulier;;;;;;gb").kind, DebtorKind::Consumer);
        assert_eq!(one("1;A;;;;;;;BE;;0470/12.34.56").numbers, [number("+32470123456")], "as people write in Belgium");
    }

    #[test]
    fn a_bad_number_does_not_lose_the_debtor() {
        let row = one("1;A;;es;;;;;;nobody;06-1234567;+44 7700 900123 / 300&Local/9");
        assert_eq!(row.numbers, [number("+447700900123")]);
        assert_eq!((row.language, row.email), (Language::Nl, None));
        let warnings: Vec<_> = row.warnings.iter().map(|w| (w.line, w.column.as_str(), w.reason.clone())).collect();
        assert_eq!(
            warnings,
            [
                (2, "Taal", RowReason::UnknownChoice { choices: "nl, en, fr and de" }),
                (2, "E-mail", RowReason::NotAnEmail),
                (2, "Telefoon", RowReason::NotANumber),
                (2, "Mobiel", RowReason::NotANumber),
                (2, "Mobiel", RowReason::NotANumber),
            ]
        );
        assert_eq!(one("1;A;;;;;;;;;101").warnings.len(), 1, "an extension is no number of a debtor");
        assert_eq!(one("1;A;;;;;;;;;\"+447700900123, +447700900124\";+447700900123").numbers.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_column_of_the_file() {
        let reason = |row: &str| read(row).remove(0).map_err(|e| (e.column, e.reason)).unwrap_err();
        assert_eq!(reason(";A"), ("Klantnr".into(), RowReason::Missing));
        assert_eq!(reason("1; "), ("Bedrijfsnaam".into(), RowReason::Missing));
        assert_eq!(reason("1;A;;;;;;;Atlantis"), ("Land".into(), RowReason::UnknownCountry));
        assert_eq!(reason("1;A;;;;;;;;;;;;;10"), ("Fase".into(), RowReason::NotAWholeNumber { min: 0, max: 9 }));
        assert!(matches!(reason("1;A;alien"), (column, RowReason::UnknownChoice { .. }) if column == "Soort"));
        assert_eq!(reason(&format!("1;{}", "x".repeat(501))), ("Bedrijfsnaam".into(), RowReason::TooLong { max: 500 }));
        assert_eq!(one(&format!("1;{}", "é".repeat(500))).name.reveal().chars().count(), 500);
        let text = RowError { line: 7, column: "Land".into(), reason: RowReason::UnknownCountry }.to_string();
        assert_eq!(text, "line 7, column Land: the country is unknown; write its code, such as NL or BE");
    }

    #[test]
    fn formulas_and_control_characters_are_text() {
        let row = one("=1+1;\"=cmd|' /C calc'!A0\u{0}\nBV\"");
        assert_eq!((row.reference.as_str(), row.name.reveal().as_str()), ("=1+1", "=cmd|' /C calc'!A0 BV"));
    }

    #[test]
    fn the_config_names_other_headers() {
        let mut mapping = ImportMapping::default();
        mapping.debtors.insert("reference".into(), "onze CODE ".into());
        let file = "Firma;Onze code;Naam\nF;C1;N\n";
        let row = read_debtors(file.as_bytes(), &mapping, &plan()).unwrap().next().unwrap().unwrap();
        assert_eq!((row.reference.as_str(), row.name.reveal().as_str()), ("C1", "N"));
        mapping.debtors.insert("email".into(), "Mailbox".into());
        let error = read_debtors(file.as_bytes(), &mapping, &plan()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the column email is missing: no header is Mailbox; found Firma, Onze code, Naam; write email = \"its header\" under [import.debtors]"
        );
        mapping.debtors.insert("colour".into(), "Kleur".into());
        let error = read_debtors(file.as_bytes(), &mapping, &plan()).unwrap_err();
        assert!(matches!(error, TableError::UnknownColumn { section: "debtors", column, .. } if column == "colour"));
    }
}
