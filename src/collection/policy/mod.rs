//! Whether a debtor may be approached now: the law's rules and the house's, as data (`config/policies/policies.toml`), and one gate that
//! answers before every dial, mail or message. What a debtor may be charged: costs, interest, and in which order a payment settles them.
//!
//! ```text
//! policies.toml -> Policies -> Profile of (country, audience, desk)
//!                                  |
//!        Facts {now, touches, restrictions ...} -> gate -> Verdict {stops: rule, hard or soft, from when on}
//! ```

mod caps;
mod costs;
mod gate;
mod hours;
mod interest;
mod profile;
mod restriction;
#[cfg(test)]
mod tests;

pub use caps::{Cap, Cooldown, Per, Touch};
pub use costs::{CostScale, Costs, NoticeSent, NoticeWay};
pub use gate::{Channel, Detail, Facts, Rule, Stop, Verdict};
pub use hours::{WeekHours, first_instant};
pub use interest::{Balance, Rate, Rates};
pub use profile::{Desk, Policies, PolicyError, Profile, SHIPPED};
pub use restriction::{Restriction, RestrictionKind};
