//! What stands between the desk and a debtor until somebody lifts it.

use super::hours::WeekHours;
use crate::ids::PhoneNumber;

choice! {
    /// Why a debtor is not, or not so, to be approached.
    RestrictionKind {
        /// Died: the estate is written to.
        Deceased = "deceased",
        /// Bankrupt, in suspension of payments or in a statutory debt arrangement: the trustee is written to.
        Insolvent = "insolvent",
        /// Somebody speaks for the debtor: an administrator, a lawyer, debt help.
        Represented = "represented",
        /// Asked a debt mediator for help (Book XIX).
        DebtMediator = "debt_mediator",
        /// Asked for a payment plan, which was not answered yet (Book XIX).
        PlanRequested = "plan_requested",
        /// Does not want to be called at this number.
        NotThisNumber = "not_this_number",
        /// Does not want to be called.
        NotByPhone = "not_by_phone",
        /// Does not want to be approached at all.
        NotAtAll = "not_at_all",
        /// Wants to be called at certain hours only.
        OnlyAt = "only_at",
        /// Cannot pay, or is vulnerable: calmly and seldom.
        Hardship = "hardship",
    }
}

/// One restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// What.
    pub kind: RestrictionKind,
    /// At this number only.
    pub number: Option<PhoneNumber>,
    /// The hours of [`RestrictionKind::OnlyAt`].
    pub hours: Vec<WeekHours>,
}

impl Restriction {
    /// A restriction of the debtor as a whole.
    #[must_use]
    pub const fn of(kind: RestrictionKind) -> Self {
        Self { kind, number: None, hours: Vec::new() }
    }
}
