#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows the enrich recipe on generated data in ./demo: a plain join of all columns, its plan,
# and the ten widest spreads.
set -euo pipefail
cd "$(dirname "$0")/.."
windrow="$PWD/build/release/windrow"
mkdir -p demo
cd demo

# step TITLE COMMAND...: runs it and prints its wall time.
step() {
  local title=$1 start=${EPOCHREALTIME/./}
  shift
  echo
  echo "== $title"
  echo "   windrow ${*:2}"
  "$@"
  local micros=$((${EPOCHREALTIME/./} - start))
  printf '   %d.%03d s\n' $((micros / 1000000)) $((micros / 1000 % 1000))
}

[[ -f quotes.arrow ]] ||
  step "1,000,000 quotes" "$windrow" generate quotes --rows 1000000 --seed 42 -o quotes.arrow
[[ -f securities.arrow ]] ||
  step "120,000 securities" \
    "$windrow" generate securities --rows 120000 --seed 7 -o securities.arrow

inputs=(--quotes quotes.arrow --securities securities.arrow)
step "What the quotes hold" "$windrow" inspect quotes.arrow
step "Every quote with the 95 columns of its security" \
  "$windrow" enrich "${inputs[@]}" --columns all -o enriched.arrow
step "What came out" "$windrow" inspect enriched.arrow
"$windrow" enrich "${inputs[@]}" --columns all -o enriched.arrow --print-job >enrich.yaml
step "How it was planned" "$windrow" explain enrich.yaml
step "The ten widest spreads" \
  "$windrow" enrich "${inputs[@]}" --columns ID,NAME --spread \
  --sort-by spread:desc --limit 10 -o widest.arrow
step "Which are" "$windrow" inspect widest.arrow --samples 10
echo
echo "Files are in demo/: enriched.arrow, widest.arrow, and enrich.yaml to edit and run."
