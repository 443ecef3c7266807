/** A recipe to start from. */
export interface Template {
  readonly name: string;
  /** One line for a list. */
  readonly summary: string;
  /** The text of `recipe.yaml`, without the line that names its schema. */
  readonly yaml: string;
}
