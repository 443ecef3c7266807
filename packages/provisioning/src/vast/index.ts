export { type VastSettings, vastSettingsSchema } from './settings.ts';
export { vast } from './vast.ts';
