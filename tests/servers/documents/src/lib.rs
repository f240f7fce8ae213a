//! A gateway for the tests: speaks MongoDB's wire protocol and hands commands to the DocumentDB extension.
