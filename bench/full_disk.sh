#!/usr/bin/env bash
# What a full disk does to a run: bench/full_disk.sh [OUT]
# A run writes to a tmpfs of 48 MB in a namespace of its own, which is filled up and emptied again.
# Needs Linux with user namespaces. Prints the transcript, or writes docs/results/full_disk.md.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-/dev/stdout}
work=$(mktemp -d)
trap "rm -rf \"$work\"" EXIT
python=$PWD/.venv/bin/python
stdlib=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
mkdir "$work/sources" "$work/disk"
cp "$stdlib"/{ast,argparse,string,textwrap}.py "$work/sources"
cat >"$work/small.toml" <<TOML
experiment = "small"
data = { corpus = "sources", seq_len = 16, batch_size = 2 }
model = { layers = 1, width = 8, heads = 2, mlp = 8 }
schedule = { steps = 400, warmup = 4 }
log = { every = 20 }
eval = { every = 100, windows = 4 }
checkpoint = { every = 100, keep = 2 }
device = { device = "cpu", threads = 1 }
TOML
export TOKMON_CACHE=$work/cache python work

transcript() {
    unshare --user --map-root-user --mount bash -s <<'INSIDE' 2>&1
set -euo pipefail
mount -t tmpfs -o size=48m none "$work/disk"
cd "$work"
say() { printf '$ %s\n' "$1"; eval "$1" || printf '(exit code %s)\n' "$?"; }
until_event() { until grep -q "\"$1\"" disk/train_small/small_events.jsonl 2>/dev/null; do sleep 0.02; done; }
train() { exec "$python" -m trainer small.toml --logs disk; }
show() { "$python" - "$@" <<'SHOW'
import json, sys
from pathlib import Path
from tokmon.rundir.layout import RunDir
from trainer.checkpoint import newest_good
run = RunDir.of_experiment(Path("disk"), "small")
lines = [json.loads(line)["step"] for line in run.log.read_bytes().splitlines()]
good, passed_over = newest_good(run)
rest = [path.name for path in run.path.iterdir() if path.name.endswith(".tmp")]
print(f"log: {len(lines)} whole lines, steps {lines[0]} to {lines[-1]}; newest good checkpoint: {good.path.name}; "
      f"passed over: {passed_over}; half-written files: {rest}")
SHOW
}
echo '# The disk fills up, and there is room again 5 s later: the run waits'
echo "\$ python -m trainer small.toml --logs disk &"
train & pid=$!
until_event best
say "head -c 100m /dev/zero > disk/filler 2>/dev/null; df -h disk | tail -1"
sleep 5
say "rm disk/filler"
wait $pid && echo "(exit code 0)"
show
rm -rf disk/*
echo
echo '# The disk fills up, and somebody presses Ctrl-C: one line, and everything before it is whole'
echo "\$ python -m trainer small.toml --logs disk &"
train & pid=$!
until_event checkpoint
say "head -c 100m /dev/zero > disk/filler 2>/dev/null; df -h disk | tail -1"
sleep 3
echo '^C'; kill -INT $pid; code=0; wait $pid || code=$?; echo "(exit code $code)"
rm disk/filler
show
echo "\$ python -m trainer small.toml --logs disk"
(train)
show
INSIDE
}

{
    echo '# A full disk'
    echo
    echo '`bench/full_disk.sh docs/results/full_disk.md`'
    echo
    echo '```console'
    transcript | sed "s|$work/||g" | grep -v '^step' || true
    echo '```'
} >"$work/out.md"
cat "$work/out.md" >"$out"
