#!/usr/bin/env bash
# The demo as a newcomer meets it: a fresh clone, the README's command, headless. Records how long
# it took, the first and last loss, the status and the monitor during it, the status after it, and
# samples before and after; renders the README's picture on the way.
#
#   bench/demo.sh      writes docs/results/demo.md and docs/screenshot.svg; needs tmux
set -eu
cd "$(dirname "$0")/.."
mkdir -p docs/results
REPORT=$PWD/docs/results/demo.md
PICTURE=$PWD/docs/screenshot.svg
CLONE=$(mktemp -d)
trap 'rm -rf "$CLONE"' EXIT
git clone -q . "$CLONE/tokmon"
cd "$CLONE/tokmon"
export TOKMON_CACHE=$CLONE/cache

block() { printf '\n## %s\n\n```console\n' "$1"; shift; "$@" 2>&1 | grep -v '^WARNING: Location' | sed "s|$CLONE/||g; s/ *$//"; printf '```\n'; }
timed() { local from=$SECONDS; "$@"; echo "($((SECONDS - from)) s)"; }
install() { printf '$ make .venv/.installed-train\n'; timed make -s .venv/.installed-train; }
demo() { printf '$ tokmon demo --headless\n'; timed .venv/bin/tokmon demo --headless; }
status() { printf '$ tokmon status logs/train_demo --json\n'; .venv/bin/tokmon status logs/train_demo --json; }

sample() {
  printf '$ tokmon sample %s --prompt "%s" --max-new-tokens 48 -n 3\n' "$1" 'class DataLoader:'
  .venv/bin/tokmon sample "$1" --prompt 'class DataLoader:' --max-new-tokens 48 -n 3
}

screen() {
  printf '$ tokmon watch logs/train_demo      # in a tmux pane of %sx%s\n' "$1" "$2"
  tmux -L "tokmon-$$" -u new-session -d -x "$1" -y "$2" ".venv/bin/tokmon watch logs/train_demo"
  until tmux -L "tokmon-$$" capture-pane -p | grep -q 'data 0 s old'; do sleep 0.2; done
  tmux -L "tokmon-$$" capture-pane -p
  tmux -L "tokmon-$$" kill-server
}

untrained() {
  .venv/bin/tokmon train configs/demo.toml --set experiment=untrained --set schedule.steps=1 \
    --set schedule.warmup=0 --set log.every=1 --set eval.every=1 --set optim.lr=1e-12 --set optim.min_lr=0
}

evaluations() { grep -c 'val loss' "$CLONE/first.txt" || true; }

{
  printf '# The demo from a fresh clone\n\nWritten by `bench/demo.sh` on %s, revision %s, on %s cores without a GPU.\n' \
    "$(date -u +%F)" "$(git rev-parse --short HEAD)" "$(nproc)"
  block "Installation" install
  timed .venv/bin/tokmon demo --headless > "$CLONE/first.txt" 2>&1 &
  until [ -e "$CLONE/first.txt" ] && [ "$(evaluations)" -ge 4 ]; do sleep 1; done
  block "Status during the first demo" status
  .venv/bin/tokmon watch logs/train_demo --svg "$PICTURE" --size 132x40
  block "The monitor during it" screen 160 45
  block "The same on a small terminal" screen 80 24
  wait
  untrained > /dev/null 2>&1
  block "A sample before training" sample logs/train_untrained
  block "A sample after it" sample logs/train_demo
  block "Status after it" status
  printf '\n## What the first demo printed\n\n```\n'
  sed "s|$CLONE/||g; s/ *$//" "$CLONE/first.txt"
  printf '```\n'
  block "A second demo: the corpus is there already" demo
} > "$REPORT"
cat "$REPORT"
