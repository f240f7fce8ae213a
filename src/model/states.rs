//! The states that records pass through, with the words under which they are stored and shown.

/// An enum whose variants are stored and shown as words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The stored word.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Reads the stored word.
            pub fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),+]))
                    .into()
            }
        }

        // by hand: the derived one does not see words that come out of a macro
        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How far a crawl or an execution is.
    RunStatus {
        /// Waits for its turn.
        Queued = "queued",
        /// Works.
        Running = "running",
        /// Ended well.
        Succeeded = "succeeded",
        /// Ended with an error.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// The daemon that ran it died.
        Interrupted = "interrupted",
    }
}

impl RunStatus {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, RunStatus::Queued | RunStatus::Running)
    }
}

words! {
    /// Who speaks in a chat.
    Role {
        /// The person.
        User = "user",
        /// The daemon.
        Assistant = "assistant",
    }
}

words! {
    /// How far a chat message is.
    MessageStatus {
        /// Being answered.
        Pending = "pending",
        /// Its statement waits for approval.
        Waiting = "waiting",
        /// All there.
        Complete = "complete",
        /// Ended with an error.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// The daemon that wrote it died.
        Interrupted = "interrupted",
    }
}

words! {
    /// The review state of a stored query.
    QueryState {
        /// Nobody has looked at it.
        Draft = "draft",
        /// Waits for a reviewer.
        Proposed = "proposed",
        /// A reviewer approved it.
        Approved = "approved",
        /// A reviewer refused it.
        Rejected = "rejected",
        /// Put away.
        Archived = "archived",
        /// A schema change broke it.
        Broken = "broken",
    }
}

words! {
    /// Why a result holds less than the database would give.
    Truncation {
        /// The cap on rows.
        Rows = "rows",
        /// The cap on bytes.
        Bytes = "bytes",
        /// The cap on time.
        Time = "time",
    }
}

words! {
    /// How a call to a model ended.
    CallStatus {
        /// With an answer.
        Succeeded = "succeeded",
        /// With an error.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
    }
}

words! {
    /// How far a job is.
    JobState {
        /// Waits for its moment and for a daemon.
        Queued = "queued",
        /// A daemon works on it.
        Running = "running",
        /// Ended well.
        Succeeded = "succeeded",
        /// Ended with an error, and is not tried again.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
    }
}

words! {
    /// How one attempt at a job ended.
    JobOutcome {
        /// Well.
        Succeeded = "succeeded",
        /// With an error.
        Failed = "failed",
        /// A person stopped it.
        Cancelled = "cancelled",
        /// Its daemon died, or could not renew its lease: another took the job over.
        Lost = "lost",
        /// Its daemon gave it back unfinished.
        Returned = "returned",
    }
}

words! {
    /// What a job does.
    JobKind {
        /// Reads a connection's catalog into a schema version.
        Crawl = "crawl",
        /// Checks what people rely on against a new schema version.
        Impact = "impact",
        /// Runs a statement that was approved, for the answer that waits for it.
        Answer = "answer",
        /// Brings sealed texts under the newest master key.
        Reseal = "reseal",
    }
}

words! {
    /// How urgent a notification is.
    Level {
        /// Good to know.
        Info = "info",
        /// Somebody should look at it.
        Warning = "warning",
        /// Something does not work.
        Error = "error",
    }
}

words! {
    /// What is checked again at every new schema version.
    SubjectType {
        /// A stored query.
        Query = "query",
        /// A glossary term.
        GlossaryTerm = "glossary_term",
        /// An evaluation case.
        EvaluationCase = "evaluation_case",
    }
}

words! {
    /// What a new schema version did to a statement.
    ImpactState {
        /// The guard refuses it now.
        Broken = "broken",
        /// It runs, but what it reads is something else than before.
        Changed = "changed",
        /// It is as it was, or holds again.
        Ok = "ok",
        /// It was written anew and holds.
        Repaired = "repaired",
    }
}

words! {
    /// What a connection is meant for.
    #[derive(Default)]
    AccessMode {
        /// Reading alone.
        #[default]
        ReadOnly = "read-only",
        /// Writing, too, once writes can be approved; until then nothing runs on it but crawls.
        ReadWrite = "read-write",
    }
}

impl AccessMode {
    /// Whether it is for reading alone.
    pub fn is_read_only(&self) -> bool {
        matches!(self, AccessMode::ReadOnly)
    }
}

words! {
    /// Whether an answer's statement runs at once.
    #[derive(Default)]
    ReviewMode {
        /// At once.
        #[default]
        Run = "run",
        /// Only where confidence and expected cost are within the connection's limits; otherwise it waits for approval.
        Guarded = "guarded",
        /// It always waits for approval.
        Review = "review",
    }
}

words! {
    /// What people think of a reference that nobody declared.
    RelationshipState {
        /// Nobody has looked at it.
        Proposed = "proposed",
        /// It holds: questions join by it.
        Approved = "approved",
        /// It does not hold; it is not proposed again.
        Rejected = "rejected",
    }
}

words! {
    /// What a quota counts.
    Measure {
        /// Rows that executions read.
        Rows = "rows",
        /// Seconds that executions took.
        Seconds = "seconds",
        /// Tokens sent to models and received from them.
        Tokens = "tokens",
        /// What calls to models cost, in millionths of a dollar.
        Cost = "cost",
    }
}

words! {
    /// How long a quota lasts, in UTC.
    Period {
        /// From midnight to midnight.
        Day = "day",
        /// From the first of a month to the next.
        Month = "month",
    }
}
