//! A call that goes from one agent to another takes the file, the notes and the draft outcome along.

use super::browser::Browser;
use super::office::{CALLER, Office, ledger, office};
use crate::lab::{Debtor, Phone, until_async};

struct Two {
    office: Office,
    phone: Phone,
    bram: Browser,
    debtor: Debtor,
}

/// Anna talks with the debtor and has notes and half an outcome; Bram sits beside her.
async fn talking(name: &str) -> Two {
    let office = office(name).await;
    let phone = Phone::register(&office.pbx, "102").await;
    let bram = Browser::open().await;
    bram.sign_in(&office.home.address, "bram").await;
    bram.find("[data-link=connected]").await;
    let debtor = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    office.phone.answer().await;
    let anna = &office.browser;
    anna.says("[data-state]", "In gesprek").await;
    anna.type_into("#outcome textarea[name=notes]", "Wil een regeling, Bram weet ervan.").await;
    anna.script("document.querySelector('input[name=code][value=REF]').click()").await;
    anna.says("#conversation", "Opgeslagen").await;
    Two { office, phone, bram, debtor }
}

impl Two {
    /// Bram has the call, with everything, and owes the one outcome.
    async fn bram_has_it(&self) {
        let (anna, bram) = (&self.office.browser, &self.bram);
        bram.says("[data-state]", "In gesprek").await;
        bram.says("#file [data-given]", "Doorverbonden door Anna de Boer").await;
        bram.says("#file", "Bakkerij De Korenaar").await;
        let notes = "return document.querySelector('#outcome textarea[name=notes]')?.value";
        let carried = until_async(|| async { (bram.script(notes).await == "Wil een regeling, Bram weet ervan.").then_some(()) }).await;
        assert!(carried.is_some(), "the notes: {}", bram.script(notes).await);
        assert_eq!(bram.script("return document.querySelector('input[name=code]:checked')?.value").await, "REF");
        anna.says("[data-notice]", "Bram Visser spreekt nu met Bakkerij De Korenaar").await;
        anna.gone("#file [data-name]").await;
    }

    async fn bram_saves(self) {
        let bram = &self.bram;
        self.phone.hang_up().await;
        bram.find(".bar[data-call=ended]").await;
        bram.script("const t = document.querySelector('#outcome fieldset[data-for=REF] [name=reason]'); t.value = 'geen geld'; t.dispatchEvent(new Event('input', {bubbles: true})); const c = document.querySelector('#outcome fieldset[data-for=REF] input[name=consequence_told]'); if (c && !c.checked) c.click()").await;
        super::office::save(bram).await;
        self.office.browser.find(".bar[data-call=none]").await;
        assert_eq!(ledger(&self.office.home).await.len(), 1);
        let pool = self.office.home.pool().await;
        let settled = || async {
            let rows: Vec<(i64,)> = sqlx::query_as("SELECT owes_outcome FROM calls WHERE owes_outcome = 1").fetch_all(&pool).await.ok()?;
            rows.is_empty().then_some(())
        };
        assert!(until_async(settled).await.is_some(), "something is still owed");
        let who: Vec<(String,)> =
            sqlx::query_as("SELECT login FROM ledger JOIN users ON users.id = ledger.agent_id").fetch_all(&pool).await.expect("the ledger");
        assert_eq!(who, [("bram".to_owned(),)]);
        drop(self.debtor);
        self.bram.close().await;
    }
}

#[tokio::test]
async fn a_blind_transfer_carries_the_file_the_notes_and_the_draft() {
    let two = talking("blind").await;
    two.office.phone.transfer("102").await;
    two.phone.wait_ringing().await;
    two.bram.says("[data-given]", "Doorverbonden door Anna de Boer").await;
    two.bram.says("[data-reading]", "Wil een regeling").await;
    two.bram.picture("80-transfer-ringing").await;
    two.office.browser.says("[data-state]", "Doorverbonden met Bram Visser").await;
    two.office.browser.picture("81-transfer-given").await;
    two.phone.answer().await;
    two.bram_has_it().await;
    two.bram.picture("82-transfer-taken").await;
    two.bram_saves().await;
}

#[tokio::test]
async fn an_attended_transfer_carries_it_when_it_is_completed() {
    let two = talking("attended").await;
    two.office.phone.hold().await;
    two.office.phone.dial("102").await;
    two.phone.wait_ringing().await;
    two.phone.answer().await;
    two.office.browser.says("#file", "Bakkerij De Korenaar").await;
    two.office.phone.transfer_to_consulted("102").await;
    two.bram_has_it().await;
    two.bram_saves().await;
}

/// In the queue both phones ring, the giver's own as well; whoever answers has the call.
#[tokio::test]
async fn a_transfer_to_the_queue_goes_to_whoever_answers() {
    let two = talking("to-the-queue").await;
    two.office.phone.transfer("900").await;
    two.phone.wait_ringing().await;
    two.bram.says("[data-given]", "Doorverbonden door Anna de Boer").await;
    two.phone.answer().await;
    two.bram_has_it().await;
    two.bram_saves().await;
}

#[tokio::test]
async fn a_transfer_that_nobody_takes_stays_the_giver_s() {
    let two = talking("in-vain").await;
    two.office.phone.transfer("102").await;
    two.phone.wait_ringing().await;
    two.bram.find("[data-given]").await;
    two.phone.hang_up().await;
    two.bram.gone("#file [data-name]").await;
    let anna = &two.office.browser;
    anna.find("[data-presence=wrap-up]").await;
    anna.says("#file", "Bakkerij De Korenaar").await;
    let notes = anna.script("return document.querySelector('#outcome textarea[name=notes]')?.value").await;
    assert_eq!(notes, "Wil een regeling, Bram weet ervan.");
    two.bram.close().await;
}
