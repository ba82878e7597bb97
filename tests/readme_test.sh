#!/usr/bin/env bash
# The README shows tests/support/example_test.cc as it stands, no verb that psm does not have, and no file that is not there.
set -euo pipefail
cd "$1"
shown=$(awk '/^```cpp$/ { on = 1; next } /^```$/ { on = 0 } on' README.md)
[ "$shown" = "$(cat tests/support/example_test.cc)" ] || {
  echo "README.md shows another text than tests/support/example_test.cc; copy it again"
  exit 1
}
lines=$(wc -l <tests/support/example_test.cc)
[ "$lines" -le 25 ] || {
  echo "tests/support/example_test.cc has $lines lines; the README promises 25"
  exit 1
}
for verb in $(grep -oE '^(\$ )?\./psm [a-z]+' README.md | awk '{ print $NF }' | sort -u); do
  ./psm help | grep -qE "\./psm $verb\b" || {
    echo "README.md names ./psm $verb, which psm help does not list"
    exit 1
  }
done
# Files and folders that it names are there: links, and code spans with a slash in them that begin with a folder of ours.
for path in $(grep -oE '\]\([^)#]+\)|`[^` ]+`' README.md | sed -E 's/^\]\(//; s/[`)]//g' | sort -u); do
  case $path in
    http*) continue ;;
    certs/* | mesh/* | protos/* | services/* | tests/*) ;;
    *) continue ;;
  esac
  [ -e "$path" ] || {
    echo "README.md names $path, which is not there"
    exit 1
  }
done
echo "1 passed, 0 failed"
