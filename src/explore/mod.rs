//! Choices, schedules and the strategies that make them.
