/** Why Shaka Player 5.2 gives up, told as causes that a viewer can act on, with the codes of each. */

/** What is said of a cause, what to do about it, and whether trying again may be it. */
export interface Cause {
  readonly title: string;
  readonly detail: string;
  readonly advice: string;
  readonly canRetry: boolean;
  /** It may heal by itself once the network is back. */
  readonly isConnection?: boolean;
}

export const CONNECTION: Cause = {
  title: "The connection was lost",
  detail: "Marquee cannot be reached.",
  advice: "Check your network. Playing continues where you stopped.",
  canRetry: true,
  isConnection: true,
};
export const SERVER: Cause = {
  title: "Marquee has a problem on its side",
  detail: "It is not you.",
  advice: "Try again in a moment.",
  canRetry: true,
};
export const PERMISSION: Cause = {
  title: "Your permission to watch has run out",
  detail: "It is given for one play at a time.",
  advice: "Try again to continue where you stopped.",
  canRetry: true,
};
export const MISSING_PART: Cause = {
  title: "A part of this film is missing",
  detail: "We have to repair this one.",
  advice: "Try again later, or choose another title.",
  canRetry: true,
};
export const LICENCE_REFUSED: Cause = {
  title: "The licence was refused",
  detail: "This film may not be played with your account at the moment.",
  advice: "Try again for a new one, or choose another title.",
  canRetry: true,
};
/** Our own code asked the player for what it cannot do; also for all that is no error of Shaka's. */
export const PLAYER_FAULT: Cause = {
  title: "This title stopped playing",
  detail: "Something unexpected happened in the player.",
  advice: "Try again. If that does not help, load this page anew.",
  canRetry: true,
};
const CAPTIONS: Cause = {
  title: "The captions could not be read",
  detail: "The film itself is fine.",
  advice: "Turn captions off, or choose another language, and try again.",
  canRetry: true,
};
const DAMAGED_PART: Cause = {
  title: "A part of this film could not be read",
  detail: "It arrived damaged.",
  advice: "Try again. If it stops at the same place, we have to repair it.",
  canRetry: true,
};
const DECODING: Cause = {
  title: "The picture could not be shown",
  detail: "Your device stopped decoding this film.",
  advice: "Try again. If that does not help, restart the browser.",
  canRetry: true,
};
const MEMORY: Cause = {
  title: "Your device ran out of memory",
  detail: "The next part of the film found no room.",
  advice: "Close other tabs, or choose a lower quality, and try again.",
  canRetry: true,
};
const UNREADABLE_INDEX: Cause = {
  title: "This film could not be opened",
  detail: "The list of its parts could not be read.",
  advice: "Try again. If it stays so, we have to repair this one.",
  canRetry: true,
};
const NO_FORMAT: Cause = {
  title: "This device cannot play this film",
  detail: "It comes in no format that this browser can decode.",
  advice: "Watch on another device, or choose another title.",
  canRetry: false,
};
const NO_QUALITY_ALLOWED: Cause = {
  title: "This device cannot play this film",
  detail: "No quality of it is allowed on this device and its screen.",
  advice: "Watch on another device, or choose another title.",
  canRetry: false,
};
const UNPROTECTED_SCREEN: Cause = {
  title: "Your screen is not protected",
  detail: "This film needs a connection to the screen that cannot be copied from (HDCP).",
  advice: "Check the cable, or use the screen of the device itself, and try again.",
  canRetry: true,
};
const NO_PROTECTION: Cause = {
  title: "This browser cannot play protected films",
  detail: "It has none of the protection modules that this film is made for.",
  advice: "Use a current version of Chrome, Edge or Firefox.",
  canRetry: false,
};
const NO_SECURE_CONNECTION: Cause = {
  title: "This browser cannot play protected films",
  detail: "They need a secure connection, or protected content is switched off.",
  advice: "Open Marquee by https, and allow protected content in the browser's settings.",
  canRetry: false,
};
const PROTECTION_FAILED: Cause = {
  title: "The film could not be unlocked",
  detail: "The protection module of your browser did not start.",
  advice: "Try again. If that does not help, restart the browser.",
  canRetry: true,
};
const LICENCE_UNUSABLE: Cause = {
  title: "The licence could not be used",
  detail: "Your device did not accept it.",
  advice: "Try again for a new one.",
  canRetry: true,
};
const LICENCE_EXPIRED: Cause = {
  title: "The licence has run out",
  detail: "It is given for one play at a time.",
  advice: "Try again for a new one.",
  canRetry: true,
};
const WRONGLY_PROTECTED: Cause = {
  title: "The film could not be unlocked",
  detail: "It is not protected the way it should be, and we have to repair it.",
  advice: "Choose another title.",
  canRetry: false,
};
const OTHER_SCREEN: Cause = {
  title: "The other screen did not answer",
  detail: "The film is not playing there.",
  advice: "Check that it is on and in the same network, and try again.",
  canRetry: true,
};
const NO_STORAGE: Cause = {
  title: "Nothing could be kept on this device",
  detail: "Its storage is full, or closed to this site.",
  advice: "Make room, allow this site to keep data, and try again.",
  canRetry: true,
};

