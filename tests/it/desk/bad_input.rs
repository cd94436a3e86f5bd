//! Configs, lists and disks that are not as they should be: a clear error, and nothing lost.

use std::process::Command;

use super::service::{DEBTORS, Home, PROGRAM, invoices, said};

/// A Belbrug that is not started.
fn home() -> Home {
    Home::new(1, "secret")
}

#[test]
fn a_broken_config_names_the_setting_and_says_what_to_do() {
    for (text, says) in [
        ("[web]\nlisten = \"0.0.0.0:80\"", "[web] listen: 0.0.0.0:80 is reachable from other machines without HTTPS"),
        ("[pbx]\nport = \"many\"", "port"),
        ("[pbxx]\n", "unknown field `pbxx`"),
        ("[pbx]\nhost = \"x\"", "[pbx] secret: is empty"),
        ("[pbx]\nsecret_file = \"none\"", "[pbx] secret_file"),
        ("[pbx]\nsecret = \"x\"\n[store]\nurl = \"mysql://x\"", "[store] url"),
        ("nonsense", "line 1"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("belbrug.toml");
        std::fs::write(&file, text).expect("the file");
        let done = Command::new(PROGRAM).arg("--config").arg(&file).arg("serve").output().expect("the program");
        let said = said(&done);
        assert!(!done.status.success() && said.contains(says) && !said.contains("panicked"), "{text:?} says {said}");
    }
    let done = Command::new(PROGRAM).args(["--config", "/nonexistent.toml", "serve"]).output().expect("the program");
    assert!(said(&done).contains("Copy config/belbrug.example.toml"), "{}", said(&done));
}

#[test]
fn bad_rows_are_told_with_line_and_reason_and_good_ones_are_kept() {
    let home = home();
    home.write("debtors.csv", "Debiteurnr;Naam;Telefoon\r\nE1;Goed BV;+44 7700 900301\r\n;Zonder nummer;\r\nE3;Ook goed;geen nummer\r\n");
    home.write(
        "invoices.csv",
        "Debiteurnr;Factuurnummer;Factuurdatum;Vervaldatum;Bedrag\r\nE1;F1;01-10-2026;31-10-2026;12,50\r\nE1;F2;31-02-2026;31-10-2026;12,50\r\n\
         E1;F3;01-10-2026;31-10-2026;twaalf\r\nE9;F4;01-10-2026;31-10-2026;12,50\r\n",
    );
    let done = home.run(&["import", &home.text_path("debtors.csv"), &home.text_path("invoices.csv")]);
    let said = said(&done);
    assert!(!done.status.success(), "{said}");
    for line in ["debtors: 2 new", "line 3", "invoices: 1 new", "line 4", "invoices line 5: no debtor has this debtor number", "not taken"] {
        assert!(said.contains(line), "{line:?} is not in {said}");
    }
    assert!(!said.contains("Zonder nummer") && !said.contains("Goed BV"), "a name is in {said}");
}

#[test]
fn the_same_list_again_changes_nothing_and_a_complete_one_settles_what_it_lacks() {
    let home = home();
    let import = |more: &[&str]| {
        let (debtors, invoices) = (home.text_path("debtors.csv"), home.text_path("invoices.csv"));
        let mut arguments = vec!["import", &debtors, &invoices];
        arguments.extend(more);
        said(&home.run(&arguments))
    };
    let again = import(&[]);
    assert!(again.contains("debtors: 0 new, 0 changed, 4 as they were") && again.contains("invoices: 0 new, 0 changed, 5 as they were"), "{again}");
    let fewer: String = invoices().lines().filter(|line| !line.contains("2026-0002")).fold(String::new(), |all, line| all + line + "\r\n");
    home.write("invoices.csv", &fewer);
    assert!(!import(&[]).contains("settled"), "an incomplete list settles nothing");
    assert!(import(&["--complete"]).contains("1 invoices that the list lacks are settled"));
    assert!(import(&["--complete"]).contains("0 invoices that the list lacks are settled"));
    home.write("debtors.csv", &DEBTORS.replace("Garage Kuipers", "Garage Kuipers & Zn"));
    assert!(import(&[]).contains("debtors: 0 new, 1 changed, 3 as they were"));
}

#[test]
fn a_windows_1252_export_is_read_as_it_is() {
    let home = home();
    let text = b"Debiteurnr;Naam;Plaats\r\nW1;Caf\xe9 \x80uro;Li\xe8ge\r\n";
    std::fs::write(home.path("debtors.csv"), text).expect("the file");
    home.write("invoices.csv", "Debiteurnr;Factuurnummer;Factuurdatum;Vervaldatum;Bedrag\r\nW1;W-1;1-10-2026;31-10-2026;1.000,00\r\n");
    let done = home.run(&["import", &home.text_path("debtors.csv"), &home.text_path("invoices.csv")]);
    assert!(done.status.success(), "{}", said(&done));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (name, city, open): (String, String, i64) = runtime.block_on(async {
        let pool = home.pool().await;
        let sql = "SELECT debtors.name, city, open_cents FROM debtors JOIN cases ON debtor_id = debtors.id JOIN invoices ON case_id = cases.id WHERE reference = 'W1'";
        sqlx::query_as(sql).fetch_one(&pool).await.expect("the debtor")
    });
    assert_eq!((name.as_str(), city.as_str(), open), ("Café €uro", "Liège", 100_000));
}

#[test]
fn a_list_that_is_none_says_which_column_is_missing_and_which_setting_helps() {
    let home = home();
    home.write("debtors.csv", "Code;Firma\r\n1;X\r\n");
    let said = said(&home.run(&["import", &home.text_path("debtors.csv"), &home.text_path("invoices.csv")]));
    assert!(said.contains("the column reference is missing") && said.contains("[import.debtors]"), "{said}");
}

#[test]
fn passwords_and_users_on_the_command_line() {
    let home = home();
    let short = home.run_with_input(&["user", "add", "kort"], "short");
    assert!(!short.status.success() && said(&short).contains("at least 12 characters"), "{}", said(&short));
    let twice = home.run_with_input(&["user", "add", "anna"], "a long enough password");
    assert!(!twice.status.success() && said(&twice).contains("login is in use already"), "{}", said(&twice));
    let taken = home.run_with_input(&["user", "add", "fred", "--extension", "101"], "a long enough password");
    assert!(!taken.status.success() && said(&taken).contains("extension is in use already"), "{}", said(&taken));
    let nobody = home.run_with_input(&["user", "password", "nobody"], "a long enough password");
    assert!(said(&nobody).contains("there is no such user"), "{}", said(&nobody));
}

#[test]
fn a_database_of_a_newer_belbrug_is_refused() {
    let home = home();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let pool = home.pool().await;
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', 1, x'00', 0)";
        sqlx::query(newer).execute(&pool).await.expect("a newer migration");
        pool.close().await;
    });
    let said = said(&home.run(&["user", "list"]));
    assert!(said.contains("newer Belbrug"), "{said}");
}
