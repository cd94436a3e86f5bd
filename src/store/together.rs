//! Statements that do not look at what each other does, in one way to the database and back: a way costs a wake-up on both
//! sides, which is more than most statements take.

use std::fmt::Write as _;

use super::pool::Tx;

/// The statements, with their arguments in a row. No two of them may change the same row: PostgreSQL runs them on one snapshot.
#[derive(Debug, Default)]
pub(super) struct Together {
    statements: Vec<String>,
    arguments: Vec<Argument>,
}

/// An argument of either database.
#[derive(Debug)]
pub(super) enum Argument {
    Number(Option<i64>),
    Text(String),
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Argument {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The text is put together from what stands in the program; what people typed is in the arguments.
macro_rules! run {
    ($connection:expr, $sql:expr, $arguments:expr) => {{
        let mut query = sqlx::query(sqlx::AssertSqlSafe($sql));
        for argument in $arguments {
            query = match argument {
                Argument::Number(number) => query.bind(number),
                Argument::Text(text) => query.bind(text),
            };
        }
        query.execute(&mut **$connection).await.map(drop)
    }};
}

impl Together {
    /// One more statement; `$1`, `$2` ... are its arguments, nine at most.
    pub(super) fn add<const N: usize>(&mut self, sql: &'static str, arguments: [Argument; N]) {
        let before = self.arguments.len();
        let mut parts = sql.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (digit, rest) = part.split_at(1);
            let number = digit.parse::<usize>().unwrap_or_default();
            let _ = write!(text, "${}{rest}", before + number);
        }
        self.statements.push(text);
        self.arguments.extend(arguments);
    }

    pub(super) async fn run(self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let Self { statements, arguments } = self;
        match tx {
            Tx::Sqlite(connection) => run!(connection, statements.join(";\n"), arguments),
            // Statements in a WITH are all run, whether anybody asks for what they give or not.
            Tx::Postgres(connection) => {
                let named: Vec<String> = statements.iter().enumerate().map(|(n, statement)| format!("s{n} AS ({statement})")).collect();
                run!(connection, format!("WITH {}\nSELECT 1", named.join(",\n")), arguments)
            }
        }
    }
}
