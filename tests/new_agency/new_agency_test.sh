#!/usr/bin/env bash
# Does what README.md says: every command in its `sh` blocks, in order, and what the comment behind it claims (tests/support/page.sh).
# Usage: new_agency_test.sh CHECKOUT BUILD SCRATCH [CMAKE_ARGUMENT...]
set -euo pipefail
checkout=$1 build=$2 scratch=$3
shift 3
page=$checkout/tests/new_agency/README.md

# A checkout of links, so that all that is written lands in SCRATCH, whose path stays the same for ccache's sake.
mkdir -p "$scratch"
exec 9>"$scratch/lock"
flock 9
export PSM_BUILD=$build PSM_RUN=$scratch/checkout/.run PSM_SKIP_BUILD=1 NINJA_STATUS='[%f/%t] '
cli=$build/bin/psm-cli
. "$checkout/tests/support/page.sh"
finish() {
  local pid
  for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ -f "$PSM_RUN/settings.json" ]; then "$cli" down >/dev/null 9>&- || true; fi
}
finish # what an earlier run that was killed left behind
trap finish EXIT
rm -rf "$scratch/checkout" "$scratch/hoshi_library" "$scratch/spoilt"
mkdir -p "$scratch/checkout/build"
cd "$scratch/checkout"
ln -s "$checkout/psm" "$checkout/tests" "$checkout/protos" .
ln -s "$build" build/dev
# The mesh's compiler, which the page leaves to CMake's own choice.
cmake() {
  if [ "$1" = -S ]; then command cmake "$@" "${extra[@]}"; else command cmake "$@"; fi
}
extra=("$@")

run_page "$page"
[ ${#watched[@]} -gt 0 ] || fail "the page no longer looks at psm watch"
check_watched

# Each exchange is in the records, those of the library's own among them.
"$cli" records --json --last 1000 >"$scratch/records"
recorded() {
  local rest=$scratch/records text
  for text in "$@"; do
    grep -F -- "$text" "$rest" >"$scratch/match" || fail "no record has $*"
    mv "$scratch/match" "$scratch/left"
    rest=$scratch/left
  done
}
recorded '"kind":"INTENT"' '"provider":"hoshi-library/lending"'
recorded '"consumer":"hoshi-library/lending"' '"provider":"identity/identity"' '"released":["address","name"]'
recorded '"consumer":"akatsuki/residents"' '"released":["reader_number"]'
recorded '"consumer":"akatsuki/tax"' '"reason":"NO_AGREEMENT"'
recorded '"consumer":"portal/terminal"' '"reason":"OUTSIDE_AREA"'

# What the page says of each thing forgotten is what is said, and no more than the page says is asked of the reader.
config=$scratch/hoshi_library/build/config
forgets() { # TEXT VERB FILE SED...: spoils a copy of FILE of the agency
  local text=$1 verb=$2 file=$3
  shift 3
  holds "$page" "$text" || fail "the page does not say: $text"
  rm -rf "$scratch/spoilt"
  mkdir "$scratch/spoilt"
  cp -r "$config" "$scratch/hoshi_library/protos" "$scratch/spoilt"
  if [ $# -gt 0 ]; then sed -i -E "$@" "$scratch/spoilt/$file"; else rm "$scratch/spoilt/$file"; fi
  if [[ $file == *.proto ]]; then
    protoc -I"$scratch/spoilt/protos" -I"$checkout/protos" --include_imports \
      --descriptor_set_out="$scratch/spoilt/config/library.binpb" "$scratch/spoilt/$file"
  fi
  local run=$scratch/spoilt/run arguments=()
  if [ "$verb" = up ]; then arguments=(--port 0 --residents 40); fi
  if "$cli" --run "$run" "$verb" --config "$scratch/spoilt/config" "${arguments[@]}" >"$scratch/output" 2>&1 9>&-; then
    "$cli" --run "$run" down || true
    fail "nobody notices: $text"
  fi
  holds "$scratch/output" "$text" || fail "$(printf 'not said: %s\n' "$text"; cat "$scratch/output")"
  [ ! -e "$run/pki" ] || fail "up left something behind: $text"
}
proto=protos/psm/lending/v1/lending.proto
text=config/config.textproto
forgets 'GetReaderResponse.address: has no annotation: say subject, corporation, attribute, plain or page_token' \
  check $proto 's/(string address = 2) .*/\1;/'
forgets 'is not annotated: give it the option (psm.annotations.v1.method)' \
  check $proto '/option \(psm.annotations.v1.method\)/,/^    };/d'
forgets 'is in no descriptor set (*.binpb) of the configuration' check config/library.binpb
forgets 'affair "moving-away" is not defined' check $text 's/id: "moving-away"/id: "moving"/'
forgets 'there is no agency hoshi-library; define it' check $text 's/id: "hoshi-library"/id: "hoshi"/'
forgets "no system provides psm.lending.v1.LendingService; list it in the provider's services" check $text '/services:/d'
forgets 'has no attribute "adress"' check $text 's/"reader_number", "address"/"reader_number", "adress"/'
forgets 'the program of hoshi-library/lending, is not there; build it first' up $text 's/hoshi-library-lending"/hoshi"/'
forgets 'affair "moving-away" is not defined' up $text 's/id: "moving-away"/id: "moving"/'

# The line that `up --without` printed starts the program by hand; its database is as it was.
"$cli" up --port 0 --config "$config" --without hoshi-library/lending >"$scratch/output" 2>&1 9>&-
by_hand=$(sed -n '/^Left out/{n;s/^ *//p}' "$scratch/output")
: >"$scratch/by_hand.log"
bash -c "exec $by_hand" 2>>"$scratch/by_hand.log" 9>&- &
background+=($!)
# It says so once its endpoint is written.
grep -q -m1 '"listening"' < <(timeout 20 tail -n +1 -f --pid="${background[-1]}" "$scratch/by_hand.log" 9>&-) ||
  fail "$(printf 'the program by hand does not listen\n'; cat "$scratch/by_hand.log")"
step './psm status' 'shows by hand'
step './psm call --as portal/terminal --affair own-request --person hanako psm.lending.v1.LendingService/GetReader' \
  'shows "reader_number": "L-000001"'
kill "${background[-1]}"
wait "${background[-1]}" || fail "the program by hand did not end well"
unset 'background[-1]'
"$cli" down
rm -rf "$scratch/checkout" "$scratch/hoshi_library" "$scratch/spoilt"
