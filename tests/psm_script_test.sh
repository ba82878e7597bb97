#!/usr/bin/env bash
# The script psm on machines unlike this one: packages missing, another distribution, no root and no sudo, nobody at the terminal, nothing
# built. Stubs stand for the system's programs, so nothing is installed and no network is needed. What the script says of the programs is held
# against those of BUILD.
# Usage: psm_script_test.sh CHECKOUT BUILD
set -euo pipefail
psm=$1/psm programs=$2/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
export PSM_BUILD=$scratch/build/dev PSM_RUN=$scratch/run PSM_OS_RELEASE=$scratch/os-release
unset PSM_SKIP_INSTALL PSM_SKIP_BUILD PSM_CONFIGURE_ARGS PSM_PROFILE COLUMNS

stub() { # NAME LINE...
  local name=$1
  shift
  printf '%s\n' '#!/bin/bash' "$@" >"$scratch/bin/$name"
  chmod +x "$scratch/bin/$name"
}
debian() { printf '%s\n' 'ID=debian' 'VERSION_ID="12"' 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"' >"$PSM_OS_RELEASE"; }
installed() { stub dpkg-query 'echo "install ok installed"'; }
bare() { stub dpkg-query 'exit 1'; }
user() { stub id 'echo 1000'; }
root() { stub id 'echo 0'; }
apt() {
  stub apt-get "echo \"\$*\" >>$scratch/apt" 'case " $* " in *" --assume-no "*)' \
    'echo "Need to get 123 MB of archives."; echo "After this operation, 777 MB of additional disk space will be used."; exit 1 ;; esac'
}

passed=0
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ ! -f "$scratch/output" ] || cat "$scratch/output" >&2
  exit 1
}
# expect CODE TEXT... -- ARGUMENT...: psm with these ends with CODE and says every TEXT; a TEXT after "! " it does not say.
expect() {
  local wanted=$1 texts=() text code=0
  shift
  while [ "$1" != -- ]; do
    texts+=("$1")
    shift
  done
  shift
  PATH=$scratch/bin:${base:-$PATH} "$psm" "$@" >"$scratch/output" 2>&1 </dev/null || code=$?
  [ "$code" = "$wanted" ] || fail "psm $*: exit code $code, not $wanted"
  for text in "${texts[@]}"; do
    if [[ $text == '! '* ]]; then
      ! grep -qF -- "${text#! }" "$scratch/output" || fail "psm $* says: ${text#! }"
    else
      grep -qF -- "$text" "$scratch/output" || fail "psm $* does not say: $text"
    fi
  done
  passed=$((passed + 1))
}

debian
installed
root
apt

# Nothing is built: each verb says so in one line, and help is there all the same.
for verb in up down status logs watch people records verify check; do
  expect 1 'nothing is built yet; ./psm demo' -- $verb
done
expect 1 'nothing is built yet' -- restart akatsuki/tax
expect 0 './psm demo [--once] [--yes]' -- help
expect 0 './psm demo [--once] [--yes]' --
for verb in demo up call pki; do expect 0 './psm demo [--once] [--yes]' -- $verb --help; done
expect 0 'Stories (./psm demo --story NAME):' '--admin-port' -- demo --help
expect 0 'Examples:' './psm test -R records' -- test --help
expect 0 'Examples:' './psm build psm-gateway' -- build --help

# Arguments are looked at before anything is installed or built.
expect 64 "no verb 'dmeo'" -- dmeo
expect 64 "demo has no option '--onse'" '! building' -- demo --onse --yes
expect 64 "demo has no option '--prot'" -- demo --prot=7
expect 64 "demo has no option 'now'" -- demo now
expect 64 'demo: --port needs a value' -- demo --port
expect 64 "no story 'twice'; there are" 'a household is paid, and brings no paper' -- demo --story twice
expect 64 "no story 'house'; there are" -- demo --story=house
expect 64 "build has no option '--all'" -- build --all
[ ! -e "$PSM_BUILD" ] || fail "something was built"
[ ! -e "$PSM_RUN" ] || fail "a run folder was made"

# What demo takes before it is built is what the built one explains: its options, each with a value where it has one, and its stories.
explained() { "$programs/psm-cli" "$@" --help | sed -n 's/^  \(-h,\)\?\(--[a-z-]*\)\( [A-Z].*\)\?\($\|  .*\|=.*\)/\2\3/p' | sed 's/ .*/ VALUE/' | grep -v '^--help'; }
same() { # WHAT ONE OTHER: two lists
  diff <(sort <<<"$2") <(sort <<<"$3") >"$scratch/output" || fail "$1"
  passed=$((passed + 1))
}
expect 0 -- demo --help
listed=$(sed -n '/^Options of demo/,/^Nothing/ { s/and with a value/@/; /^Nothing/d; p }' "$scratch/output" | grep -oE -- '--[a-z-]+|@' |
  awk '$0 == "@" { value = " VALUE"; next } { print $0 value }')
