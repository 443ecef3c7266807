import { caseTables, sh } from './case-tables.ts';
import type { CompletionCommand } from './command-tree.ts';

const CODE = String.raw`
_bench_out() {
  local i
  REPLY=runs
  for ((i = 2; i < CURRENT; i++)); do [[ ${sh('words[i]')} == --out ]] && REPLY=${sh('words[i+1]')}; done
}

_bench_runs() {
  local out REPLY
  _bench_out; out=$REPLY
  local found=("$out"/r*/run.json(N:h:t))
  compadd -- latest $found
}

_bench_tags() {
  local out REPLY
  _bench_out; out=$REPLY
  local notes=("$out"/r*/notes.json(N))
  (( $#notes )) || return
  local lines="$(sed -n 's/^ *"\([^"]*\)",\{0,1\}$/\1/p' $notes)"
  local found=(${sh('(fu)lines')})
  compadd -- $found
}

_bench_offer() {
  case $1 in
    'words '*) compadd -- ${sh('=1#words ')} ;;
    files) _files ;;
    folders) _files -/ ;;
    runs) _bench_runs ;;
    results) _bench_runs; _files ;;
    tags) _bench_tags ;;
    sites) compadd -- local docker; compadd -S '' -- ssh: ;;
  esac
}

_bench() {
  local at=bench expect= args=0 i word REPLY
  for ((i = 2; i < CURRENT; i++)); do
    word=${sh('words[i]')}
    if [[ -n $expect ]]; then
      expect=
    elif [[ $word == -* ]]; then
      [[ $word == *=* ]] && continue
      _bench_value "$at" "$word"; expect=$REPLY
    else
      _bench_next "$at" "$word"
      if [[ $args == 0 && -n $REPLY ]]; then at=$REPLY; else args=$((args + 1)); fi
    fi
  done
  if [[ -n $expect ]]; then _bench_offer "$expect"; return; fi
  if [[ $PREFIX == -* ]]; then _bench_flags "$at"; _bench_offer "words $REPLY"; return; fi
  if [[ $args == 0 ]]; then _bench_words "$at"; [[ -n $REPLY ]] && _bench_offer "words $REPLY"; fi
  _bench_argument "$at" "$args"; _bench_offer "$REPLY"
}

compdef _bench bench
`;

export function zshCompletion(tree: CompletionCommand): string {
  return `#compdef bench\n# source <(bench completion zsh), after compinit\n\n${caseTables(tree, '_bench')}\n${CODE}`;
}
