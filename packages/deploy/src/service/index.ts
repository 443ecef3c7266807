export { serviceTarget } from './service-target.ts';
