import type { Template } from './template.ts';

export const command: Template = {
  name: 'command',
  summary: 'any program, once a variant',
  yaml: `description: Any program, once for each combination of its settings

command:
  # $name is a value of the variant; $task_dir is a fresh folder for its results; $$ is a dollar for the shell.
  run: |
    start=$$(date +%s%N)
    head -c "$size" /dev/zero | $tool > /dev/null
    end=$$(date +%s%N)
    echo "{\\"duration_ms\\": $$(( (end - start) / 1000000 ))}" > $task_dir/metrics.json
  result_files:
    - metrics.json
  timeout: 5m

matrices:
  cross:
    tool: [gzip, sha256sum]
    size: [1000000, 10000000]
`,
};
