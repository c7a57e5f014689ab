//! Expectations: facts and a matcher in, a verdict with its evidence out.
