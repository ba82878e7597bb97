# For tests of a page: runs the commands of its `sh` blocks as they stand, in order, in one shell, and holds what the comment behind a command
# claims against what happens:
#   # shows TEXT[, not OTHER][; remark]      exit code 0, the output holds TEXT (and not OTHER)
#   # fails with TEXT                        exit code not 0, the output holds TEXT
#   # refused[, remark]                      exit code not 0, the output gives a reason
#   # in a second terminal[, shows TEXT]...  runs until the page is through; its output must hold TEXT then
# Any other comment claims nothing but exit code 0.
# To be sourced, after `scratch` is set to a folder; fd 9 is the caller's lock, which nothing that is started may hold.

# What runs in second terminals: process ids, and "FILE<TAB>TEXT" of what they must have shown.
background=()
watched=()
output=$scratch/output # of the last command

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# holds FILE TEXT: whether the output holds it.
holds() { grep -qF -- "$2" "$1"; }

# A caller that knows more of a command than its comment says defines this again: after_step COMMAND.
after_step() { :; }

step() { # COMMAND CLAIM
  local command=$1 claim=$2
  printf '$ %s\n' "$command"
  if [[ $claim == 'in a second terminal'* ]]; then
    local file=$scratch/background.${#background[@]}
    bash -c "exec $command" >"$file" 2>&1 9>&- &
    background+=($!)
    [[ $claim != *', shows '* ]] || watched+=("$file"$'\t'"${claim#*, shows }")
    return
  fi
  local code=0
  eval "$command" >"$output" 2>&1 9>&- || code=$?
  cat "$output"
  case $claim in
    'fails with '*)
      [ $code -ne 0 ] || fail "it should have failed"
      holds "$output" "${claim#fails with }" || fail "it does not say: ${claim#fails with }"
      ;;
    refused*)
      [ $code -ne 0 ] || fail "it should have been refused"
      holds "$output" 'reason: ' || fail "it does not give a reason"
      ;;
    *)
      [ $code -eq 0 ] || fail "exit code $code"
      if [[ $claim == 'shows '* ]]; then
        local wanted=${claim#shows }
        wanted=${wanted%%; *}
        if [[ $wanted == *', not '* ]]; then
          ! holds "$output" "${wanted#*, not }" || fail "it shows ${wanted#*, not }"
          wanted=${wanted%%, not *}
        fi
        holds "$output" "$wanted" || fail "it does not show: $wanted"
      fi
      ;;
  esac
  after_step "$command"
}

# run_page FILE [HEADING]: the whole page, or what stands between this heading (`## Title`, whole line) and the next of any level.
run_page() {
  local inside=0 here=1 command='' claim line steps=0
  [ $# -eq 1 ] || here=0
  while IFS= read -r line <&3; do
    if [ $inside = 0 ] && [[ $# -gt 1 && $line == '#'* ]]; then
      here=0
      [ "$line" != "$2" ] || here=1
    fi
    case $line in
      '```sh') inside=$here ;;
      '```') inside=0 ;;
      *)
        [ $inside = 1 ] || continue
        if [[ $line == *\\ ]]; then
          command+="${line%\\} "
          continue
        fi
        claim=''
        [[ $line != *' # '* ]] || claim=${line#* \# }
        command+=${line%% \# *}
        step "$(sed -E 's/ +/ /g; s/ $//' <<<"$command")" "$claim"
        steps=$((steps + 1))
        command=''
        ;;
    esac
  done 3<"$1"
  [ $steps -gt 0 ] || fail "$1 has lost its commands${2:+ under $2}"
}

# Once the page is through: what ran in second terminals has shown what the page says.
check_watched() {
  local one
  for one in "${watched[@]}"; do
    holds "${one%%$'\t'*}" "${one#*$'\t'}" || fail "a second terminal does not show: ${one#*$'\t'}"
  done
}
