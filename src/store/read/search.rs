//! Finding a case: by telephone number, or by what an agent types.

use crate::desk::seat::Candidate;
use crate::ids::{CaseId, PhoneNumber};
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// Cases that a number or a search gives at most.
pub const FOUND_MAX: usize = 20;

/// A case that was found.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FoundCase {
    /// The case.
    pub case_id: i64,
    /// The debtor's name.
    pub name: String,
    /// The debtor number.
    pub reference: String,
    /// The creditor's name.
    pub creditor: String,
    /// The debtor's town.
    pub city: String,
    /// The debtor's first usable number, as the store keeps it.
    pub number: Option<i64>,
}

/// A case that a number leads to.
pub(in crate::store) struct Numbered<'a> {
    pub(in crate::store) case: CaseId,
    pub(in crate::store) name: &'a str,
    pub(in crate::store) creditor: &'a str,
    /// An invoice of it is open.
    pub(in crate::store) is_open: bool,
}

/// The cases to choose from: those with an open invoice, where there are any.
pub(in crate::store) fn candidates(mut cases: Vec<Numbered<'_>>) -> Vec<Candidate> {
    cases.sort_unstable_by(|a, b| a.name.cmp(b.name).then(a.case.cmp(&b.case)));
    let any_open = cases.iter().any(|case| case.is_open);
    let fits = |case: &Numbered<'_>| case.is_open || !any_open;
    let candidate = |case: Numbered<'_>| Candidate { case: case.case, name: case.name.to_owned().into(), creditor: case.creditor.to_owned() };
    cases.into_iter().filter(fits).take(FOUND_MAX).map(candidate).collect()
}

/// Small letters without accents, for comparing what people type with what stands in a list.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'à'..='å' => folded.push('a'),
            'ç' => folded.push('c'),
            'è'..='ë' => folded.push('e'),
            'ì'..='ï' => folded.push('i'),
            'ñ' => folded.push('n'),
            'ò'..='ö' | 'ø' => folded.push('o'),
            'ù'..='ü' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            c => folded.push(c),
        }
    }
    folded
}

/// A pattern for LIKE in which what was typed stands for itself.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl Store {
    /// The cases of a number where memory knows them, as [`Store::cases_by_number`] gives them: at once, without the
    /// database. `None` says nothing about the number but that the database must be asked.
    #[must_use]
    pub fn known_cases(&self, number: PhoneNumber) -> Option<Vec<Candidate>> {
        self.numbers.find(number)
    }

    /// The cases of a number as memory had them last: for when the database does not answer.
    #[must_use]
    pub fn remembered_cases(&self, number: PhoneNumber) -> Option<Vec<Candidate>> {
        self.numbers.remembered(number)
    }

    /// The cases with an open invoice of the debtors that have this number; where none has, all their cases. From memory
    /// where it knows them, else from the database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cases_by_number(&self, number: PhoneNumber) -> Result<Vec<Candidate>, StoreError> {
        if let Some(known) = self.known_cases(number) {
            return Ok(known);
        }
        let rows = fetch_all!(
            self,
            (i64, String, String, i64),
            "SELECT cases.id, debtors.name, creditors.name,
               (SELECT COUNT(*) FROM invoices WHERE invoices.case_id = cases.id AND invoices.state <> 'settled') AS open
             FROM numbers JOIN debtors ON debtors.id = numbers.debtor_id JOIN cases ON cases.debtor_id = debtors.id
             JOIN creditors ON creditors.id = cases.creditor_id
             WHERE numbers.number = $1 AND numbers.state = 'usable' ORDER BY debtors.name, cases.id LIMIT 100",
            number.to_i64()
        )?;
        let cases = rows.iter().map(|(case, name, creditor, open)| Numbered { case: CaseId(*case), name, creditor, is_open: *open > 0 });
        Ok(candidates(cases.collect()))
    }

    /// The cases that fit what was typed: name, town, debtor number, invoice number or telephone number. One more than
    /// [`FOUND_MAX`] when there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn search(&self, typed: &str, number: Option<PhoneNumber>) -> Result<Vec<FoundCase>, StoreError> {
        let typed: String = typed.trim().chars().filter(|c| !c.is_control()).take(100).collect();
        if typed.is_empty() {
            return Ok(Vec::new());
        }
        Ok(fetch_all!(
            self,
            FoundCase,
            "SELECT cases.id AS case_id, debtors.name AS name, debtors.reference AS reference, creditors.name AS creditor, debtors.city AS city,
               (SELECT number FROM numbers WHERE numbers.debtor_id = debtors.id AND numbers.state = 'usable' ORDER BY numbers.id LIMIT 1) AS number
             FROM cases JOIN debtors ON debtors.id = cases.debtor_id JOIN creditors ON creditors.id = cases.creditor_id
             WHERE debtors.search_text LIKE $1 ESCAPE '\\'
                OR debtors.id IN (SELECT debtor_id FROM numbers WHERE number = $2)
                OR cases.id IN (SELECT case_id FROM invoices WHERE number = $3)
             ORDER BY debtors.name, cases.id LIMIT 21",
            contains(&typed),
            number.map_or(0, PhoneNumber::to_i64),
            &typed
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stands_for_itself() {
        assert_eq!(contains("100%_Zoë\\"), "%100\\%\\_zoe\\\\%");
    }
}
