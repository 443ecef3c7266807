/** What rows can be told apart by; travels in the page. */
export interface ViewData {
  facets: readonly Facet[];
  rows: readonly ViewRow[];
  /** Names of the tasks, by their ids. */
  tasks: readonly string[];
}

/** A property of rows with at least two values. */
export interface Facet {
  /** Stands in links: `engine`, `p.tensor_parallel_size`. */
  id: string;
  label: string;
  values: readonly string[];
}

export interface ViewRow {
  /** `3.1`: second row of the fourth task. */
  id: string;
  /** Of each facet the indices of its values; none: it has none. */
  values: readonly (readonly number[])[];
}
