#!/usr/bin/env bash
# The README shows tests/support/example_test.cc as it stands, and no verb that psm does not have.
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
echo "1 passed, 0 failed"
