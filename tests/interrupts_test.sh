#!/usr/bin/env bash
# Whenever `psm up` or `psm demo` is told to end (Ctrl-C does the same with SIGINT), nothing is left behind: no process, and no full disk.
# What an earlier mesh left that was killed does not keep the next one from starting.
# Usage: interrupts_test.sh BUILD SCRATCH
set -euo pipefail
cli=$1/bin/psm-cli scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch"
run=$scratch/run
pid=''
finish() {
  if [ -n "$pid" ] && kill -TERM $pid 2>/dev/null; then wait $pid || true; fi
  "$cli" --run "$run" down >/dev/null 2>&1 || true
}
trap finish EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat "$scratch/output" >&2
  exit 1
}
# The processes of this run folder that still run.
left() { pgrep -f -- "--run $run( |\$)" || true; }

# end_at TEXT VERB...: starts the verb, and ends it once it has printed TEXT.
end_at() {
  local text=$1 code=0
  shift
  : >"$scratch/output"
  "$cli" --run "$run" "$@" --port 0 --residents 40 >"$scratch/output" 2>&1 </dev/null &
  pid=$!
  grep -q -m 1 -- "$text" < <(tail -n +1 -f --pid=$pid "$scratch/output") || fail "psm $* never said: $text"
  kill -TERM $pid 2>/dev/null || fail "psm $* ended before it could be told to"
  wait $pid || code=$?
  pid=''
  [ $code = 1 ] || fail "psm $*, ended at '$text': exit code $code"
  grep -q 'psm: interrupted' "$scratch/output" || fail "psm $* does not say that it was interrupted"
  [ -z "$(left)" ] || fail "psm $*, ended at '$text', left: $(left)"
  [ ! -e "$run/records/quota" ] || fail "psm $*, ended at '$text', left the record store full"
}

end_at 'certificate authority' up
end_at 'residents' up
end_at 'accounts/accounts' up
end_at 'mesh/pki' up # the gateway is the last
end_at 'Without the mesh' demo
end_at 'disk is full' demo
end_at 'Without the mesh' demo --once

# All of it was safe: the next one starts, and once more after kill -9 of everything.
"$cli" --run "$run" up --port 0 --env "$scratch/env" >"$scratch/output" 2>&1 || fail "up after the interrupts"
grep -qx "PSM_GATEWAY=$(cat "$run/endpoints/mesh/gateway")" "$scratch/env" || fail "up --env wrote another gateway"
for name in PSM_CA PSM_CERT PSM_KEY; do
  [ -r "$(sed -n "s/^$name=//p" "$scratch/env")" ] || fail "up --env: $name is no file"
done
for file in "$run"/pids/*/*; do kill -9 "$(cut -d' ' -f1 "$file")"; done
"$cli" --run "$run" status >"$scratch/output" 2>&1 && fail "status finds nothing wrong after kill -9"
"$cli" --run "$run" up --port 0 >"$scratch/output" 2>&1 || fail "up in a stale run folder"
"$cli" --run "$run" call --as akatsuki/benefits --affair benefit-tax-exempt --person hanako --provider yunagi/tax \
  psm.tax.v1.TaxService/GetTaxStatus >"$scratch/output" 2>&1 || fail "no answer in a stale run folder"
"$cli" --run "$run" down >"$scratch/output" || fail "down"
[ -z "$(left)" ] || fail "down left: $(left)"
echo "passed"
