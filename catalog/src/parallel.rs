//! The same work on many tables, on as many threads as the machine has: a crawl of ten thousand tables ends with seconds of
//! such work while the server has nothing left to do.

use std::num::NonZero;
use std::thread;

/// Threads at the most.
const MOST: usize = 8;
/// Fewer items for each thread than that are not worth one.
const WORTH: usize = 256;

fn threads(items: usize) -> usize {
    let machine = thread::available_parallelism().map_or(1, NonZero::get);
    machine.min(MOST).min(items / WORTH).max(1)
}

/// Works on every item.
pub fn each<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let share = items.len().div_ceil(threads(items.len())).max(1);
    if share >= items.len() {
        return items.iter_mut().for_each(work);
    }
    let work = &work;
    thread::scope(|scope| {
        for part in items.chunks_mut(share) {
            scope.spawn(move || part.iter_mut().for_each(work));
        }
    });
}

/// What the work makes of every item, in their order.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut places: Vec<(&T, Option<R>)> = items.iter().map(|item| (item, None)).collect();
    each(&mut places, |(item, made)| *made = Some(work(item)));
    places.into_iter().filter_map(|(_, made)| made).collect()
}
