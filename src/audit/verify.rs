//! Whether the trail is what was written: every line is hashed again, in the order of the chain.

use serde::Serialize;

use crate::error::Result;
use crate::model::Id;
use crate::store::audit_chain::{self, Head};
use crate::store::{Db, Tx};

/// Faults that are named; more are counted.
const MAX_FAULTS: usize = 100;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// What the line says, or its place, is not what was sealed.
    Changed {
        /// Its place.
        seq: i64,
        /// Its key.
        audit_id: Id,
    },
    /// The place is there, its line is not.
    Removed {
        /// Its place.
        seq: i64,
        /// Its key.
        audit_id: Id,
    },
    /// Places are missing.
    Gap {
        /// The first.
        from: i64,
        /// The last.
        to: i64,
    },
    /// A line has no place and waits for none.
    Inserted {
        /// Its key.
        audit_id: Id,
    },
    /// The chain ends before a place that it had.
    Cut {
        /// The last place that is there.
        seq: i64,
        /// The place that it had.
        had: i64,
    },
    /// At a place that was written down, another seal stands: the chain was made anew.
    Rewritten {
        /// The place.
        seq: i64,
    },
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Lines that were hashed.
    pub lines: u64,
    /// Lines that wait for their place.
    pub waiting: i64,
    /// The last place.
    pub head: Head,
    /// What is not as it was written; the first hundred.
    pub faults: Vec<Fault>,
    /// All of them.
    pub count: u64,
}

impl Report {
    fn fault(&mut self, fault: Fault) {
        self.count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }
}

/// Verifies the whole chain, as it is at this moment, and that it goes through heads that were written down.
///
/// # Errors
/// When the store fails.
pub async fn verify(db: &Db, known: &[Head]) -> Result<Report> {
    let view = db.snapshot().await?;
    let waiting = audit_chain::waiting(&view).await?;
    let mut report = Report { lines: 0, waiting, head: Head::start(), faults: Vec::new(), count: 0 };
    while walk(&view, known, &mut report).await? {}
    let seq = report.head.seq;
    for had in known.iter().filter(|head| head.seq > seq) {
        report.fault(Fault::Cut { seq, had: had.seq });
    }
    for audit_id in audit_chain::strangers(&view, 100).await? {
        report.fault(Fault::Inserted { audit_id });
    }
    view.rollback().await?;
    Ok(report)
}

/// Goes through the next batch; false at the end. Behind a fault it goes on from the seal that is stored, so that each
/// fault is told once.
async fn walk(view: &Tx, known: &[Head], report: &mut Report) -> Result<bool> {
    let links = audit_chain::links(view, report.head.seq).await?;
    for link in &links {
        let (seq, audit_id) = (link.head.seq, link.audit_id);
        let whole = seq == report.head.seq + 1;
        if !whole {
            report.fault(Fault::Gap { from: report.head.seq + 1, to: seq - 1 });
        }
        match &link.line {
            None => report.fault(Fault::Removed { seq, audit_id }),
            // behind a gap nobody knows what stood before
            Some(line) if whole && report.head.then(line) != link.head => {
                report.fault(Fault::Changed { seq, audit_id });
            }
            Some(_) => {}
        }
        if known.iter().any(|head| head.seq == seq && *head != link.head) {
            report.fault(Fault::Rewritten { seq });
        }
        report.lines += 1;
        report.head = link.head.clone();
    }
    Ok(!links.is_empty())
}
