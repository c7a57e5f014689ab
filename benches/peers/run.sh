#!/bin/sh
# Prints the table: medians of interleaved rounds, peers in the same run.
# usage: benches/peers/run.sh [ROUNDS]
# Needs bwrap(1) and unshare(1), and ordinary users or root who may make
# namespaces. Pingora is in the table if `ci/build-peer` has built it.
set -e
cd "$(dirname "$0")"
command -v bwrap >/dev/null || { echo "bwrap is not installed: sudo apt-get install bubblewrap" >&2; exit 2; }
cargo build --release --quiet
exec target/release/bench target/release/daemonlab "$(../../ci/build-peer --print)" "$@"
