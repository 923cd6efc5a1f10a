#!/usr/bin/env bash
# What only a machine with an NVIDIA GPU can show, in one call under ten minutes and without any
# network: what nvidia-smi and NVML answer, the CUDA tests, training speed against the machine's own
# limits and beside other trainers, and as much of the 50,000-step reference run as time allows.
#
#   bench/gpu.sh [OUT]      writes OUT/gpu-NAME.json, OUT/gpu-NAME.md and what they were made of in
#                           OUT/gpu-NAME/ (default docs/results; NAME as nvidia-smi calls the GPU)
#
# It takes a packed corpus (`tokmon data pack`) that lies in the checkout, in shared/ or beside it, else
# it builds one of this Python's own standard library. Python packages that are missing are taken from
# wheels/, if there is such a folder. Whatever fails is recorded, and the rest goes on.
#
#   STEPS="wheels machine experiment" RUNS=logs bench/gpu.sh
#
# makes the three runs of bench/experiment at full size instead, and goes on with them each
# time it is called until they are done.
#
#   PYTHON     interpreter with PyTorch (python3)      BUDGET_S   seconds for everything (570)
#   CORPUS     what the run trains on                  NANOGPT    a checkout of karpathy/nanoGPT
#   REVISION   of the source, where there is no git    STEPS      which of the steps below (all)
#   PACKS      folder of packed corpora called as their recipes, for the step `experiment` (shared)
#   RUNS       where that step keeps its runs; the next call goes on with them
#   DEVICE     cuda; cpu tries the script out, in a minute, on sizes that mean nothing and without
#              the other trainers
set -u
started=$SECONDS
absolute() { case $1 in "" | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
OUT=$(absolute "${1:-}") CORPUS=$(absolute "${CORPUS:-}") NANOGPT=$(absolute "${NANOGPT:-}")
cd "$(dirname "$0")/.." || exit 1
PYTHON=${PYTHON:-python3} DEVICE=${DEVICE:-cuda}
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
if [ "$DEVICE" = cpu ]; then
  STEPS=${STEPS:-wheels machine corpus tests bench run}
  OUT=${OUT:-${TMPDIR:-/tmp}/tokmon-gpu} BUDGET_S=${BUDGET_S:-60} ask_after_s=3 save_s=10 run_s=10
  small=(--set model.width=32 --set model.mlp=64 --set model.layers=1 --set data.batch_size=2
    --set data.seq_len=32 --set schedule.warmup=5 --set schedule.steps=20 --set log.every=10
    --set eval.every=20 --set eval.windows=8 --set sample.every=0)
  bench_args=(--seconds 1) trainer_args=(--contestants tokmon --rounds 1 --warmup 1 --steps 1 --batch-size 1)
else
  STEPS=${STEPS:-wheels machine corpus tests bench trainer run}
  OUT=${OUT:-docs/results} BUDGET_S=${BUDGET_S:-570} ask_after_s=40 save_s=45 run_s=150
  small=() bench_args=() trainer_args=(--rounds 2)
fi
[ -n "$NANOGPT" ] && trainer_args+=(--nanogpt "$NANOGPT")
export PYTHONPATH="$PWD:$WORK/site${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
export PIP_ROOT_USER_ACTION=ignore

step() { # NAME LIMIT_S COMMAND...
  case " $STEPS " in *" $1 "*) ;; *) return 1 ;; esac
  local left=$((BUDGET_S - (SECONDS - started) - keep_s))
  "$PYTHON" -m bench.gpu.step "${more[@]}" "$WORK" "$1" $((left < $2 ? left : $2)) "${@:3}"
}
more=() keep_s=$((save_s + run_s)) # for the run, and for its saving when it is told to stop

[ -d wheels ] && step wheels 90 "$PYTHON" -m bench.gpu.wheels wheels "$WORK/site"
step machine 60 "$PYTHON" -m bench.gpu.machine "$WORK" idle
step corpus 180 "$PYTHON" -m bench.gpu.corpus "$CORPUS"
mapfile -t tests < <(grep -rl --include='test_*.py' 'mark\.gpu' tests)
step tests 150 "$PYTHON" -m pytest -c bench/gpu/pytest.ini --rootdir=. -ra -m gpu \
  "--junitxml=$WORK/tests.xml" "${tests[@]}"
step bench 90 "$PYTHON" -m tokmon bench --json --device "$DEVICE" "${small[@]}" "${bench_args[@]}"
[ -f bench/training_speed.py ] && step trainer 150 "$PYTHON" bench/training_speed.py --device "$DEVICE" \
  --out "$WORK/trainer.md" "${trainer_args[@]}"

# The rest of the time belongs to the run: a signal at its end makes it save and stop.
corpus=$("$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["folder"])' \
  "$WORK/corpus.out" 2>/dev/null) || corpus=${CORPUS:-configs/corpora/stdlib.toml}
"$PYTHON" -m bench.gpu.machine "$WORK" training "$ask_after_s" > /dev/null 2>&1 &
asking=$!
more=(--may-run-out) keep_s=$save_s
step run "$BUDGET_S" "$PYTHON" -m trainer configs/v1_token_bigdata.toml \
  --logs "$WORK/logs" --set "data.corpus=$corpus" --set "device.device=$DEVICE" "${small[@]}"
kill "$asking" 2>/dev/null

more=(--may-run-out) keep_s=$save_s
step experiment "$BUDGET_S" "$PYTHON" -m bench.experiment.runs --scale full \
  --logs "${RUNS:-$WORK/runs}" --packs "${PACKS:-shared}" --out "$OUT/experiment_full" \
  --set "device.device=$DEVICE" "${small[@]}"

REVISION=${REVISION:-$(git rev-parse --short HEAD 2>/dev/null)} \
  "$PYTHON" -m bench.gpu.report "$WORK" "$OUT" "DEVICE=$DEVICE bench/gpu.sh"
