//! The fail point `failCommand`, as MongoDB has it under its test commands: commands on a collection that take long, or
//! fail. Each collection has a fail point of its own here, so that tests beside each other do not meet.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bson::{RawBsonRef, RawDocument};

use crate::commands::Command;
use crate::failure::Failure;
use crate::postgres;
use crate::wire::Request;

/// Fail points at the most.
const MOST: usize = 1000;

/// What happens to commands on a collection.
#[derive(Debug, Clone)]
struct Point {
    namespace: String,
    commands: Vec<String>,
    code: Option<i32>,
    block: Option<Duration>,
    /// How often still; `None` for always.
    times: Option<i32>,
}

/// All fail points that are on.
#[derive(Default)]
pub(crate) struct Points(Mutex<Vec<Point>>);

impl Points {
    /// `configureFailPoint`.
    pub(crate) fn configure(&self, request: &Request) -> Result<(), Failure> {
        let bad = |what: &str| Failure::bad_value(format!("configureFailPoint: {what}"));
        if request.command.get_str("configureFailPoint").ok() != Some("failCommand") {
            return Err(bad("there is failCommand alone"));
        }
        let data = request.command.get_document("data").map_err(|_| bad("no data"))?;
        let namespace = data.get_str("namespace").map_err(|_| bad("it needs a namespace here"))?.to_owned();
        let times = match request.command.get("mode").ok().flatten() {
            Some(RawBsonRef::String("alwaysOn")) => None,
            Some(RawBsonRef::String("off")) => Some(0),
            Some(RawBsonRef::Document(mode)) => {
                Some(mode.get_i32("times").map_err(|_| bad("a mode that is not there"))?)
            }
            _ => return Err(bad("a mode that is not there")),
        };
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        points.retain(|point| point.namespace != namespace);
        if times != Some(0) && points.len() < MOST {
            points.push(Point {
                namespace,
                commands: names(data),
                code: data.get_i32("errorCode").ok(),
                block: block(data),
                times,
            });
        }
        Ok(())
    }

    fn take(&self, namespace: &str, command: &str) -> Option<Point> {
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |point: &&mut Point| {
            point.namespace == namespace
                && point.times != Some(0)
                && point.commands.iter().any(|name| name == command)
        };
        let found = points.iter_mut().find(is_meant)?;
        found.times = found.times.map(|times| times - 1);
        Some(found.clone())
    }
}

fn names(data: &RawDocument) -> Vec<String> {
    let list = data.get_array("failCommands").into_iter().flatten().filter_map(Result::ok);
    list.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn block(data: &RawDocument) -> Option<Duration> {
    let milliseconds = data.get_i32("blockTimeMS").ok().and_then(|n| u64::try_from(n).ok());
    let blocks = data.get_bool("blockConnection").unwrap_or(false);
    milliseconds.map(Duration::from_millis).filter(|_| blocks)
}

/// Lets a command meet its fail point, if there is one. One that blocks works in the engine meanwhile, and can be ended.
pub(crate) async fn meet(command: &Command<'_>) -> Result<(), Failure> {
    let Ok(target) = command.target() else { return Ok(()) };
    let (database, name) = (&command.running.database, &command.running.command);
    let Some(point) = command.gateway.points.take(&format!("{database}.{target}"), name) else {
        return Ok(());
    };
    if let Some(block) = point.block {
        let client = command.connection().await?;
        postgres::plain(&client, &format!("SELECT pg_sleep({})", block.as_secs_f64())).await?;
    }
    match point.code {
        Some(code) => {
            Err(Failure { code, message: "Failing command via 'failCommand' failpoint".to_owned() })
        }
        None => Ok(()),
    }
}
