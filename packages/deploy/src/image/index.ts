export {
  buildEmbeddedImage,
  type BuildEmbeddedImageOptions,
  type BuiltImage,
  DEFAULT_NODE_IMAGE,
  type EmbeddedImageOptions,
  renderEmbeddedImage,
} from './embedded-image.ts';
