/** Whether this browser keeps titles: known at once, for the link that leads to them. */
const NAME = "marquee.keeps-titles";

export function keepsTitles(): boolean {
  try {
    return localStorage.getItem(NAME) !== null;
  } catch {
    return false;
  }
}

export function noteKeepsTitles(keeps: boolean): void {
  try {
    if (keeps) localStorage.setItem(NAME, "yes");
    else localStorage.removeItem(NAME);
  } catch {
    // Where storage is forbidden the link is not shown; the address works.
  }
}
