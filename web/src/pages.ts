/** The pages that stay out of the first download. */
import { chunk } from "./ui/chunk";

/** Looked at a few times a year, like the devices. */
export const accountPage = chunk(() => import("./account/account-page"), "Opening your account");

/** Looked at a few times a year. */
export const devicesPage = chunk(() => import("./devices/devices-page"), "Opening your devices");

/** For those who keep titles, who have it at hand without the network. */
export const downloadsPage = chunk(
  () => import("./downloads/downloads-page"),
  "Opening your downloads",
);

/** Looked at now and then. */
export const historyPage = chunk(() => import("./history/history-page"), "Opening your history");

/** Looked at once at a sign-in, by those who share an account. */
export const profilesPage = chunk(
  () => import("./profiles/profiles-page"),
  "Opening the profiles",
);

/** Asks for a PIN in the player, for the few whom a limit stops. */
export const openTitle = chunk(() => import("./profiles/open-title"), "Asking for the PIN");

/** Members never download what staff work with. */
export const staffPage = chunk(() => import("./staff/staff-page"), "Opening the staff page");

export const membersPage = chunk(() => import("./staff/members-page"), "Opening the members");
