//! Who to call next, in the whole office's order. It is the same for everybody and takes the longer the more cases are
//! open, so it is read once after every change and not once for every page.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use tokio::sync::Mutex;

use crate::desk::worklist::{self, WorkItem};
use crate::store::error::StoreError;
use crate::web::deps::Deps;

/// An order is used no longer: an agreed hour may have come, or another process may have read a list of invoices.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// The order as it was read last.
#[derive(Debug, Default)]
pub struct Order {
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    /// The change of cases that it was read after.
    change: u64,
    today: NaiveDate,
    read: Instant,
    items: Arc<Vec<WorkItem>>,
}

/// The order as it stands now.
pub(super) async fn order(deps: &Deps) -> Result<Arc<Vec<WorkItem>>, StoreError> {
    let mut kept = deps.order.kept.lock().await;
    let (now, today) = deps.now();
    let change = deps.store.case_changes();
    if let Some(kept) = kept.as_ref().filter(|kept| kept.change == change && kept.today == today && kept.read.elapsed() < KEPT_FOR) {
        return Ok(kept.items.clone());
    }
    let read = Instant::now();
    let items = Arc::new(worklist::order(now, today, deps.store.open_cases(today, deps.office.zone).await?));
    *kept = Some(Kept { change, today, read, items: items.clone() });
    Ok(items)
}
