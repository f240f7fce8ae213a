//! A server that speaks TDS for the tests of the SQL Server connector. It is not SQL Server.
