//! `labd` as it is used: started from outside, asked, stopped, replaced.

mod conf;
mod instance;
mod namespace;
mod start;
mod stop;
mod upgrade;
