/**
 * POSIX `sh`: finds the processes of this user that carry a launch's mark, and signals them. Arguments: the mark as it stands in the
 * environment, the signal's name or `-` to find only, then words that must all be in the command line. Prints `PID COMMAND` for each.
 * Itself and what it was started by are left alone: it may be run from inside the launch. From `/proc/PID/environ` and `/proc/PID/stat`, proc(5).
 */
export const FIND_SCRIPT = String.raw`
mark=$1
signal=$2
shift 2
[ -r /proc/self/environ ] || { echo "there is no /proc here" >&2; exit 3; }
own=" "
up=$$
while [ "${'$'}{up:-0}" -gt 1 ]; do
  own="$own$up "
  up=$(sed 's/.*) //' "/proc/$up/stat" 2>/dev/null | cut -d ' ' -f 2)
done
status=0
# One look at all of them; which of them really carry it is decided one by one.
for file in $(grep -lsF -e "$mark" /proc/[0-9]*/environ); do
  folder=${'$'}{file%/environ}
  pid=${'$'}{folder#/proc/}
  case $own in *" $pid "*) continue ;; esac
  case $mark in
    # Of any launch: of this user's, also where root may see all.
    *=) [ -O "$folder" ] && tr '\0' '\n' <"$file" 2>/dev/null | grep -q "^$mark" || continue ;;
    *) tr '\0' '\n' <"$file" 2>/dev/null | grep -qxF -e "$mark" || continue ;;
  esac
  line=$(tr '\0\n\t' '   ' <"$folder/cmdline" 2>/dev/null)
  # Ended between the two looks, or a zombie.
  [ -n "$line" ] || continue
  for word; do
    case $line in *"$word"*) ;; *) continue 2 ;; esac
  done
  printf '%s %s\n' "$pid" "$line"
  [ "$signal" = - ] || kill -s "$signal" "$pid" 2>/dev/null || [ ! -d "$folder" ] || status=1
done
exit $status
`;
