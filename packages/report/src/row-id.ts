/** Id of the task of a row, or of the task itself: `3` of `3.1`. */
export const taskOf = (id: string): string => id.split('.', 1)[0] as string;
