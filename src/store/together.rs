//! A row that gets an id, and what goes with it, in as few ways to the database and back as it allows: a way costs a wake-up
//! on both sides, which is more than most statements take. PostgreSQL needs one, SQLite two.

use super::pool::Tx;

/// The statements, each with its arguments. The new row's id is `SELECT id FROM entry`. PostgreSQL runs all of them on one
/// snapshot: none sees what another does, and no two may change the same row.
#[derive(Debug)]
pub(super) struct Together {
    first: Statement,
    others: Vec<Statement>,
}

#[derive(Debug)]
struct Statement {
    sql: String,
    arguments: Vec<Argument>,
}

/// An argument of either database.
#[derive(Debug)]
pub(super) enum Argument {
    Number(Option<i64>),
    Text(Option<String>),
}

/// The text is put together from what stands in the program; what people typed is in the arguments.
macro_rules! query {
    ($sql:expr, $arguments:expr) => {{
        let mut query = sqlx::query_as::<_, (i64,)>(sqlx::AssertSqlSafe($sql));
        for argument in $arguments {
            query = match argument {
                Argument::Number(number) => query.bind(number),
                Argument::Text(text) => query.bind(text),
            };
        }
        query
    }};
}

impl Together {
    /// Begins with `INSERT ... RETURNING id`. When that inserts nothing, nothing else is done either.
    pub(super) fn insert<const N: usize>(sql: &'static str, arguments: [Argument; N]) -> Self {
        Self { first: Statement { sql: sql.to_owned(), arguments: arguments.into() }, others: Vec::new() }
    }

    /// One more row: `INSERT ... SELECT id, $1, ... FROM entry`.
    pub(super) fn and_insert<const N: usize>(&mut self, sql: &'static str, arguments: [Argument; N]) {
        self.others.push(Statement { sql: sql.to_owned(), arguments: arguments.into() });
    }

    /// An UPDATE or DELETE that ends with its WHERE.
    pub(super) fn and_change<const N: usize>(&mut self, sql: &'static str, arguments: [Argument; N]) {
        self.others.push(Statement { sql: format!("{sql} AND EXISTS (SELECT 1 FROM entry)"), arguments: arguments.into() });
    }

    /// The new row's id; `None` when there was nothing to insert.
    pub(super) async fn run(self, tx: &mut Tx) -> Result<Option<i64>, sqlx::Error> {
        let Self { first, others } = self;
        match tx {
            Tx::Sqlite(connection) => {
                let Some((id,)) = query!(first.sql, first.arguments).fetch_optional(&mut **connection).await? else { return Ok(None) };
                let (sql, arguments) = row(others, vec![Argument::Number(Some(id))], |sql| format!("WITH entry (id) AS (SELECT $1) {sql}"));
                query!(sql.join(";\n"), arguments).fetch_all(&mut **connection).await?;
                Ok(Some(id))
            }
            Tx::Postgres(connection) => {
                let insert = format!("WITH entry AS ({})", first.sql);
                let mut at = 0;
                let (mut sql, arguments) = row(others, first.arguments, |sql| {
                    at += 1;
                    format!("also{at} AS ({sql})")
                });
                sql.insert(0, insert);
                let id = query!(format!("{} SELECT id FROM entry", sql.join(",\n")), arguments).fetch_optional(&mut **connection).await?;
                Ok(id.map(|(id,)| id))
            }
        }
    }
}

/// The statements with their arguments in one row, after those that are there.
fn row(statements: Vec<Statement>, mut arguments: Vec<Argument>, mut frame: impl FnMut(&str) -> String) -> (Vec<String>, Vec<Argument>) {
    let mut texts = Vec::new();
    for statement in statements {
        texts.push(frame(&moved(&statement.sql, arguments.len())));
        arguments.extend(statement.arguments);
    }
    (texts, arguments)
}

/// `$1` becomes `$1` and so many.
fn moved(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (digits, rest) = part.split_at(end);
        out.push_str(&format!("${}{rest}", digits.parse::<usize>().unwrap_or_default() + by));
    }
    out
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

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<&str>> for Argument {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_many_statements_stand_in_one_row() {
        let statement = |sql: &str, n: i64| Statement { sql: sql.to_owned(), arguments: (0..n).map(Argument::from).collect() };
        let (sql, arguments) = row(vec![statement("a $1, $2", 2), statement("b $10 $1)", 10)], vec![0.into()], str::to_owned);
        assert_eq!(sql, ["a $2, $3", "b $13 $4)"]);
        assert_eq!(arguments.len(), 13);
    }
}
