#!/usr/bin/env bash
# What only a machine with an NVIDIA GPU can show, in under ten minutes: the CUDA tests, the speed
# of the reference model, and as much of the reference run as time allows.
#
#   bench/gpu.sh [OUT]      writes OUT/gpu.md and the run's logs (default docs/results)
#
# PYTHON names the interpreter (python3), CORPUS a built corpus or recipe (configs/corpora/stdlib.toml:
# it needs nothing but Python), SECONDS_TO_TRAIN how long to train at most (300).
set -u
cd "$(dirname "$0")/.."
OUT=${1:-docs/results}
PYTHON=${PYTHON:-python3}
CORPUS=${CORPUS:-configs/corpora/stdlib.toml}
SECONDS_TO_TRAIN=${SECONDS_TO_TRAIN:-300}
mkdir -p "$OUT"
REPORT=$OUT/gpu.md
LOGS=$(mktemp -d)

"$PYTHON" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || {
  echo "bench/gpu.sh: PyTorch sees no CUDA device here" >&2
  exit 1
}

section() { printf '\n## %s\n\n```\n' "$1" >> "$REPORT"; }
close() { printf '```\n' >> "$REPORT"; }

{
  printf '# On a GPU\n\nWritten by `bench/gpu.sh` on %s, revision %s.\n' \
    "$(date -u +%F)" "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
} > "$REPORT"

section "The machine"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv >> "$REPORT" 2>&1
"$PYTHON" -c 'import sys, torch; print("Python", sys.version.split()[0], "torch", torch.__version__, "CUDA", torch.version.cuda)' >> "$REPORT" 2>&1
close

section "CUDA tests: pytest -m gpu"
timeout 120 "$PYTHON" -m pytest -q -m gpu -p no:cacheprovider tests/trainer 2>&1 | tail -n 15 >> "$REPORT"
close

section "The reference run, v1_token_bigdata, for at most $SECONDS_TO_TRAIN s on $CORPUS"
timeout --signal=TERM --kill-after=60 "$SECONDS_TO_TRAIN" \
  "$PYTHON" -m trainer configs/v1_token_bigdata.toml --logs "$LOGS" --set "data.corpus=$CORPUS" \
  > "$LOGS/said.txt" 2>&1
echo "exit code $? (143: stopped by the time limit, saved)" >> "$REPORT"
grep -E '^(start|Error)' "$LOGS/said.txt" >> "$REPORT"
awk '/^step/ && (n++ < 5 || n % 20 == 0)' "$LOGS/said.txt" >> "$REPORT"
grep '^step' "$LOGS/said.txt" | tail -n 1 >> "$REPORT"
tail -n 1 "$LOGS/said.txt" >> "$REPORT"
close

section "What the GPU did meanwhile: every twelfth sample of the run's system log"
awk 'NR % 12 == 1' "$LOGS"/train_*/*_system.jsonl >> "$REPORT" 2>&1
close

cp "$LOGS"/train_*/*_log.jsonl "$LOGS"/train_*/*_summary.json "$OUT"/ 2>/dev/null
rm -rf "$LOGS"
cat "$REPORT"
