//! Profiles: which rules hold for whom. They are data (`config/policies/policies.toml`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;

use super::caps::{Cap, Cooldown};
use super::costs::CostScale;
use super::gate::Channel;
use super::hours::WeekHours;
use super::interest::Rates;
use super::restriction::RestrictionKind;
use crate::collection::calendar::HolidayCalendar;
use crate::collection::debtor::Audience;
use crate::collection::money::Cents;

/// The policies that ship.
pub const SHIPPED: &str = include_str!("../../../config/policies/policies.toml");

choice! {
    /// For whom a desk collects.
    Desk {
        /// The creditor's own department.
        Inhouse = "inhouse",
        /// An agency that collects for others.
        Agency = "agency",
    }
}

/// Why policies cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No TOML, or a field that does not exist or has another kind of value.
    #[error("{0}")]
    Toml(String),
    /// A profile that cannot be.
    #[error("[profile.{profile}]: {problem}")]
    Profile {
        /// Its id.
        profile: String,
        /// What is wrong, and what to write.
        problem: &'static str,
    },
    /// Some debtor would have none.
    #[error("no profile fits every {audience} at a desk of kind {desk}: leave `countries` of one of them empty")]
    NoneFits {
        /// The debtor.
        audience: Audience,
        /// The desk.
        desk: Desk,
    },
}

/// When a debtor may be approached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// No reason lifts them.
    pub hard: bool,
    /// A source was found for them.
    #[serde(default)]
    pub verified: bool,
    /// The hours, by the debtor's clock.
    pub windows: Vec<WeekHours>,
    /// The ways of approach that they bind.
    pub channels: Vec<Channel>,
}

/// The rules for some debtors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its id, the last part of `[profile.ID]`.
    #[serde(skip)]
    pub id: String,
    /// What it is called, by language.
    pub title: BTreeMap<String, String>,
    /// The debtor's countries; none means every one.
    #[serde(default)]
    pub countries: Vec<String>,
    /// The debtors.
    pub audience: Audience,
    /// The desks; none means every one.
    #[serde(default)]
    pub desks: Vec<Desk>,
    /// Where its rules stand.
    pub source: String,
    /// The hours.
    pub hours: Hours,
    /// Whose holidays no debtor is approached on.
    pub holidays: HolidayCalendar,
    /// Further free days: a decree equates them.
    #[serde(default)]
    pub equated_days: BTreeSet<NaiveDate>,
    /// At these hours few are reached.
    #[serde(default)]
    pub soft_avoid: Vec<WeekHours>,
    /// How often.
    #[serde(default)]
    pub caps: Vec<Cap>,
    /// How soon again.
    pub cooldown: Option<Cooldown>,
    /// A call that the debtor asked for is not counted against the caps.
    #[serde(default)]
    pub agreed_lifts_caps: bool,
    /// Nobody but the debtor may be approached.
    #[serde(default)]
    pub third_party_forbidden: bool,
    /// What brings collection to a stop by law.
    #[serde(default)]
    pub stops: Vec<RestrictionKind>,
    /// So does a dispute.
    #[serde(default)]
    pub dispute_stops: bool,
    /// Below this an e-mail goes out in place of a call: euros, as `"25.00"`.
    #[serde(default, deserialize_with = "euros")]
    pub min_call_amount: Cents,
    /// The least share of the first payment of an arrangement, in percent.
    #[serde(default = "first_payment_percent")]
    pub first_payment_percent: u8,
    /// Instalments of an arrangement at most.
    #[serde(default = "instalments_max")]
    pub instalments_max: u8,
    /// A single promise is for at most so many days ahead.
    #[serde(default = "promise_days_max")]
    pub promise_days_max: u16,
    /// What may be charged for collection.
    pub costs: CostScale,
    /// Only when the notice was sent and its term is over.
    #[serde(default)]
    pub costs_need_notice: bool,
    /// Only by a registered collector.
    #[serde(default)]
    pub costs_need_registration: bool,
    /// The rate of interest for late payment, a table of `[interest.NAME]`.
    pub interest: String,
}

fn euros<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Cents, D::Error> {
    let text = String::deserialize(reader)?;
    Cents::parse(&text).map_err(serde::de::Error::custom)
}

const fn first_payment_percent() -> u8 {
    50
}

