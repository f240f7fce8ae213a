//! A reader that cannot run past its end, and a writer with the protocol's own string forms.

/// Reads a message front to back; `None` is the end of the bytes.
pub(crate) struct In<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> In<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        In { data, at: 0 }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(bytes)?;
        let part = self.data.get(self.at..end)?;
        self.at = end;
        Some(part)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn u16_be(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// So many UTF-16 units.
    pub(crate) fn utf16(&mut self, units: usize) -> Option<String> {
        self.take(units.checked_mul(2)?).and_then(utf16)
    }

    /// A string after its length in one byte.
    pub(crate) fn short_text(&mut self) -> Option<String> {
        let units = self.u8()?;
        self.utf16(units.into())
    }

    /// Skips ALL_HEADERS, which opens every request since TDS 7.2.
    pub(crate) fn skip_headers(&mut self) -> Option<()> {
        let total = self.u32()? as usize;
        self.take(total.checked_sub(4)?).map(|_| ())
    }
}

/// UTF-16LE as text; `None` when it is none.
pub(crate) fn utf16(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

/// Bytes being written.
#[derive(Debug, Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

impl Out {
    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// UTF-16 units without a length; at the most so many.
    fn units(&mut self, text: &str, most: usize) {
        text.encode_utf16().take(most).for_each(|unit| self.u16(unit));
    }

    /// A string after its length in one byte; cut to what fits.
    pub(crate) fn short_text(&mut self, text: &str) {
        let units = text.encode_utf16().count().min(255);
        self.u8(units as u8);
        self.units(text, units);
    }

    /// A string after its length in two bytes; cut to what fits.
    pub(crate) fn text(&mut self, text: &str) {
        let units = text.encode_utf16().count().min(0xffff);
        self.u16(units as u16);
        self.units(text, units);
    }

    /// Something that stands after its own length in two bytes.
    pub(crate) fn sized(&mut self, write: impl FnOnce(&mut Out)) {
        let mut inner = Out::default();
        write(&mut inner);
        self.u16(inner.0.len().min(0xffff) as u16);
        self.bytes(&inner.0);
    }
}
