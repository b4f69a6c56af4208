#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows Windrow on generated data in ./demo: quotes joined with all columns of their
# securities by the enrich recipe, a job document of its own over the result, pings made
# into training records by the probe-rows recipe, and OpenShift usage reports into a daily
# summary by the pod-usage recipe.
set -euo pipefail
cd "$(dirname "$0")/.."
windrow="$PWD/build/release/windrow"
mkdir -p demo
cd demo

readonly quotes=120000 securities=1000000 pings=2000000 pod_hours=100000 shown_lines=14

# step TITLE ARGUMENTS...: runs the command and prints its first lines and its wall time.
step() {
  local title=$1 start=${EPOCHREALTIME/[.,]/}
  shift
  printf '\n== %s\n$ windrow' "$title"
  printf ' %q' "$@"
  echo
  "$windrow" "$@" | awk -v shown="$shown_lines" '
    NR <= shown
    END { if (NR > shown) printf "  ... %d more lines\n", NR - shown }'
  local micros=$((${EPOCHREALTIME/[.,]/} - start))
  printf '[%d.%03d s]\n' $((micros / 1000000)) $((micros / 1000 % 1000))
}

step "Securities: a table of 95 columns" \
  generate securities --rows $securities -o securities.arrow
step "Quotes: a third of them are for one of these securities" \
  generate quotes --rows $quotes --option securities=$securities -o quotes.arrow
step "What the quotes hold" inspect quotes.arrow

step "Every quote with the 95 columns of its security" \
  enrich --quotes quotes.arrow --securities securities.arrow -o enriched.arrow \
  --report enrich-report.json
"$windrow" enrich --quotes quotes.arrow --securities securities.arrow -o enriched.arrow \
  --print-job >enrich.yaml
step "How that was planned (enrich.yaml is the job document the recipe ran)" \
  explain enrich.yaml
step "What came out" inspect enriched.arrow

cat >widest.yaml <<'JOB'
windrow: 1
sources:
  enriched: {scan: enriched.arrow}
steps:
  priced: {filter: "side = 'BID' and price > 0 and spread is not null"}
  narrow: {select: [instrumentId, NAME, price, {spread_bps: "10000 * spread / price"}]}
  widest: {sort: [spread_bps desc, instrumentId], limit: 100}
sinks:
  - {write: widest.parquet}
JOB
printf '\n== A job of your own: widest.yaml\n'
cat widest.yaml
step "The 100 widest spreads" run widest.yaml
step "The first of them" inspect widest.parquet --samples 1

step "Pings: two million, some seven hours of 45,000 probes" \
  generate pings --rows $pings -o pings.parquet
step "One nested record for each probe, split into train and test, in 128 MiB" \
  probe-rows --input pings.parquet --output probes --memory 128MiB \
  --report probes-report.json
step "Every record checked against its rules and its manifest" \
  probe-rows --output probes --verify
step "What the training side reads" inspect probes/test.arrayrecord

rm -rf usage
step "Usage of pods: hourly and daily reports, as koku stores them" \
  generate pod-usage --rows $pod_hours -o usage
step "The rows of the daily summary" \
  pod-usage --input usage --account org1234567 \
  --source 00000000-0000-0000-0000-000000000001 --cluster-id demo --cluster-alias Demo \
  --report-period-id 1 --start 2025-10-01 --end 2025-10-01 \
  --reference usage/reference.json --to summary.parquet --report summary-report.json
step "What came out" inspect summary.parquet --samples 1

printf '\nThe files are in %s:\n' "$PWD"
printf '  %s\n' "quotes.arrow, securities.arrow   inputs" \
  "enrich.yaml, widest.yaml         job documents: edit them and windrow run them" \
  "enriched.arrow, widest.parquet   outputs" \
  "probes/                          train and test records, and their manifest" \
  "usage/, summary.parquet          usage reports, and their daily summary" \
  "enrich-report.json, probes-report.json, summary-report.json   what was done, in numbers"
