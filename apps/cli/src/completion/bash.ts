import { caseTables, sh } from './case-tables.ts';
import type { CompletionCommand } from './command-tree.ts';

/** Only what looks like a run's id or a tag is offered: `compgen -W` would expand anything else. Of a run's notes, only tags are texts on lines of their own. */
const CODE = String.raw`
_bench_out() {
  local i
  REPLY=runs
  for ((i = 1; i < COMP_CWORD; i++)); do [[ ${sh('COMP_WORDS[i]')} == --out ]] && REPLY=${sh('COMP_WORDS[i+1]')}; done
}

_bench_runs() {
  local out dir
  _bench_out; out=$REPLY REPLY=latest
  for dir in "$out"/r*/run.json; do
    dir=${sh('dir%/run.json')}; dir=${sh('dir##*/')}
    [[ $dir =~ ^r[a-z0-9]{9}$ ]] && REPLY+=" $dir"
  done
}

_bench_tags() {
  local out tag
  _bench_out; out=$REPLY REPLY=
  while IFS= read -r tag; do
    [[ $tag =~ ^[[:alnum:]][[:alnum:]._:+/=@-]*$ ]] && REPLY+=" $tag"
  done < <(cat "$out"/r*/notes.json 2>/dev/null | sed -n 's/^ *"\([^"]*\)",\{0,1\}$/\1/p' | sort -u)
}

_bench_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen -f -- "$cur"))
}

_bench_offer() {
  local IFS=$' \t\n'
  case $1 in
    'words '*) COMPREPLY+=($(compgen -W "${sh('1#words ')}" -- "$cur")) ;;
    files) _bench_files ;;
    folders) IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "$cur")) ;;
    runs) _bench_runs; COMPREPLY+=($(compgen -W "$REPLY" -- "$cur")) ;;
    results) _bench_runs; COMPREPLY+=($(compgen -W "$REPLY" -- "$cur")); _bench_files ;;
    tags) _bench_tags; COMPREPLY+=($(compgen -W "$REPLY" -- "$cur")) ;;
    sites) COMPREPLY+=($(compgen -W 'local docker ssh:' -- "$cur")); [[ ${sh('COMPREPLY[0]')} == ssh: ]] && compopt -o nospace 2>/dev/null ;;
  esac
}

_bench() {
  local cur=${sh('COMP_WORDS[COMP_CWORD]')} at=bench expect= args=0 i word REPLY
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${sh('COMP_WORDS[i]')}
    if [[ -n $expect ]]; then
      [[ $word == = ]] || expect=
    elif [[ $word == -* ]]; then
      _bench_value "$at" "$word"; expect=$REPLY
    else
      _bench_next "$at" "$word"
      if [[ $args == 0 && -n $REPLY ]]; then at=$REPLY; else args=$((args + 1)); fi
    fi
  done
  [[ $cur == = ]] && cur=
  if [[ -n $expect ]]; then _bench_offer "$expect"; return; fi
  if [[ $cur == -* ]]; then _bench_flags "$at"; _bench_offer "words $REPLY"; return; fi
  if [[ $args == 0 ]]; then _bench_words "$at"; [[ -n $REPLY ]] && _bench_offer "words $REPLY"; fi
  _bench_argument "$at" "$args"; _bench_offer "$REPLY"
}

complete -F _bench bench
`;

export function bashCompletion(tree: CompletionCommand): string {
  return `# source <(bench completion bash)\n\n${caseTables(tree, '_bench')}\n${CODE}`;
}
