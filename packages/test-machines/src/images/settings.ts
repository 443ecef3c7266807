/** Settings of an image as its OCI configuration has them (image-spec, config.md). */
export interface ImageSettings {
  Env: string[];
  Cmd?: string[];
  Entrypoint?: string[];
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
}

/** Reads the settings that `docker import --change` takes. @throws for one that no image here uses */
export function settingsOf(changes: readonly string[]): ImageSettings {
  const settings: ImageSettings = { Env: [] };
  for (const change of changes) {
    const [, keyword = '', value = ''] = /^(\S+) (.*)$/.exec(change) ?? [];
    if (keyword === 'ENV') settings.Env.push(value);
    else if (keyword === 'CMD') settings.Cmd = JSON.parse(value) as string[];
    else if (keyword === 'ENTRYPOINT') settings.Entrypoint = JSON.parse(value) as string[];
    else if (keyword === 'WORKDIR') settings.WorkingDir = value;
    else if (keyword === 'EXPOSE') settings.ExposedPorts = { ...settings.ExposedPorts, [`${value}/tcp`]: {} };
    else throw new Error(`a test image cannot have "${change}"`);
  }
  return settings;
}
