//! Scenario files: parse, expand, validate. Data only.
