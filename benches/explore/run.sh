#!/bin/sh
# Prints the table: medians of interleaved rounds, on one core.
# usage: benches/explore/run.sh [ROUNDS]
set -e
cd "$(dirname "$0")"
cargo build --release --quiet
exec taskset -c 0 target/release/explore-bench "$@"
