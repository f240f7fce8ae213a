//! `querent impact`: statements that a schema version broke or changed, and the repairs that people accept.

use super::args::ImpactCommand;
use super::knowledge::refused;
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::queries::knowledge::Kept;
use crate::queries::repair;
use crate::store;

/// Who works on the command line.
const BY: &str = "owner";

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: ImpactCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        ImpactCommand::List { on, json } => {
            let connection = app.sources.record(&on).await?;
            for impact in store::impacts::open(&app.db, connection.id).await? {
                if json {
                    let line = serde_json::to_string(&impact)
                        .map_err(|e| Error::new("K099", Class::Internal, e.to_string()))?;
                    say!("{line}");
                    continue;
                }
                let kind = impact.subject_type.as_str().replace('_', " ");
                say!("{} {} {kind}: {}", impact.id, impact.state, impact.subject_name);
                if let Some(repair) = &impact.repair {
                    say!("  repair: {repair}");
                }
            }
        }
        ImpactCommand::Repair { ids } => {
            for id in ids {
                match repair::accept(&app.db, &app.sources, id, BY).await? {
                    Kept::Done(impact) => say!("repaired {:?}", impact.subject_name),
                    Kept::Refused(findings) => {
                        let impact = store::impacts::get(&app.db, id).await?;
                        return Err(refused(&impact.repair.unwrap_or_default(), &findings));
                    }
                }
            }
        }
    }
    Ok(0)
}
