//! How an office's files differ from what is expected: the `[import]` section of the config.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the config says of the files. All of it may be left out: usual Dutch and English headers are known, and encoding,
/// delimiter and dates are recognised.
///
/// ```toml
/// [import]
/// creditor = "Acme BV"
/// delimiter = ";"
/// encoding = "windows-1252"
/// date_format = "%d-%m-%Y"
/// invoices_complete = true
/// [import.debtors]
/// reference = "Onze code"
/// [import.invoices]
/// open = "Nog te ontvangen"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportMapping {
    /// Our column of the debtors' file, and its header there. A header that is named here must be in the file.
    pub debtors: BTreeMap<String, String>,
    /// The same for the invoices' file.
    pub invoices: BTreeMap<String, String>,
    /// `;`, `,`, `|` or a tab; recognised from the header line when left out.
    pub delimiter: Option<char>,
    /// A label of the WHATWG list, such as `utf-8` or `windows-1252`; recognised when left out.
    pub encoding: Option<String>,
    /// As chrono's strftime: `%d-%m-%Y`. When left out: dd-mm-yyyy, dd/mm/yyyy, dd.mm.yyyy, d-m-yyyy and yyyy-mm-dd, and
    /// no years of two digits.
    pub date_format: Option<String>,
    /// The invoices' file holds every open invoice: what it lacks has been paid.
    pub invoices_complete: bool,
    /// The creditor of rows that name none.
    pub creditor: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_refused_and_all_may_be_left_out() {
        assert_eq!(serde_json::from_str::<ImportMapping>("{}").unwrap(), ImportMapping::default());
        assert!(serde_json::from_str::<ImportMapping>(r#"{"delimeter": ";"}"#).is_err());
        let read: ImportMapping = serde_json::from_str(r#"{"delimiter": ";", "debtors": {"name": "Firma"}}"#).unwrap();
        assert_eq!((read.delimiter, read.debtors["name"].as_str()), (Some(';'), "Firma"));
    }
}
