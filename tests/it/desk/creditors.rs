//! The number that is dialled decides the creditor, and the debtor sees the creditor's number.

use super::browser::Browser;
use super::service::Home;
use crate::lab::{Debtor, Pbx, Phone, until};

const CONFIG: &str = "[creditors.\"Groothandel De Linde BV\"]\nnumbers = [\"+442079460101\"]\ncaller_id = \"+442079460101\"\n\
    [creditors.\"Bolt Techniek BV\"]\nnumbers = [\"+442079460102\"]\ncaller_id = \"+442079460102\"\n";

/// The debtor of the first list has a case at a second creditor, too.
async fn office(name: &str) -> (Pbx, Phone, Home, Browser) {
    let pbx = Pbx::up_ringing(name, std::time::Duration::from_secs(20)).await;
    let phone = Phone::register(&pbx, "101").await;
    let mut home = Home::new(pbx.ami_port, &pbx.ami_secret);
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    home.write("belbrug.toml", &format!("{config}{CONFIG}"));
    let day = |late: i64| (chrono::Utc::now().date_naive() - chrono::TimeDelta::days(late)).format("%d-%m-%Y").to_string();
    home.write("debtors2.csv", "Debiteurnr;Naam;Telefoon;Crediteur\r\nB1;Bakkerij De Korenaar;+44 7700 900123;Bolt Techniek BV\r\n");
    home.write(
        "invoices2.csv",
        &format!(
            "Debiteurnr;Factuurnummer;Factuurdatum;Vervaldatum;Bedrag;Openstaand;Crediteur\r\nB1;B-77;{};{};310,00;310,00;Bolt Techniek BV\r\n",
            day(60),
            day(30)
        ),
    );
    let done = home.run(&["import", &home.text_path("debtors2.csv"), &home.text_path("invoices2.csv")]);
    assert!(done.status.success(), "{}", super::service::said(&done));
    home.start().await;
    home.logs("signed in at the PBX").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    browser.find("[data-link=connected]").await;
    (pbx, phone, home, browser)
}

#[tokio::test]
async fn the_dialled_number_opens_the_case_of_its_creditor() {
    let (pbx, phone, _home, browser) = office("dialled-creditor").await;
    let _debtor = Debtor::calls(&pbx, "442079460102", "+447700900123", "M. Vos", None).await;
    phone.wait_ringing().await;
    browser.says("#file", "310,00").await;
    browser.says("#file", "voor Bolt Techniek BV").await;
    browser.says("[data-creditor]", "gebeld op: Bolt Techniek BV").await;
    browser.says("[data-match=dialled]", "Gekozen op het nummer dat is gebeld").await;
    browser.gone("[data-chooser]").await;
    browser.picture("90-dialled-creditor").await;
    browser.size(390, 844).await;
    browser.picture("91-dialled-creditor-narrow").await;
}

#[tokio::test]
async fn the_debtor_sees_the_number_of_the_creditor() {
    let (pbx, phone, _home, browser) = office("shown-creditor").await;
    let debtor = Phone::outside_to_be_called(&pbx, "+447700900123", "Bakkerij").await;
    browser.type_into("#search", "B-77").await;
    browser.click("#search-results button.item").await;
    browser.says("#file", "voor Bolt Techniek BV").await;
    browser.click("#file button.dial").await;
    phone.wait_ringing().await;
    phone.answer().await;
    debtor.wait_ringing().await;
    let shown = until(|| debtor.log().contains("442079460102").then_some(())).await;
    assert!(shown.is_some(), "{}", debtor.log());
    debtor.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    phone.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
}
