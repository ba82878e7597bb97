#!/usr/bin/env bash
# Every test, fuzz target and attack that mesh/THREATS.md and tests/README.md name as a proof is there, in the file that they say.
set -euo pipefail
cd "$1"

# "file Suite.Name", one a line; what a test program makes of TEST, TEST_F and TEST_P.
all=$(find certs mesh services tests -name '*_test.cc' | sort | while read -r file; do
  tr '\n' ' ' <"$file" | grep -oE '\bTEST(_F|_P)?\( *\w+, *\w+ *\)' |
    sed -E "s|.*\( *(\w+), *(\w+) *\)|$file \1.\2|" || true
done)
# A suite with parameters may be known by the name that it was given with them.
given=$(find mesh services tests -name '*_test.cc' -exec cat {} + | tr '\n' ' ' |
  grep -oE 'INSTANTIATE_TEST_SUITE_P\( *\w+, *\w+' | sed -E 's|.*\( *(\w+), *(\w+)|\1 \2|')

failed=0
checked=0
missing() {
  echo "$1 names $2, which is not there"
  failed=$((failed + 1))
}

# expect_test DOCUMENT [PLACE] SUITE [NAME]: PLACE is the number of a scenario, or a folder of tests/.
expect_test() {
  local document=$1 place=$2 suite=$3 name=$4 file=.
  case $place in
    [0-9]*) file="tests/scenarios/${place}_" ;;
    ?*) file="tests/$place/" ;;
  esac
  checked=$((checked + 1))
  grep -qE "^$file.* $suite\.${name:-\w+}$" <<<"$all" && return
  [ -z "$name" ] && grep -qE "^$suite " <<<"$given" && return
  missing "$document" "$place $suite${name:+.$name}"
}

for document in mesh/THREATS.md tests/README.md; do
  # The last column of tables that say what shows something.
  while IFS= read -r cell; do
    kind="" suite=""
    IFS='`' read -ra parts <<<"$cell"
    for i in "${!parts[@]}"; do
      part=${parts[$i]}
      if ((i % 2 == 0)); then
        case $part in
          *fuzz*) kind=fuzz ;;
          *attack*) kind=attack ;;
          ", " | "; ") ;;
          *) kind="" ;;
        esac
      elif [[ $part =~ ^(([0-9]{2}|crash)\ )?([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(\.([A-Za-z0-9]+))?$ ]]; then
        suite=${BASH_REMATCH[3]} place=${BASH_REMATCH[2]}
        expect_test "$document" "$place" "$suite" "${BASH_REMATCH[5]}"
      elif [[ $part =~ ^\.([A-Z][A-Za-z0-9]+)$ ]]; then
        expect_test "$document" "${place:-}" "$suite" "${BASH_REMATCH[1]}"
      elif [ "$kind" = fuzz ]; then
        checked=$((checked + 1))
        grep -q "psm_fuzz_target(${part}_fuzz" tests/fuzz/CMakeLists.txt || missing "$document" "fuzz $part"
      elif [ "$kind" = attack ]; then
        checked=$((checked + 1))
        grep -qE "\"${part/\*/[a-z-]+}\"" tests/attack/*.cc || missing "$document" "attack $part"
      fi
    done
  done < <(awk -F'|' '/^\|/ { cell = $(NF - 1); if (cell ~ /^ *(shown by|test) *$/) on = 1; else if (on) print cell; next } { on = 0 }' "$document")
done
[ "$checked" -ge 100 ] || missing tests "a hundred proofs ($checked were found)"
echo "$checked named, $failed missing"
[ "$failed" -eq 0 ]
