//! The queue in front of the databases: so many at work on a connection and for a user, and who has fewest goes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::error::{Class, Error, Result};
use crate::model::Id;

/// Bounds of a queue; 0 in `per_user` and `waiting_per_user`: no bound of its own.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// At work at the same time.
    pub running: usize,
    /// At work for one user.
    pub per_user: usize,
    /// Waiting.
    pub waiting: usize,
    /// Waiting for one user, so that others still find a place.
    pub waiting_per_user: usize,
}

/// Who waits for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The workspace and the name of whoever asked.
    pub user: (Id, String),
    /// The connection.
    pub connection: Id,
    /// At work on the connection at the same time; 0: any number.
    pub per_connection: usize,
}

/// A queue. Clones share it.
#[derive(Clone)]
pub struct Queue {
    bounds: Bounds,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    next: u64,
    waiting: Vec<Waiting>,
    running: usize,
    by_user: HashMap<(Id, String), usize>,
    by_connection: HashMap<Id, usize>,
}

struct Waiting {
    number: u64,
    asker: Asker,
    turn: oneshot::Sender<Slot>,
}

/// A place in the queue, taken when the work is accepted. Dropped, it is free for others.
pub struct Place {
    queue: Queue,
    number: u64,
    asker: Asker,
    turn: Option<oneshot::Receiver<Slot>>,
}

/// The right to be at work. Dropped, the next one gets it.
pub struct Slot {
    queue: Queue,
    /// `None` once it is given back.
    asker: Option<Asker>,
}

impl Queue {
    /// An empty one.
    pub fn new(bounds: Bounds) -> Queue {
        Queue { bounds, state: Arc::default() }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `E001` when too many wait, `E007` when the asker alone has too many waiting.
    pub fn enter(&self, asker: Asker) -> Result<Place> {
        let mut state = self.lock();
        // whoever can begin at once does not wait
        let free = state.fits(&asker, &self.bounds);
        if !free && state.waiting.len() >= self.bounds.waiting {
            return Err(Error::new("E001", Class::Busy, "too many statements are waiting to run")
                .hint("Try again in a moment, or raise limits.executions or limits.waiting."));
        }
        let own = state.waiting.iter().filter(|w| w.asker.user == asker.user).count();
        if !free && self.bounds.waiting_per_user > 0 && own >= self.bounds.waiting_per_user {
            return Err(Error::new("E007", Class::Busy, "too many statements of yours are waiting to run")
                .hint("Wait for their ends, cancel some, or raise limits.waiting_per_user."));
        }
        let number = state.next;
        state.next += 1;
        let turn = state.push(number, asker.clone());
        self.admit(state);
        Ok(Place { queue: self.clone(), number, asker, turn: Some(turn) })
    }

    /// How many are at work and how many wait.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.waiting.len())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in whoever may begin.
    fn admit(&self, mut state: MutexGuard<'_, State>) {
        while let Some(place) = state.next_one(&self.bounds) {
            let Waiting { asker, turn, .. } = state.waiting.swap_remove(place);
            state.count(&asker);
            let slot = Slot { queue: self.clone(), asker: Some(asker) };
            if let Err(mut slot) = turn.send(slot)
                && let Some(asker) = slot.asker.take()
            {
                // nobody waits there any more; given back here, for its drop would lock again
                state.uncount(&asker);
            }
        }
    }
}

impl State {
    fn push(&mut self, number: u64, asker: Asker) -> oneshot::Receiver<Slot> {
        let (turn, told) = oneshot::channel();
        self.waiting.push(Waiting { number, asker, turn });
        told
    }

    fn of_user(&self, asker: &Asker) -> usize {
        self.by_user.get(&asker.user).copied().unwrap_or(0)
    }

    fn fits(&self, asker: &Asker, bounds: &Bounds) -> bool {
        let below = |count: usize, bound: usize| bound == 0 || count < bound;
        let on_connection = self.by_connection.get(&asker.connection).copied().unwrap_or(0);
        self.running < bounds.running
            && below(self.of_user(asker), bounds.per_user)
            && below(on_connection, asker.per_connection)
    }

    /// Of those that may begin: whose user has fewest at work, and of these whoever came first.
    fn next_one(&self, bounds: &Bounds) -> Option<usize> {
        let may = self.waiting.iter().enumerate().filter(|(_, w)| self.fits(&w.asker, bounds));
        may.min_by_key(|(_, w)| (self.of_user(&w.asker), w.number)).map(|(place, _)| place)
    }

