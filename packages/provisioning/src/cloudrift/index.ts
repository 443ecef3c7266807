export { cloudrift } from './cloudrift.ts';
export { cloudriftSettingsSchema, type CloudriftSettings } from './settings.ts';
