//! Debtors for trying and for practice: an exchange on our own SIP core, at which agents' phones register, and behind which every number is
//! somebody who answers, does not, is busy, hangs up, lets one wait, or calls in. Real SIP and real RTP.
//!
//! ```text
//!   phone --REGISTER--> exchange --INVITE, from a debtor--> phone
//!   phone --INVITE number--> exchange: its persona decides ---> audio: what he says, 20 ms at a time
//! ```

pub mod agent;
mod browser;
pub mod counts;
pub mod exchange;
pub mod persona;
pub mod serve;
pub mod voice;
