#!/usr/bin/env bash
# Runs run_1p.sh under CANN's profiler msprof:
#
#   bash run_msprof.sh CODE_DIR DATA_DIR RESULT_DIR [flags]
#
# The arguments are those of run_1p.sh; few steps are enough: --steps=100. The
# profile is in RESULT_DIR/msprof. Exit code: msprof's, or the training's.
# --dry_run prints what msprof would run.

set -euo pipefail
here=$(dirname -- "${BASH_SOURCE[0]}")
source "$here/card.sh"
case ${1-} in -h | --help) read_flags "$1" ;; esac
if (($# < 3)); then
  usage >&2
  exit 2
fi
for word; do
  [[ $word != --dry_run ]] || exec bash "$here/run_1p.sh" "$@"
done
command -v msprof >/dev/null ||
  fail "there is no msprof in PATH: source CANN's set_env.sh first."

# msprof splits its --application at spaces, and a shell may read patterns in it:
# a file without any in its name holds the words.
temporary=${TMPDIR:-/tmp}
[[ $temporary != *[!A-Za-z0-9_./-]* ]] || temporary=/tmp
application=$(mktemp "$temporary/run_msprof.XXXXXX")
trap 'rm -f "$application" "$application.code"' EXIT
{
  printf '%q ' bash "$here/run_1p.sh" "$@"
  printf '\ncode=$?\necho $code >%q\nexit $code\n' "$application.code"
} >"$application"
mkdir -p "$3/msprof"
msprof --application="bash $application" --output="$3/msprof"
[[ -f $application.code ]] || fail "msprof did not run the training to its end."
exit "$(<"$application.code")"
