/**
 * Prints every file of state of some deployments, which loads each client has ended, and the last two samples of what the service uses:
 * `@ <path>` on a line, then the file's JSON. Begins and
 * ends with a mark, so that a greeting of the login shell, or an answer that was cut off, is no state. Files that are being written begin
 * with a dot.
 */
export const LOOK = String.raw`
printf '\n@begin\n'
cd -- "$1" 2>/dev/null || { printf '@gone\n@end\n'; exit 0; }
shift
for deployment in "$@"; do
  [ -d "$deployment" ] || continue
  printf '@ %s/\n' "$deployment"
  for file in "$deployment"/state/* "$deployment"/clients/*/*/ended.json; do
    [ -f "$file" ] || continue
    printf '@ %s\n' "$file"
    cat -- "$file" 2>/dev/null
    printf '\n'
  done
  if [ -f "$deployment/telemetry.jsonl" ]; then
    printf '@ %s\n' "$deployment/telemetry.jsonl"
    tail -n 2 -- "$deployment/telemetry.jsonl" 2>/dev/null
    printf '\n'
  fi
done
printf '@end\n'
`;