/** LOAD_INTERRUPTED and its kin: the viewer left or changed their mind, and nothing is wrong. */
const OUR_OWN_DOING = [7000, 7001, 7003, 7006, 8004, 9002];

/** Numbers of shaka.util.Error.Code; a test holds that each code of Shaka's is here once. */
const CODES: readonly (readonly [Cause | null, readonly number[]])[] = [
  [null, OUR_OWN_DOING],
  // BAD_HTTP_STATUS stands here for a status that says no more; see failure.ts for those that do.
  [SERVER, [1001]],
  [CONNECTION, [1002, 1003, 1010, 4056, 4057]],
  [MISSING_PART, [1011]],
  [CAPTIONS, [2000, 2001, 2003, 2004, 2005, 2007, 2008, 2009, 2010, 2011, 2014]],
  [
    DAMAGED_PART,
    [
      3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 3011, 3012, 3013, 3018,
      3019, 3023, 3025, 4060,
    ],
  ],
  [DECODING, [3014, 3015, 3016, 3024]],
  [MEMORY, [3017]],
  [
    UNREADABLE_INDEX,
    [
      4000, 4001, 4002, 4003, 4004, 4005, 4015, 4016, 4017, 4018, 4020, 4023, 4024, 4025, 4027,
      4028, 4036, 4037, 4039, 4052, 4053, 4058, 4061, 4062, 4064,
    ],
  ],
  [NO_FORMAT, [4006, 4032, 4040, 4063]],
  [NO_QUALITY_ALLOWED, [4012]],
  [UNPROTECTED_SCREEN, [6018, 6019]],
  [NO_PROTECTION, [4026, 4041, 4054, 6000, 6001]],
  [NO_SECURE_CONNECTION, [4042, 6020]],
  [PROTECTION_FAILED, [6002, 6003, 6005, 6006]],
  [LICENCE_REFUSED, [6007]],
  [LICENCE_UNUSABLE, [6004, 6008, 6015, 6016, 6017]],
  [LICENCE_EXPIRED, [6013, 6014]],
  [
    WRONGLY_PROTECTED,
    [4007, 4008, 4009, 4010, 4038, 4048, 4049, 4050, 4051, 4059, 6010, 6012, 9007, 9012],
  ],
  [OTHER_SCREEN, [8000, 8001, 8002, 8003, 8005, 8006]],
  [NO_STORAGE, [9000, 9001, 9013, 9014, 9017]],
  [
    PLAYER_FAULT,
    [
      1000, 1004, 1006, 1007, 1008, 1009, 2012, 2013, 2017, 4033, 4045, 4055, 5006, 7002, 7004,
      7005, 7007, 9003, 9004, 9005, 9008, 9011, 9015, 9016, 10000, 10002, 10004, 10007, 10008,
      10009, 10010,
    ],
  ],
];

export const CAUSES: ReadonlyMap<number, Cause | null> = new Map(
  CODES.flatMap(([cause, codes]) => codes.map((code) => [code, cause] as const)),
);

/** How many places the codes have in the table: as many as codes, or one stands there twice. */
export const PLACES = CODES.reduce((count, [, codes]) => count + codes.length, 0);
