//! Pages of lists: an opaque cursor over (time, key), and a bound on how much one page holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::Id;
use crate::error::{Class, Error};

/// Items in a page when nothing is said.
pub const DEFAULT_LIMIT: u32 = 50;
/// Items in a page at the most.
pub const MAX_LIMIT: u32 = 200;

/// A place in a list that is ordered by time and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the last item seen.
    pub at: Timestamp,
    /// Its key.
    pub id: Id,
}

impl Cursor {
    /// Before everything, in a list with the newest first.
    pub fn newest() -> Cursor {
        Cursor { at: Timestamp::from_second(MAX_SECOND).unwrap_or(Timestamp::MAX), id: Id::max() }
    }

    /// Before everything, in a list with the oldest first.
    pub fn oldest() -> Cursor {
        Cursor { at: Timestamp::UNIX_EPOCH, id: Id::nil() }
    }

    /// The opaque text handed to clients.
    pub fn encode(&self) -> String {
        let mut bytes = [0_u8; 24];
        let (time, key) = bytes.split_at_mut(8);
        time.copy_from_slice(&self.at.as_microsecond().to_be_bytes());
        key.copy_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::encode`] wrote.
    ///
    /// # Errors
    /// When the text was not made by this daemon.
    pub fn decode(text: &str) -> Result<Cursor, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad_cursor())?;
        let bytes: [u8; 24] = bytes.try_into().map_err(|_| bad_cursor())?;
        let (time, key) = bytes.split_at(8);
        let micros = i64::from_be_bytes(time.try_into().map_err(|_| bad_cursor())?);
        let at = Timestamp::from_microsecond(micros).map_err(|_| bad_cursor())?;
        let id = Id::from_slice(key).map_err(|_| bad_cursor())?;
        Ok(Cursor { at, id })
    }
}

/// Well inside of what every store can hold (the year 9000).
const MAX_SECOND: i64 = 221_845_392_000;

fn bad_cursor() -> Error {
    Error::new("Q001", Class::BadInput, "the page cursor cannot be read").hint(
        "Pass the cursor exactly as the last page gave it, or leave it out to start from the beginning.",
    )
}

/// Which page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    /// Where the last page ended.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// The first page, of the usual size.
    pub fn first() -> PageRequest {
        PageRequest { limit: DEFAULT_LIMIT, after: None }
    }

    /// Reads the limit and the cursor as a client sends them; the limit is brought into its bounds.
    ///
    /// # Errors
    /// When the cursor cannot be read.
    pub fn read(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Error> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let after = cursor.map(Cursor::decode).transpose()?;
        Ok(PageRequest { limit, after })
    }

    /// The same place with another limit, brought into its bounds.
    pub fn with_limit(mut self, limit: u32) -> PageRequest {
        self.limit = limit.clamp(1, MAX_LIMIT);
        self
    }

    /// Items wanted.
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` items: the one too many only tells that there is more.
    pub fn from_overfetch(mut items: Vec<T>, limit: u32, place: impl Fn(&T) -> Cursor) -> Page<T> {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(|item| place(item).encode()) } else { None };
        Page { items, next }
    }

    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{clock, new_id};

    #[test]
    fn a_cursor_survives_the_trip_to_a_client() {
        let cursor = Cursor { at: clock::now(), id: new_id() };
        assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
    }

    #[test]
    fn nonsense_is_refused_with_a_hint() {
        for text in ["", "abc", "!!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let error = Cursor::decode(text).unwrap_err();
            assert_eq!(error.code, "Q001", "{text}");
            assert!(error.hint.is_some());
        }
    }

    #[test]
    fn limits_are_brought_into_bounds() {
        assert_eq!(PageRequest::read(Some(0), None).unwrap().limit(), 1);
        assert_eq!(PageRequest::read(Some(1_000_000), None).unwrap().limit(), MAX_LIMIT);
        assert_eq!(PageRequest::read(None, None).unwrap().limit(), DEFAULT_LIMIT);
    }
}