stories=$(sed -n '/^Stories/,/^all / { /^Stories/d; s/ .*//p }' "$scratch/output")
same "demo --help, built or not, has other options" "$listed" "$(explained demo)"
same "demo takes other options than up, and its own" "$(grep -vE -- '--(story|once|yes)\b' <<<"$listed")" "$(explained up)"
same "services/story/README.md has other stories than psm-story" "$stories" "$("$programs/psm-story" --list | sed 's/ .*//')
all"
# Each of them is taken, in both ways of writing it; what comes next is that packages are missing.
bare
while read -r option value; do
  [ "$option" != --yes ] || continue
  [ -z "$value" ] || value=5
  [ "$option" != --story ] || value=all
  expect 1 'not installing unasked' -- demo $option $value --once
  [ -z "$value" ] || expect 1 'not installing unasked' -- demo "$option=$value" --once
done <<<"$listed"
for story in $stories; do expect 1 'not installing unasked' -- demo --story "$story"; done
expect 1 'not installing unasked' -- demo --without a/b c/d --config e f --once

# Packages are missing.
bare
expect 1 'To install from Debian (123 MB to fetch, 777 MB on disk):' 'libnghttp2-dev' 'not installing unasked; run again with --yes' \
  '! with sudo' '! libgtest-dev' -- demo
