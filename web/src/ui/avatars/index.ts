/** The pictures of profiles, by the names that the API knows them under. Drawn for Marquee. */
import cat from "./cat.svg";
import owl from "./owl.svg";
import reel from "./reel.svg";
import robot from "./robot.svg";
import rocket from "./rocket.svg";
import sun from "./sun.svg";
import ticket from "./ticket.svg";
import whale from "./whale.svg";

/** In the order in which they are offered. */
export const AVATARS = { reel, ticket, rocket, cat, owl, whale, robot, sun } as const;

export type Avatar = keyof typeof AVATARS;

export const isAvatar = (name: string): name is Avatar => Object.hasOwn(AVATARS, name);

/** The address of a picture; the first one's where a newer service names one that is not here. */
export const pictureOf = (name: string): string => AVATARS[isAvatar(name) ? name : "reel"];
