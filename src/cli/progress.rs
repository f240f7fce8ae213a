//! Progress bars on standard error; silent when that is no terminal.

use connector_api::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar for work whose steps are counted.
pub fn bar(what: &str) -> ProgressBar {
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{msg:<28} {bar:24} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// Shows a crawl's step.
pub fn step(bar: &ProgressBar, step: &Progress) {
    bar.set_length(step.of.into());
    bar.set_position(step.done.into());
    bar.set_message(format!("reading {}", step.step));
}
