/** Modules and the recipe's own lines. Needs `dep`, `modules`, `catch_signals`. */
export const PRELUDE = String.raw`
# They are written for shells that are less strict, and may change the shell: what this script needs is set again afterwards.
run_prelude() {
  local name
  set +u
  if [ "${'$'}{#modules[@]}" -gt 0 ]; then
    phase='loading the environment modules'
    if ! type module > /dev/null 2>&1; then finish 1 "there are no environment modules on $node (slurm.modules)"; fi
    for name in "${'$'}{modules[@]}"; do
      phase="module load $name"
      module load "$name"
    done
  fi
  if [ -e "$dep/prelude.sh" ]; then
    phase='slurm.prelude'
    # shellcheck source=/dev/null
    source "$dep/prelude.sh"
  fi
  set -euo pipefail
  umask 077
  catch_signals
  failed_line=''
}
`;
