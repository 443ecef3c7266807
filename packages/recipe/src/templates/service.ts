import type { Template } from './template.ts';

export const service: Template = {
  name: 'service',
  summary: 'a container and its clients, on Docker or Slurm',
  yaml: `description: Redis under load from several clients

service:
  preset: redis
  settings:
    maxmemory: 512mb
  resources:
    cpus: 2
    memory: 1GiB

clients:
  load:
    preset: redis_stress
    settings:
      num_requests: 100000
      concurrent_requests: 50

matrices:
  cross:
    clients.load.replicas: [1, 2, 4]
`,
};
