/**
 * The image, brought once however many jobs want it at a time. Needs `image`, `image_uri` (empty: it is given), `runtime`, `cache`, `scratch`.
 * Sets `image_action`.
 */
export const IMAGE = String.raw`
# Tells other jobs that this one, which holds the lock, lives: they see it in the number, not by any clock.
beat_lock() {
  [ -n "$held_lock" ] || return 0
  [ "$SECONDS" != "$lock_beat" ] || return 0
  lock_beat=$SECONDS
  echo "$lock_beat" > "$held_lock/beat" || true
}
held_lock=''
lock_beat=''

# Is the job that holds a lock gone? At once seen on its own node.
holder_gone() {
  local where pid
  read -r where pid 2> /dev/null < "$1/owner" || return 1
  [ "$where" = "$node" ] && ! kill -0 "$pid" 2> /dev/null && [ ! -e "/proc/$pid" ]
}

# Waits for the lock on a file. A lock that shows no life for lock_stale_s is broken: who breaks it wrongly only does work twice.
take_lock() {
  local lock=$1.lock beat seen='' since=$SECONDS
  while ! mkdir -- "$lock" 2> /dev/null; do
    if [ -e "$1" ]; then return 1; fi
    if [ ! -d "$lock" ] && [ ! -w "$(dirname -- "$lock")" ]; then finish 1 "cannot write to $(dirname -- "$lock")"; fi
    beat=$(cat -- "$lock/beat" 2> /dev/null || true)
    if [ "$beat" != "$seen" ]; then seen=$beat since=$SECONDS; fi
    if [ $((SECONDS - since)) -ge "$lock_stale_s" ] || holder_gone "$lock"; then
      if mv -T -- "$lock" "$lock.$job_id.$$" 2> /dev/null; then rm -rf -- "$lock.$job_id.$$"; fi
      since=$SECONDS
      continue
    fi
    look
    stop_when_told
    pause 0.5
  done
  held_lock=$lock
  echo "$node $$" > "$lock/owner"
  beat_lock
}

free_lock() {
  [ -n "$held_lock" ] || return 0
  rm -rf -- "$held_lock"
  held_lock=''
}

drop_part() { [ -z "$image_part" ] || rm -rf -- "$image_part"; }
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

pull_image() {
  local code=0
  image_part=$image.part.$job_id.$$
  # What jobs left here that were killed.
  rm -rf -- "$image".part.*
  : > "$image_log"
  fetch_image "$image_part" || code=$?
  stop_when_told
  if [ -n "$timed_out" ]; then finish 1 "the image $image_uri was not there within $pull_s s"; fi
  if [ "$code" != 0 ]; then finish 1 "the image $image_uri cannot be had: $runtime $(ending_of "$code" "$image_log")"; fi
  if [ ! -s "$image_part" ]; then finish 1 "the image $image_uri cannot be had: $runtime left nothing"; fi
  if [ -f "$image_part" ]; then
    run_watched "$image_part.sha256" 0 sha256sum -- "$image_part" || true
    stop_when_told
    cut -d ' ' -f 1 "$image_part.sha256" > "$image.sha256"
    rm -f -- "$image_part.sha256"
  fi
  mv -T -- "$image_part" "$image"
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
  if take_lock "$image"; then
    if [ ! -e "$image" ]; then
      image_action=pulled
      pull_image
    fi
    free_lock
  fi
}

image_digest() {
  if [ -n "$image_uri" ] && [ -s "$image.sha256" ]; then head -n 1 "$image.sha256" | tr -cd '0-9a-f'; fi
}
`;
