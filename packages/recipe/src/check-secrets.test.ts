import { describe, expect, it } from 'vitest';
import { CLIENT_PRESETS, parseRecipe, SERVICE_PRESETS } from './index.ts';

const TOKEN = 'hf_0123456789abcdefXYZ';

function complaint(yaml: string): string {
  try {
    parseRecipe(yaml, { file: 'r' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
const inCommand = (env: string) => complaint(`command: {run: x, env: {${env}}}\n`);
const inEngine = (own: string) => complaint(`model: {huggingface: a/b}\nengine: {llm: {vllm: {${own}}}}\n`);

describe('secrets in a recipe', () => {
  it.each([
    'HF_TOKEN: abc',
    'token: abc',
    'OPENAI_API_KEY: abc',
    'AWS_SECRET_ACCESS_KEY: abc',
    'DJANGO_SECRET_KEY: abc',
    'APIKEY: abc',
    'DB_PASSWORD: 123456',
    'CLIENT_SECRET: abc',
    'GCP_CREDENTIALS: "{}"',
    'sshPassphrase: abc',
    `ANYTHING: ${TOKEN}`,
    'ANYTHING: "x sk-0123456789abcdefXYZ"',
    `X: {from_env: ${TOKEN}}`,
  ])('are refused in env: %s', (env) => {
    const message = inCommand(env);
    expect(message).toMatch(/^r:1:\d+ .*from_env: /);
    expect(message).not.toContain(TOKEN);
    expect(message.split('\n')).toHaveLength(1);
  });

  it.each([
    'HF_TOKEN: {from_env: HF_TOKEN}',
    'KEYBOARD: de',
    'TOKENIZERS_PARALLELISM: "false"',
    'MAX_TOKENS: 100',
    'VLLM_KEY_LAYOUT: abc',
    'SORT_KEY: name',
    'EOS_TOKEN: "</s>"',
    'MS_PER_TOKEN: 5',
    'HF_HUB_DISABLE_IMPLICIT_TOKEN: 1',
    'ALLOW_EMPTY_PASSWORD: "yes"',
    'OPENAI_API_KEY: EMPTY',
    'PGPASSWORD_FILE: /run/x',
    'HF_TOKEN_PATH: /run/x',
    'DB_PASSWORD: "$SERVICE_PASSWORD"',
    'AWS_ACCESS_KEY_ID: abc',
  ])('what only sounds like one is taken: %s', (env) => {
    expect(inCommand(env)).toBe('');
  });

  it.each([
    `extra_args: "--hf-token abc"`,
    `extra_args: "--quiet --hf_token=abc"`,
    `extra_args: "--header ${TOKEN}"`,
    'extra_env: {HF_TOKEN: abc}',
    `extra_env: {X: ${TOKEN}}`,
  ])('are refused in an engine’s settings: %s', (own) => {
    expect(inEngine(own)).toMatch(/^r:2:\d+ .*from_env: /);
    expect(inEngine(own)).not.toContain(TOKEN);
  });

  it.each(['extra_args: "--max-num-batched-tokens 5 --tokenizer-mode auto --ssl-keyfile x --hf-token --quiet"', 'extra_args: ""'])(
    'flags that hold none are taken: %s',
    (own) => {
      expect(inEngine(own)).toBe('');
    },
  );

  it('are refused in scripts, services, clients and matrices, at their place', () => {
    expect(complaint(`command:\n  run: |\n    first\n    curl -H "X: ${TOKEN}"\n`)).toMatch(/^r:4:17 this looks like a token/);
    expect(complaint('service: {preset: redis, env: {REDIS_PASSWORD: abc}}\n')).toMatch(/^r:1:48 REDIS_PASSWORD is a secret/);
    expect(complaint('service: {preset: redis}\nclients: {a: {preset: redis_stress, env: {X_TOKEN: abc}}}\n')).toMatch(/^r:2:\d+ X_TOKEN/);
    expect(complaint(`command: {run: echo $t}\nmatrices: [{t: ${TOKEN}}]\n`)).toMatch(/^r:2:16 this looks like a token/);
    expect(complaint('command: {run: \'curl -H "Authorization: Bearer $SERVICE_TOKEN_X"\', variables: {SERVICE_TOKEN_X: a}}\n')).toBe('');
  });

  it('are in no preset', () => {
    const settings = (service: string) => (['vllm', 'ollama'].includes(service) ? ', settings: {model: a/b}' : '');
    const service = (name: string) => `service: {preset: ${name}${settings(name)}}\n`;
    for (const { name } of SERVICE_PRESETS) expect(complaint(service(name))).toBe('');
    for (const preset of CLIENT_PRESETS) {
      const client = `clients: {a: {preset: ${preset.name}${settings(preset.service)}}}\n`;
      expect(complaint(service(preset.service) + client)).toBe('');
    }
  });
});
