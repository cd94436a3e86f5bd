//! What is killed when: all of it follows from the seed.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Where the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

/// What is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    /// SIGKILL of Belbrug.
    Service,
    /// SIGKILL of Asterisk.
    Pbx,
    /// SIGKILL of every process of PostgreSQL.
    Database,
    /// The manager connection is cut, and refused for a while.
    Link,
    /// The manager connection stands still, and is cut then.
    Stall,
}

/// What goes on just then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The phone rings.
    Ringing,
    /// The agent talks, and types.
    Talk,
    /// The call is over, and its outcome is being saved.
    Saving,
    /// Something else was cut off just before, and is not yet back, or only just.
    Reconnecting,
}

/// How the call comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Inbound,
    Dialled,
}

/// One kill.
#[derive(Debug, Clone)]
pub(super) struct Kill {
    pub(super) number: usize,
    pub(super) stage: Stage,
    pub(super) victim: Victim,
    pub(super) way: Way,
    /// From the beginning of the stage to the kill.
    pub(super) after: Duration,
    /// How long the victim stays away.
    pub(super) away: Duration,
    /// What is cut off, too, and how long after the first: while that is away, or just after it is back.
    pub(super) second: Option<(Victim, Duration)>,
    /// The people go on meanwhile, be it just before the kill or while the victim is away; else they wait until it is back.
    pub(super) people_go_on: bool,
    seed: u64,
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, seed, stage, victim, way, after, away, second, people_go_on } = self;
        write!(f, "kill {number} of seed {seed}: {victim:?} at {stage:?} + {after:?} for {away:?}, {way:?}")?;
        if let Some((second, later)) = second {
            write!(f, ", then {second:?} {later:?} later")?;
        }
        write!(f, "{}", if *people_go_on { ", people go on" } else { "" })
    }
}

const STAGES: [Stage; 4] = [Stage::Ringing, Stage::Talk, Stage::Saving, Stage::Reconnecting];

/// Kills without end: in every run through all stages and victims each pair comes once, in an order of the seed's.
pub(super) fn plan(database: Database, seed: u64) -> impl Iterator<Item = Kill> {
    let mut random = StdRng::seed_from_u64(seed);
    let victims: &[Victim] = match database {
        Database::Sqlite => &[Victim::Service, Victim::Pbx, Victim::Link, Victim::Stall],
        Database::Postgres => &[Victim::Service, Victim::Pbx, Victim::Link, Victim::Database],
    };
    let mut left: Vec<(Stage, Victim)> = Vec::new();
    (0..).map(move |number| {
        if left.is_empty() {
            left = STAGES.iter().flat_map(|stage| victims.iter().map(|victim| (*stage, *victim))).collect();
            left.shuffle(&mut random);
        }
        let (stage, victim) = left.pop().expect("it was filled");
        let mut millis = |most: u64| Duration::from_micros(random.random_range(0..most * 1000));
        let after = match stage {
            Stage::Saving => millis(30),
            Stage::Ringing | Stage::Talk | Stage::Reconnecting => millis(900),
        };
        let (away, soon, later) = (millis(1500), millis(150), millis(2500));
        let later = if random.random() { soon } else { later };
        let second = victims[random.random_range(0..victims.len())];
        Kill {
            number,
            seed,
            stage,
            victim,
            way: if random.random() { Way::Inbound } else { Way::Dialled },
            after,
            away,
            second: (stage == Stage::Reconnecting).then_some((second, later)),
            people_go_on: random.random(),
        }
    })
}

#[test]
fn the_same_seed_gives_the_same_kills() {
    let texts = |seed| plan(Database::Postgres, seed).take(50).map(|kill| kill.to_string()).collect::<Vec<_>>();
    assert_eq!(texts(7), texts(7));
    assert_ne!(texts(7)[0].split(':').nth(1), texts(8)[0].split(':').nth(1));
}
