//! What Belbrug cannot see, or the PBX cannot reach, is said.

use std::time::Duration;

use super::browser::Browser;
use super::over_http::{get, signed_in};
use super::service::Home;
use crate::lab::{Pbx, Phone, until_async};

/// The stretches without sight: whether each has a beginning before its end, or no end yet.
async fn gaps(home: &Home) -> Vec<Option<bool>> {
    let pool = home.pool().await;
    let rows: Vec<(i64, Option<i64>)> =
        sqlx::query_as("SELECT from_at, to_at FROM gaps WHERE kind = 'link' ORDER BY from_at").fetch_all(&pool).await.expect("gaps");
    rows.into_iter().map(|(from, to)| to.map(|to| from < to)).collect()
}

async fn has_gaps(home: &Home, wanted: &[Option<bool>]) {
    let found = until_async(async || (gaps(home).await == wanted).then_some(()));
    assert!(found.await.is_some(), "gaps: {:?}", gaps(home).await);
}

#[tokio::test]
async fn while_the_service_did_not_run_nobody_saw_anything_and_the_floor_says_so() {
    let mut pbx = Pbx::up("out-of-sight").await;
    let mut home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    let seen = until_async(async || {
        let pool = home.pool().await;
        sqlx::query_as::<_, (i64,)>("SELECT seen_at FROM sight").fetch_optional(&pool).await.ok()?
    });
    assert!(seen.await.is_some(), "it was never written down that the PBX is in sight");
    assert_eq!(gaps(&home).await, []);
    home.kill();
    home.start().await;
    has_gaps(&home, &[Some(true)]).await;
    let supervisor = signed_in(&home, "carla").await;
    assert!(get(&supervisor, &home, "/floor").await.text().await.expect("a page").contains("data-gaps"));
    // Killed while the PBX is away: one gap, from the beginning to the end of it all.
    pbx.stop().await;
    has_gaps(&home, &[Some(true), None]).await;
    home.kill();
    home.start().await;
    assert!(get(&signed_in(&home, "carla").await, &home, "/floor").await.text().await.expect("a page").contains("data-gaps"));
    pbx.start().await;
    has_gaps(&home, &[Some(true), Some(true)]).await;
}

#[tokio::test]
async fn a_phone_that_the_pbx_cannot_reach_is_said_to_its_agent_and_on_the_floor() {
    let pbx = Pbx::up_ringing("phone-away", Duration::from_secs(20)).await;
    let home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    let (agent, supervisor) = (Browser::open().await, Browser::open().await);
    agent.sign_in(&home.address, "anna").await;
    agent.says("[data-phone=away]", "Uw telefoon is niet aangemeld").await;
    agent.picture("95-phone-away").await;
    agent.size(390, 844).await;
    agent.says("[data-phone=away]", "Uw telefoon is niet aangemeld").await;
    agent.picture("96-phone-away-narrow").await;
    supervisor.sign_in(&home.address, "carla").await;
    supervisor.says("tr[data-agent='101'] [data-phone=away]", "niet aangemeld").await;
    supervisor.picture("97-floor-phone-away").await;
    let phone = Phone::register(&pbx, "101").await;
    agent.gone("[data-phone=away]").await;
    supervisor.gone("tr[data-agent='101'] [data-phone=away]").await;
    // The other phone is still away, and a phone that is switched off is so again.
    supervisor.says("tr[data-agent='102'] [data-phone=away]", "niet aangemeld").await;
    drop(phone);
    agent.says("[data-phone=away]", "Uw telefoon is niet aangemeld").await;
}
