/** Drawing units of a chart of lines; the page scales them to the room there is. Left, right, top and bottom are the margins around the plot. */
export const PLOT = { width: 520, height: 320, left: 54, right: 22, top: 30, bottom: 48 } as const;

/** Drawing units of panels above each other. */
export const PANELS = { width: 520, left: 54, right: 14, panel: 64, gap: 38, top: 28, bottom: 40 } as const;
