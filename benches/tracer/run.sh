#!/bin/sh
# Prints the table: what tracing, injecting and exploring cost beside strace(1);
# medians of interleaved rounds, peers in the same run.
# usage: benches/tracer/run.sh [ROUNDS [inject|start|explore]...]
# Needs strace(1), cc(1), and ordinary users or root who may make namespaces.
set -e
cd "$(dirname "$0")"
command -v strace >/dev/null || { echo "strace is not installed: sudo apt-get install strace" >&2; exit 2; }
cargo build --release --quiet
folder=${CARGO_TARGET_DIR:-target}/release
exec "$folder/bench" "$folder/daemonlab" "$@"
