/** Nothing hovers over a television: its remote has arrows, OK and back. */
export const isTelevision = (): boolean => matchMedia("(hover: none)").matches;
