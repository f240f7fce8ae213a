//! `querent schedule` and `querent jobs` on the real binary, beside a daemon that does the work.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::cli::Desk;

/// Longest wait for something that takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key in what `schedule run` printed.
fn key(out: &str) -> String {
    let rest = out.split_once("asked for job ").unwrap().1;
    rest.split(';').next().unwrap().to_owned()
}

#[test]
fn a_schedule_is_set_run_by_a_daemon_and_looked_at() {
    let desk = Desk::new();
    desk.registered();
    desk.run(&["schedule", "set", "library", "soon"]).fails_with(1, "J020");
    desk.run(&["schedule", "set", "library", "0 4 * * *", "--time-zone", "Mars"]).fails_with(1, "J021");
    desk.run(&["schedule", "show", "library"]).fails_with(1, "S010");
    let set =
        desk.run(&["schedule", "set", "library", "30 4 * * MON-FRI", "--time-zone", "Europe/Oslo"]).ends(0);
    assert_eq!(set.out.matches("T04:30:00+0").count(), 5, "{set:?}");
    let listed = desk.run(&["schedule", "list"]).ends(0);
    assert!(listed.out.contains("library") && listed.out.contains("next 2"), "{listed:?}");
    let paused = desk.run(&["schedule", "pause", "library"]).ends(0);
    assert!(paused.out.contains("paused by owner"), "{paused:?}");
    desk.run(&["schedule", "resume", "library"]).ends(0);

    // nobody works yet: the job waits, and another is refused
    let waiting = key(&desk.run(&["schedule", "run", "library"]).ends(0).out);
    desk.run(&["schedule", "run", "library"]).fails_with(1, "J010");
    desk.run(&["jobs", "cancel", &waiting]).ends(0);
    desk.run(&["jobs", "cancel", &waiting]).fails_with(1, "J002");
    let job = key(&desk.run(&["schedule", "run", "library"]).ends(0).out);

    let mut daemon = desk
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("http://")));
    let start = Instant::now();
    let shown = loop {
        let shown = desk.run(&["jobs", "show", &job]).ends(0);
        if shown.out.contains("succeeded") || start.elapsed() > PATIENCE {
            break shown;
        }
    };
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(shown.out.contains("attempt 1 by ") && shown.out.contains("\"tables\":3"), "{shown:?}");
    assert!(shown.out.contains("unchanged, still schema version 1.0"), "{shown:?}");
    let listed = desk.run(&["jobs", "list", "--on", "library", "--state", "cancelled"]).ends(0);
    assert!(listed.out.contains(&waiting) && !listed.out.contains(&job), "{listed:?}");
    desk.run(&["schedule", "remove", "library"]).ends(0);
    desk.run(&["jobs", "show", &job]).ends(0);
}
