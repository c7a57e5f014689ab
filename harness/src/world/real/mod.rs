//! The real world: a sandbox of namespaces with an init of its own.
