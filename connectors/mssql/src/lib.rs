//! The connector for SQL Server: its driver, its sessions, its types.
