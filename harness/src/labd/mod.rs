//! `labd`: a small server on the daemonizer, and the embedded default target.
