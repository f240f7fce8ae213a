//! A fault of the guard refuses the statement and harms nobody else: a panic ends here, as a finding.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::finding::{Code, Finding};

/// Runs one of the guard's walks. What it works on is its own or read alone, so nothing half-done is seen after it.
pub(crate) fn contained<T>(work: impl FnOnce() -> Result<T, Vec<Finding>>) -> Result<T, Vec<Finding>> {
    // what the panic said may hold parts of the statement, so it is not handed on
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "The statement met a fault of the guard itself and is refused";
        Err(vec![Finding::new(Code::G501, message).hint("Write it in another way, and report the fault.")])
    })
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{measure, parse, policy::Policy, stack};
    use catalog::Engine;

    #[test]
    fn a_panic_is_a_finding() {
        let found = contained::<()>(|| panic!("the text of a statement")).unwrap_err();
        assert_eq!(found[0].code, Code::G501);
        assert!(!found[0].to_string().contains("the text"));
        assert!(found[0].code.is_error());
        assert_eq!(contained(|| Ok(1)), Ok(1));
    }

    #[test]
    fn a_panic_on_a_grown_stack_is_a_finding_too() {
        let size = measure::Size { links: 2_000, brackets: 500 };
        let found = contained::<()>(|| stack::with_room(size, || panic!("deep"))).unwrap_err();
        assert_eq!(found[0].code, Code::G501);
        // and the thread goes on
        assert!(parse::read("SELECT 1", Engine::Postgres, &Policy::default()).is_ok());
    }
}
