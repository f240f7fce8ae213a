//! Errors of the extension as MongoDB's: its codes stand in the SQLSTATE, `M` and four digits to the base of 36.

use bson::{Bson, Document, doc};
use tokio_postgres::Error;

/// What went wrong, as a client is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub code: i32,
    pub message: String,
}

/// SQLSTATE, MongoDB's code. What is not here is told as 8 (UnknownError) with the SQLSTATE in the text.
const CODES: &[(&str, i32)] = &[
    ("M0000", 1),
    ("M0001", 2),
    ("M0002", 5),
    ("M0003", 9),
    ("42704", 11),
    ("M00ER", 13),
    ("42501", 13),
    ("M0004", 14),
    ("M0005", 15),
    ("M0006", 20),
    ("M0008", 26),
    ("M0009", 27),
    ("M000E", 43),
    ("M000F", 48),
    ("M00EX", 50),
    ("M00EY", 59),
    ("M000N", 67),
    ("M000P", 72),
    ("M000Q", 73),
    ("M000R", 85),
    ("M000S", 86),
    ("M00F1", 112),
    ("40001", 112),
    ("40P01", 112),
    ("M000U", 115),
    ("M00CO", 121),
    ("M000W", 146),
    ("M000Y", 165),
    ("M000Z", 166),
    ("M0010", 167),
    ("M0013", 224),
    ("M0014", 232),
    ("M0015", 241),
    ("M001B", 10334),
    ("54000", 10334),
    ("M001C", 11000),
    ("23505", 11000),
    ("23P01", 11000),
    ("53100", 14031),
    ("M001K", 15947),
    ("M001N", 15957),
    ("M001P", 15959),
    ("M001Q", 15972),
    ("M001R", 15976),
    ("M001S", 15981),
    ("M0020", 16410),
    ("M0022", 16433),
    ("M0023", 16554),
    ("M0024", 16610),
    ("M0025", 16611),
    ("M0026", 16612),
    ("M003X", 28689),
    ("M0034", 17124),
    ("M006D", 40066),
    ("M006M", 40081),
    ("M0074", 40156),
    ("M007N", 40228),
    ("M007O", 40234),
    ("M007T", 40323),
    ("M007U", 40324),
    ("M007V", 40352),
    ("M0087", 40414),
    ("M0088", 40415),
    ("M008C", 40516),
    ("M008D", 40517),
    ("M008T", 40600),
    ("M0091", 50694),
    ("M00AH", 4031700),
];

impl Failure {
    /// A command that there is not.
    pub(crate) fn unknown_command(name: &str) -> Failure {
        Failure { code: 59, message: format!("no such command: '{name}'") }
    }

    /// A command that cannot be read.
    pub(crate) fn bad_value(message: impl Into<String>) -> Failure {
        Failure { code: 2, message: message.into() }
    }

    /// A cursor that there is not, or not any more.
    pub(crate) fn no_cursor(id: i64) -> Failure {
        Failure { code: 43, message: format!("cursor id {id} not found") }
    }

    /// Somebody ended the operation.
    pub(crate) fn interrupted() -> Failure {
        Failure { code: 11601, message: "operation was interrupted".to_owned() }
    }

    /// What PostgreSQL said.
    pub(crate) fn from_postgres(error: &Error) -> Failure {
        let Some(told) = error.as_db_error() else {
            return Failure { code: 6, message: format!("the engine cannot be reached: {error}") };
        };
        let state = told.code().code();
        let message = told.message();
        if state == "57014" {
            if message.contains("statement timeout") {
                return Failure { code: 50, message: "operation exceeded time limit".to_owned() };
            }
            return Failure::interrupted();
        }
        match code(state) {
            Some(code) => Failure { code, message: message.to_owned() },
            None => Failure { code: 8, message: format!("{message} (SQLSTATE {state})") },
        }
    }

    /// The answer that tells it.
    pub(crate) fn document(&self) -> Document {
        let name = match self.code {
            1 => "InternalError",
            2 => "BadValue",
            9 => "FailedToParse",
            13 => "Unauthorized",
            14 => "TypeMismatch",
            26 => "NamespaceNotFound",
            43 => "CursorNotFound",
            48 => "NamespaceExists",
            50 => "MaxTimeMSExpired",
            59 => "CommandNotFound",
            115 => "CommandNotSupported",
            121 => "DocumentValidationFailure",
            241 => "ConversionFailure",
            10334 => "BSONObjectTooLarge",
            11000 => "DuplicateKey",
            11601 => "Interrupted",
            8 => "UnknownError",
            _ => "Location",
        };
        doc! { "ok": 0.0, "errmsg": &self.message, "code": self.code, "codeName": name }
    }
}

fn code(state: &str) -> Option<i32> {
    CODES.iter().find(|(known, _)| *known == state).map(|(_, code)| *code)
}

/// The errors of single writes name a SQLSTATE packed into a number, six bits a letter; they get MongoDB's codes.
pub(crate) fn write_errors(answer: &mut Document) {
    let Ok(errors) = answer.get_array_mut("writeErrors") else { return };
    for error in errors {
        let Bson::Document(error) = error else { continue };
        let Ok(packed) = error.get_i32("code") else { continue };
        error.insert("code", code(&unpacked(packed)).unwrap_or(8));
    }
}

fn unpacked(packed: i32) -> String {
    let letter = |place: i32| u8::try_from(((packed >> (6 * place)) & 0x3f) + 48).map_or('?', char::from);
    (0..5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_states_are_unpacked() {
        // what the extension gave for a key that was there already, and for a document that failed its validator
        assert_eq!((unpacked(319_029_277), unpacked(525_074_461)), ("M001C".to_owned(), "M00CO".to_owned()));
        let mut answer = doc! { "writeErrors": [{ "index": 0, "code": 319_029_277_i32 }] };
        write_errors(&mut answer);
        assert_eq!(answer, doc! { "writeErrors": [{ "index": 0, "code": 11000 }] });
    }
}
