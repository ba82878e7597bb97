#!/usr/bin/env bash
# Runs what README.md shows, taken out of README.md, against a mesh that runs, and holds the results against what it says.
# Usage: readme_commands_test.sh commands|clients CHECKOUT BUILD SCRATCH
#   commands  "What you can do with it"
#   clients   "From your own client": buf curl and Node. Exit code 77 where tests/npm/node_modules is not there, 1 with PSM_REQUIRE_NODE=1.
set -euo pipefail
part=$1 checkout=$2 build=$3 scratch=$4
page=$checkout/README.md
modules=$checkout/tests/npm/node_modules
if [ "$part" = clients ] && ! { [ -x "$modules/.bin/buf" ] && [ -d "$modules/@grpc/grpc-js" ] && command -v node >/dev/null; }; then
  if [ "${PSM_REQUIRE_NODE:-0}" = 1 ]; then
    echo "node or $modules is not there, and PSM_REQUIRE_NODE=1" >&2
    exit 1
  fi
  echo "NOT TESTED: $modules is not there (cd tests/npm && npm ci --ignore-scripts); README's buf and Node clients were not tried"
  exit 77
fi

# A checkout of links, so that all that is written lands in SCRATCH.
mkdir -p "$scratch"
exec 9>"$scratch/lock"
flock 9
export PSM_BUILD=$build PSM_RUN=$scratch/checkout/.run PSM_SKIP_BUILD=1
. "$checkout/tests/support/page.sh"
finish() {
  local pid
  for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
  PSM_RUN=$scratch/checkout/.run "$build/bin/psm-cli" down >/dev/null 2>&1 9>&- || true
}
finish # what an earlier run that was killed left behind
trap finish EXIT
rm -rf "$scratch/checkout"
mkdir -p "$scratch/checkout/build"
cd "$scratch/checkout"
ln -s "$checkout/psm" "$checkout/protos" .
ln -s "$build" build/dev
step './psm up --port 0 --residents 40' 'shows The mesh is up'

# What README.md says in words beside a command.
seen=''
after_step() {
  case $1 in
    './psm people') shows 'hanako' 'head of a household' ;;
    './psm call --as akatsuki/benefits '*) shows '"category": "EXEMPT"' '! income' '! arrears' 'exchange ' ;;
    './psm call --as yunagi/tax '*) shows 'PERMISSION_DENIED' 'NO_AGREEMENT' 'failed: consumer' 'art. 9' '第9条' ;;
    './psm check --why '*) shows 'Refused: ' 'art. 9' ;;
    './psm records '*) shows 'released category' 'REFUSED NO_AGREEMENT' ;;
    './psm verify log') shows 'signed by its key' 'every entry, tile, record and signature holds' ;;
    './psm verify receipts') shows 'akatsuki/benefits' 'proved' '! PROVES NOTHING' ;;
    './psm reconcile') shows 'agree on every side' ;;
    './psm verify witness --once') shows 'cosigned: tree ' ;;
    './psm pki rotate-log') shows 'of the log names its new key' ;;
    './psm restart '*) shows 'akatsuki/tax serves again' ;;
    './psm down') shows 'Stopped 16 processes' ;;
    'buf curl '*) shows '"category": "EXEMPT"' '! incomeYen' ;;
    'timeout 60 node '*) shows '! income_yen: ' ;;
    eval* | 'export CODE='*) ;;
    './psm up '*) return ;;
    *) fail "this test does not know what README.md says of: $1" ;;
  esac
  seen+="$1"$'\n'
}
shows() {
  local text
  for text in "$@"; do
    if [[ $text == '! '* ]]; then
      ! holds "$output" "${text#! }" || fail "it shows ${text#! }"
    else
      holds "$output" "$text" || fail "it does not show: $text"
    fi
  done
}
count() { [ "$(grep -c . <<<"$seen")" -ge "$1" ] || fail "README.md has lost commands: only $seen"; }

if [ "$part" = commands ]; then
  run_page "$page" '## What you can do with it'
  count 9
  holds "$page" 'starts sixteen processes' || fail "README.md does not say how many processes there are"
  [ ${#background[@]} = 1 ] || fail "README.md no longer has psm watch in a second terminal"
  for text in 'akatsuki/benefits > yunagi/tax' 'benefit-tax-exempt' 'GetTaxStatus' 'REFUSED NO_AGREEMENT'; do
    holds "$scratch/background.0" "$text" || fail "psm watch did not show: $text"
  done
else
  PATH=$modules/.bin:$PATH
  run_page "$page" '### From your own client'
  count 3
  awk '/^```js$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" >"$scratch/client.js"
  [ -s "$scratch/client.js" ] || fail "README.md has lost its Node client"
  # Its place decides where Node looks for modules.
  export NODE_PATH=$modules
  step "timeout 60 node $scratch/client.js" "shows category: 'EXEMPT'"
  after_step() { :; }
  # The same clients are refused what is not agreed.
  sed 's/benefit-tax-exempt/collect-arrears/' "$scratch/client.js" >"$scratch/refused.js"
  step "timeout 60 node $scratch/refused.js" 'shows PERMISSION_DENIED'
fi
"$build/bin/psm-cli" down 9>&- || true