    fn count(&mut self, asker: &Asker) {
        self.running += 1;
        *self.by_user.entry(asker.user.clone()).or_default() += 1;
        *self.by_connection.entry(asker.connection).or_default() += 1;
    }

    fn uncount(&mut self, asker: &Asker) {
        self.running = self.running.saturating_sub(1);
        less(&mut self.by_user, &asker.user);
        less(&mut self.by_connection, &asker.connection);
    }
}

/// One less; what is at nothing is not kept.
fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Place {
    /// Waits for the turn.
    ///
    /// # Errors
    /// When the daemon is stopping.
    pub async fn turn(&mut self) -> Result<Slot> {
        let turn = self.turn.take().unwrap_or_else(|| self.again());
        turn.await.map_err(|_| Error::new("E099", Class::Internal, "the daemon is stopping"))
    }

    /// Back into the queue where it stood: after a turn that could not be used.
    fn again(&self) -> oneshot::Receiver<Slot> {
        let mut state = self.queue.lock();
        let turn = state.push(self.number, self.asker.clone());
        self.queue.admit(state);
        turn
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.waiting.retain(|w| w.number != self.number);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(asker) = self.asker.take() else { return };
        let mut state = self.queue.lock();
        state.uncount(&asker);
        self.queue.admit(state);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn queue(running: usize, per_user: usize) -> Queue {
        Queue::new(Bounds { running, per_user, waiting: 8, waiting_per_user: 6 })
    }

    fn asker(user: &str, connection: u128, per_connection: usize) -> Asker {
        let user = (Id::nil(), user.to_owned());
        Asker { user, connection: Id::from_u128(connection), per_connection }
    }

    fn turn(place: &mut Place) -> Option<Slot> {
        let turn = place.turn.as_mut().unwrap().now_or_never()?;
        Some(turn.unwrap())
    }

    #[test]
    fn a_user_with_many_waiting_does_not_keep_another_from_the_next_place() {
        let queue = queue(2, 0);
        let mut first: Vec<Place> = (0..5).map(|_| queue.enter(asker("ann", 1, 0)).unwrap()).collect();
        let running: Vec<Slot> = first.iter_mut().filter_map(turn).collect();
        assert_eq!((running.len(), queue.counts()), (2, (2, 3)));
        let mut other = queue.enter(asker("ben", 1, 0)).unwrap();
        assert!(turn(&mut other).is_none());
        drop(running);
        let slot = turn(&mut other);
        assert!(slot.is_some(), "ben came last and has nothing at work");
        let next = turn(&mut first[2]);
        assert!(next.is_some() && turn(&mut first[3]).is_none());
    }

    #[test]
    fn bounds_of_a_user_and_of_a_connection_hold() {
        let queue = queue(8, 2);
        let mut ann: Vec<Place> = (0..3).map(|_| queue.enter(asker("ann", 1, 0)).unwrap()).collect();
        assert_eq!(ann.iter_mut().filter_map(turn).map(std::mem::forget).count(), 2);
        let mut narrow: Vec<Place> =
            ["ben", "cleo"].iter().map(|user| queue.enter(asker(user, 2, 1)).unwrap()).collect();
        let slot = turn(&mut narrow[0]).unwrap();
        assert!(turn(&mut narrow[1]).is_none(), "the connection takes one at a time");
        drop(slot);
        assert!(turn(&mut narrow[1]).is_some());
    }

    #[test]
    fn a_waiting_list_is_not_one_users_alone() {
        let queue = queue(1, 0);
        let _first = queue.enter(asker("ann", 1, 0)).unwrap();
        let _own: Vec<Place> = (0..6).map(|_| queue.enter(asker("ann", 1, 0)).unwrap()).collect();
        assert_eq!(queue.enter(asker("ann", 1, 0)).err().unwrap().code, "E007");
        let _others: Vec<Place> = (0..2).map(|_| queue.enter(asker("ben", 1, 0)).unwrap()).collect();
        assert_eq!(queue.enter(asker("ben", 1, 0)).err().unwrap().code, "E001");
    }

    #[test]
    fn who_goes_away_leaves_nothing_behind() {
        let queue = queue(1, 0);
        let mut first = queue.enter(asker("ann", 1, 0)).unwrap();
        let slot = turn(&mut first).unwrap();
        let gone = queue.enter(asker("ben", 1, 0)).unwrap();
        drop(gone);
        drop(slot);
        assert_eq!(queue.counts(), (0, 0));
        let unused = queue.enter(asker("ben", 1, 0)).unwrap();
        drop(unused);
        assert_eq!(queue.counts(), (0, 0), "a turn that came and was not taken is given back");
    }
}