const fn instalments_max() -> u8 {
    6
}

const fn promise_days_max() -> u16 {
    30
}

impl Profile {
    /// Whether nobody is approached on a day.
    #[must_use]
    pub fn is_free(&self, day: NaiveDate) -> bool {
        self.holidays.holiday(day).is_some() || self.equated_days.contains(&day)
    }

    /// A day on which money can be promised: banks work, and it is not free.
    #[must_use]
    pub fn is_payment_day(&self, day: NaiveDate) -> bool {
        self.holidays.is_working_day(day) && !self.equated_days.contains(&day)
    }

    /// The name in a language, else in any.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        self.title.get(language).or_else(|| self.title.values().next()).map_or(self.id.as_str(), String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: toml::Table,
    zones: BTreeMap<String, Tz>,
    interest: BTreeMap<String, Rates>,
}

/// All profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    profiles: Vec<Profile>,
    /// Never asked for: that everybody finds one is checked when they are read.
    strictest: Profile,
    zones: BTreeMap<String, Tz>,
    rates: BTreeMap<String, Rates>,
}

impl Policies {
    /// Reads a file of policies.
    ///
    /// # Errors
    /// When a profile cannot be, or a debtor would have none.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|error| PolicyError::Toml(error.to_string()))?;
        let mut profiles = Vec::new();
        for (id, value) in file.profile {
            let mut profile: Profile =
                value.try_into().map_err(|error: toml::de::Error| PolicyError::Toml(format!("[profile.{id}]: {}", error.message())))?;
            profile.id = id;
            check(&profile, &file.interest)?;
            profiles.push(profile);
        }
        // Whoever names countries is asked before whoever takes all.
        profiles.sort_by_key(|profile| (profile.countries.is_empty(), profile.desks.is_empty()));
        let lacking = |audience, desk| PolicyError::NoneFits { audience, desk };
        for (audience, desk) in Audience::ALL.iter().flat_map(|audience| Desk::ALL.iter().map(move |desk| (*audience, *desk))) {
            find(&profiles, "", audience, desk).ok_or_else(|| lacking(audience, desk))?;
        }
        let strictest = find(&profiles, "", Audience::Consumer, Desk::Agency).cloned();
        let strictest = strictest.ok_or_else(|| lacking(Audience::Consumer, Desk::Agency))?;
        Ok(Self { profiles, strictest, zones: file.zones, rates: file.interest })
    }

    /// The profile for a debtor, by the two letters of the country.
    #[must_use]
    pub fn profile(&self, country: &str, audience: Audience, desk: Desk) -> &Profile {
        find(&self.profiles, country, audience, desk).unwrap_or(&self.strictest)
    }

    /// The zone of a country, if it has but one.
    #[must_use]
    pub fn zone(&self, country: &str) -> Option<Tz> {
        self.zones.get(country).copied()
    }

    /// The interest of a profile.
    #[must_use]
    pub fn rates(&self, profile: &Profile) -> Option<&Rates> {
        self.rates.get(&profile.interest)
    }

    /// Every profile, in the order in which they are asked.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }
}

fn find<'a>(profiles: &'a [Profile], country: &str, audience: Audience, desk: Desk) -> Option<&'a Profile> {
    let fits = |profile: &&Profile| {
        profile.audience == audience
            && (profile.countries.is_empty() || profile.countries.iter().any(|known| known == country))
            && (profile.desks.is_empty() || profile.desks.contains(&desk))
    };
    profiles.iter().find(fits)
}

fn check(profile: &Profile, interest: &BTreeMap<String, Rates>) -> Result<(), PolicyError> {
    let wrong = |problem| Err(PolicyError::Profile { profile: profile.id.clone(), problem });
    if profile.hours.windows.is_empty() {
        return wrong("hours.windows is empty: nobody could ever be called");
    }
    if profile.caps.iter().any(|cap| cap.count == 0 || cap.days == 0) || profile.cooldown.is_some_and(|cooldown| cooldown.days == 0) {
        return wrong("a cap or cooldown of 0: leave it out to have none");
    }
    if !(1..=100).contains(&profile.first_payment_percent) {
        return wrong("first_payment_percent is between 1 and 100");
    }
    if !interest.contains_key(&profile.interest) {
        return wrong("interest names no table [interest.NAME]");
    }
    Ok(())
}