expect 1 'libgtest-dev' 'not installing unasked' -- test
! grep -qv -- --assume-no "$scratch/apt" || fail "apt-get was told to do something"
user
stub sudo 'echo "sudo $*" >>'"$scratch/apt"
expect 1 'To install from Debian, with sudo (123 MB to fetch' -- demo
# A PATH without sudo: links to all else that there is.
mkdir "$scratch/nosudo"
for program in bash basename dirname readlink grep sed cat tail mktemp rm mkdir awk env; do ln -s "$(command -v $program)" "$scratch/nosudo"; done
cp "$scratch"/bin/* "$scratch/nosudo"
rm "$scratch/nosudo/sudo"
code=0
PATH=$scratch/nosudo "$psm" demo --yes >"$scratch/output" 2>&1 </dev/null || code=$?
[ $code = 1 ] && grep -qF 'installing needs root, and there is no sudo here' "$scratch/output" &&
  grep -qF 'As root: apt-get install --no-install-recommends g++ cmake' "$scratch/output" || fail "no clear sentence without sudo"
passed=$((passed + 1))
# What the race needs is installed without its services: they are masked, and nothing may start them while they come.
peers() { for program in haproxy nginx nghttpx; do stub $program ''; done; }
export PSM_SYSTEM_ROOT=$scratch/system
base=$scratch/nosudo
for program in chmod ln; do ln -s "$(command -v $program)" "$base"; done
expect 1 'haproxy nginx-light nghttp2-proxy' 'not installing unasked' -- bench
stub cmake 'exit 1'
root
mkdir -p "$PSM_SYSTEM_ROOT/etc/systemd/system"
echo mine >"$PSM_SYSTEM_ROOT/etc/systemd/system/nginx.service"
stub apt-get 'case " $* " in *" install "*" haproxy "*) "$PSM_SYSTEM_ROOT/usr/sbin/policy-rc.d"; echo "policy $?" >'"$scratch/policy"';; esac'
expect 1 'The services haproxy nginx nghttpx are masked' -- bench --yes
[ "$(cat "$scratch/policy")" = 'policy 101' ] || fail "services could start while they are installed"
[ ! -e "$PSM_SYSTEM_ROOT/usr/sbin/policy-rc.d" ] || fail "what forbids all services to start was left behind"
[ "$(readlink "$PSM_SYSTEM_ROOT/etc/systemd/system/haproxy.service" "$PSM_SYSTEM_ROOT/etc/systemd/system/nghttpx.service")" = $'/dev/null\n/dev/null' ] ||
  fail "services are not masked"
[ "$(cat "$PSM_SYSTEM_ROOT/etc/systemd/system/nginx.service")" = mine ] || fail "a service that was there was changed"
# A machine's own programs are left as they are, and so are their services.
rm -r "$PSM_SYSTEM_ROOT"
peers
expect 1 '! haproxy' '! masked' -- bench --yes
expect 1 '! masked' -- demo --yes
[ ! -e "$PSM_SYSTEM_ROOT" ] || fail "services were masked that nobody installed"
rm "$scratch/bin/"{haproxy,nginx,nghttpx,cmake}
unset PSM_SYSTEM_ROOT base
# apt-get fails.
root
stub apt-get 'case " $* " in *" install "*) echo "E: Unable to locate package g++"; exit 100 ;; esac'
expect 1 'E: Unable to locate package g++' 'apt-get failed; its whole output is in' -- demo --yes
rm -f "$(sed -n 's/.*its whole output is in //p' "$scratch/output")"
# No package lists yet: the size is what it came to before.
expect 1 'up to 1.3 GB on disk' -- demo

# Another distribution, another release, none that says its name.
printf '%s\n' 'ID=ubuntu' 'VERSION_ID="24.04"' 'PRETTY_NAME="Ubuntu 24.04 LTS"' >"$PSM_OS_RELEASE"
expect 1 'this is Ubuntu 24.04 LTS; psm knows the packages of Debian 12 only' 'PSM_SKIP_INSTALL=1' -- demo --yes
printf '%s\n' 'ID=debian' 'VERSION_ID="13"' >"$PSM_OS_RELEASE"
expect 1 'psm knows the packages of Debian 12 only' -- test --yes
rm "$PSM_OS_RELEASE"
expect 1 'this is an unknown system' -- demo --yes

# All is there but what CMake looks for: what it says is shown.
debian
installed
stub cmake 'echo "CMake Error: Could not find a package configuration file provided by gRPC"; exit 1'
expect 1 'building; the first time takes minutes' 'provided by gRPC' 'cmake failed; its whole output is in' -- demo --yes
# A build without a terminal: a line for each tenth part, as it comes; then its error.
stub cmake 'if [ "$1" = --preset ]; then touch '"$PSM_BUILD"'/build.ninja; exit 0; fi' \
  'for p in 1 5 10 11 19 20 55 60; do echo "[ $p%] Building CXX object a.o"; done' \
  'echo "FAILED: a.o"; echo "a.cc:1: error: no such thing"; exit 1'
expect 1 'building 1%' 'building 10%' 'building 20%' 'building 55%' 'building 60%' '! building 5%' '! building 11%' \
  'a.cc:1: error: no such thing' 'the build failed; its whole output is in' -- build

# In a terminal ninja shows its own progress, and nothing where there is nothing to build.
in_terminal() { # ARGUMENTS [COLUMNS]
  SHELL=/bin/bash PATH=$scratch/bin:$PATH script -qec "stty cols ${2:-80}; '$psm' $1" /dev/null </dev/null | tr -d '\r' >"$scratch/output" ||
    fail "psm $1 in a terminal"
}
stub cmake '[ "${*: -1}" = -n ] || echo "[1/1] Linking"; echo "ninja: no work to do."'
in_terminal build
! grep -q . "$scratch/output" || fail "it speaks of a build without work"
stub cmake 'if [ "${*: -1}" != -n ]; then echo "[1/1] Linking"; fi'
in_terminal build
grep -qF '[1/1] Linking' "$scratch/output" || fail "it shows no progress in a terminal"
passed=$((passed + 2))
# Help fits a terminal, and has a line for each verb where there is none.
for width in 60 80; do
  in_terminal help $width
  [ "$(LC_ALL=C.UTF-8 wc -L <"$scratch/output")" -le $width ] || fail "psm help is wider than $width columns"
  grep -qF './psm verify receipts' "$scratch/output" || fail "psm help has lost verbs at $width columns"
  passed=$((passed + 1))
done
COLUMNS=40 expect 0 '      whether the whole log holds' -- help
expect 0 './psm down                    stop it' -- help

# The race builds twice, the second time for what the first has shown to run, and only once after that; whether the first race or the second build
# fails, the next try begins anew.
built=$PSM_BUILD
export PSM_BUILD=$scratch/build/profiled
peers
mkdir -p "$PSM_BUILD/bin"
race() { # LINE...: a psm-bench of these lines
  printf '%s\n' '#!/bin/bash' 'echo "race $*" >>'"$scratch/steps" "$@" >"$PSM_BUILD/bin/psm-bench"
  chmod +x "$PSM_BUILD/bin/psm-bench"
}
steps() { # LINE...: what was done since the last time
  diff <(printf '%s\n' "$@") <(sed 's/ --run [^ ]*//; s/ --revision [^ ]*//' "$scratch/steps") >"$scratch/output" || fail "the race was made by other steps"
  rm "$scratch/steps"
}
configures='if [ "$1" = --preset ]; then echo "configure ${*:2}" >>'"$scratch/steps"'; touch '"$PSM_BUILD"'/build.ninja; exit 0; fi'
builds='echo "build ${*:4}" >>'"$scratch/steps"
first=('configure profiled -DPSM_PROFILE=train' 'build psm-bench --target psm-cli --target psm-gateway --target psm-pki'
  'race --race-only --proxies  --concurrency 1 64 256 --rounds 2')
second=('configure profiled -DPSM_PROFILE=use' 'build programs --target psm-bench')
stub cmake "$configures" "$builds"
race 'echo "no port"; exit 1'
expect 1 'no port' 'the first race failed; its whole output is in' -- bench
steps "${first[@]}"
race
stub cmake "$configures" "$builds" '[ "$4" != programs ]'
expect 1 'building twice' 'PSM_PROFILE=0' 'the build failed' -- bench
steps "${first[@]}" "${second[@]}"
stub cmake "$configures" "$builds"
expect 0 'building twice' -- bench
steps "${first[@]}" "${second[@]}" race
expect 0 '! building twice' -- bench --rounds 9
steps 'build programs --target psm-bench' 'race --rounds 9'
PSM_PROFILE=train expect 64 "PSM_PROFILE is 'train'; 1 measures a profile-guided build, 0 a plain one" -- bench
export PSM_BUILD=$built

echo "$passed passed, 0 failed"
