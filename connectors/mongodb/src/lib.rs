//! The connector for MongoDB: its driver, its sessions, the schema that is inferred from documents.
