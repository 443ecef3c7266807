/**
 * The image, brought once however many jobs want it at a time. Needs `image`, `image_uri` (empty: it is given), `runtime`, `cache`, `scratch`.
 * Sets `image_action`.
 *
 * A lock is a folder that holds a file by the name of its owner. Whoever ends one removes files by name, and the folder if nothing else is in it: so nobody
 * takes the lock away from another who has it meanwhile. It only spares work. A job that is taken for dead while it lives does the work twice and harms
 * nothing: what it brings has a name of its own, is removed by itself or by who broke its lock, and comes to its place whole.
 */
export const IMAGE = String.raw`
self=$node.$job_id.$$

# Tells other jobs that this one, which holds the lock, lives: they see it in the number, not by any clock. Without its file it holds the lock no more.
beat_lock() {
  [ -n "$held_lock" ] || return 0
  [ "$SECONDS" != "$lock_beat" ] || return 0
  lock_beat=$SECONDS
  if [ -e "$held_lock/$self" ]; then
    { echo "$node $$ $lock_beat" > "$held_lock/$self"; } 2> /dev/null || true
  else
    held_lock=''
  fi
}
held_lock=''
lock_beat=''

# Is the job gone that holds a lock? At once seen on its own node. $1: file of the owner.
owner_gone() {
  local where pid
  read -r where pid _ 2> /dev/null < "$1" || return 1
  [ "$where" = "$node" ] && ! kill -0 "$pid" 2> /dev/null && [ ! -e "/proc/$pid" ]
}

# Breaks the lock $1, whose owner's file is $2 (nothing: it has none), and removes what that one left of the image $3.
break_lock() {
  if [ -n "$2" ]; then rm -rf -- "$2" "$3.part.${'$'}{2##*/}" "$3.part.${'$'}{2##*/}.sha256"; fi
  rmdir -- "$1" 2> /dev/null || true
}

# 1: another has the lock $1. Where there is no room for it nobody has it, and nobody is waited for.
claim_lock() {
  local told
  if told=$(LC_ALL=C mkdir -- "$1" 2>&1); then
    if { echo "$node $$ 0" > "$1/$self"; } 2> /dev/null; then return 0; fi
    # Its folder was taken away meanwhile: it is another's turn.
    [ -d "$1" ] || return 1
    rm -f -- "$1/$self" 2> /dev/null || true
    rmdir -- "$1" 2> /dev/null || true
  else
    case $told in *'No space left'* | *[Qq]uota*) ;; *) return 1 ;; esac
  fi
  finish 1 "$(dirname -- "$1") cannot be written to: is the disk or the quota full?"
}

# Waits for the lock on a file; 1: the file is there. A lock that shows no life for lock_stale_s is broken.
take_lock() {
  local lock=$1.lock file beat seen='' since=$SECONDS
  while ! claim_lock "$lock"; do
    if [ -e "$1" ]; then return 1; fi
    if [ ! -d "$lock" ] && [ ! -w "$(dirname -- "$lock")" ]; then finish 1 "$(dirname -- "$lock") cannot be written to"; fi
    file=''
    for file in "$lock"/*; do break; done
    [ -e "$file" ] || file=''
    beat="$file $([ -z "$file" ] || cat -- "$file" 2> /dev/null || true)"
    if [ "$beat" != "$seen" ]; then seen=$beat since=$SECONDS; fi
    if [ $((SECONDS - since)) -ge "$lock_stale_s" ] || { [ -n "$file" ] && owner_gone "$file"; }; then
      break_lock "$lock" "$file" "$1"
      since=$SECONDS
      continue
    fi
    look
    stop_when_told
    pause 0.5
  done
  held_lock=$lock
  lock_beat=''
  beat_lock
}

free_lock() {
  [ -n "$held_lock" ] || return 0
  rm -f -- "$held_lock/$self"
  rmdir -- "$held_lock" 2> /dev/null || true
  held_lock=''
}

drop_part() { [ -z "$image_part" ] || rm -rf -- "$image_part" "$image_part.sha256"; }
image_part=''

# Brings the image to $1.
fetch_image() {
  case $runtime in
    charliecloud)
      run_watched "$image_log" "$pull_s" ch-image pull "$image_uri" && run_watched "$image_log" "$pull_s" ch-convert -i ch-image -o dir "$image_uri" "$1"
      ;;
    *) run_watched "$image_log" "$pull_s" "$runtime" pull "$1" "$image_uri" ;;
  esac
}

# Another has brought the image, having taken this job for dead.
was_brought() {
  [ -e "$image" ] || return 1
  drop_part
  image_part=''
}

# There is no image afterwards where this job was taken for dead meanwhile, and what it had brought was removed.
pull_image() {
  local code=0
  image_part=$image.part.$self
  : > "$image_log"
  fetch_image "$image_part" || code=$?
  stop_when_told
  if was_brought; then return 0; fi
  lock_beat=''
  beat_lock
  if [ -z "$held_lock" ] && { [ "$code" != 0 ] || [ ! -s "$image_part" ]; }; then
    drop_part
    image_part=''
    return 0
  fi
  if [ -n "$timed_out" ]; then finish 1 "the image $image_uri was not there within $pull_s s"; fi
  if [ "$code" != 0 ]; then finish 1 "the image $image_uri cannot be had: $runtime $(ending_of "$code" "$image_log")"; fi
  if [ ! -s "$image_part" ]; then finish 1 "the image $image_uri cannot be had: $runtime left nothing"; fi
  if [ -f "$image_part" ]; then
    run_watched "$image_part.sha256" 0 sha256sum -- "$image_part" || true
    stop_when_told
    if was_brought; then return 0; fi
    cut -d ' ' -f 1 "$image_part.sha256" > "$image.sha256"
    rm -f -- "$image_part.sha256"
  fi
  # A folder that is there is not replaced.
  mv -T -- "$image_part" "$image" || was_brought
  image_part=''
}

prepare_image() {
  phase='preparing the image'
  case $runtime in
    none)
      image_action=none
      return 0
      ;;
    # Where images are pulled to is none of the node's business afterwards.
    charliecloud) export USER=${'$'}{USER:-$(id -un)} CH_IMAGE_STORAGE=${'$'}{CH_IMAGE_STORAGE:-$scratch/ch-image} ;;
  esac
  if ! command -v "$runtime_program" > /dev/null; then
    finish 1 "$runtime_program is not on $node: name its module in slurm.modules, or set PATH in slurm.prelude"
  fi
  if [ -z "$image_uri" ]; then
    image_action=given
    if [ ! -e "$image" ]; then finish 1 "there is no image $image on $node"; fi
    return 0
  fi
  image_action=cached
  if [ -e "$image" ]; then return 0; fi
  mkdir -p -- "$(dirname -- "$image")"
  export APPTAINER_CACHEDIR=${'$'}{APPTAINER_CACHEDIR:-$cache/apptainer} SINGULARITY_CACHEDIR=${'$'}{SINGULARITY_CACHEDIR:-$cache/apptainer}
  export APPTAINER_TMPDIR=${'$'}{APPTAINER_TMPDIR:-$scratch} SINGULARITY_TMPDIR=${'$'}{SINGULARITY_TMPDIR:-$scratch}
  until [ -e "$image" ]; do
    take_lock "$image" || continue
    if [ ! -e "$image" ]; then
      image_action=pulled
      pull_image
    fi
    free_lock
  done
}

image_digest() {
  if [ -n "$image_uri" ] && [ -s "$image.sha256" ]; then head -n 1 "$image.sha256" | tr -cd '0-9a-f'; fi
}
`;
