//! Whose number is it, from memory: a packed table of all usable numbers with the names of their debtors, for the
//! moment when the phone rings. It never says anything that the database would not say: whatever changes a number takes
//! it out of the table's word before the change is committed, and while a list is imported, by whichever process, the
//! database answers.

pub mod index;
mod keeper;
mod table;
