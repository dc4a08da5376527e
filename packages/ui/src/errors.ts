// Every way in which the page can fail on purpose.
import type { LeaksError } from '@stackpile/leaks';
import type { ProfileError } from '@stackpile/profile';
import type { ReportError } from '@stackpile/report';

/**
 * The errors of this room, compared with docs/errors.md and with the sources by `npm run check -- error-codes`. `codes`: what a
 * user can meet, stable for programs, and what it means. `internal`: classes that never get that far, and who turns them into
 * something that may.
 */
export const errorTable = {
  codes: {
    ENGINE_STOPPED: 'The worker of the page stopped, most likely for want of memory.',
    ENGINE_MEMORY: 'The browser has not enough memory for the profile.',
    ENGINE_FAILED: 'The page has a defect; the message is all that it knows.',
    NO_ENGINE: 'The worker of the page has not started.',
    NO_PROFILE: 'The profile was closed meanwhile.',
    NO_SERVICE: 'The page was opened from files: there is no running service to ask.',
    NO_COMMON_TYPE: 'The two profiles have no sample type in common.',
    NO_FILE: 'The file that the Source view asked for is not to be had; the message says why.',
    NO_CHUNK: 'A part of the page did not arrive, or was changed on its way.',
    BAD_PATTERN: 'A filter is no regular expression; the message says where.',
    REPORT: 'A report under Text cannot be made.',
    REPORT_TOO_LARGE: 'The open profiles are too many for one report file.',
    GRAPHVIZ: 'The graph could not be laid out.',
    HTTP_STATUS: 'The server answered with another status than 200; its own words are in the message.',
    HTTP_UNREACHABLE: 'The server does not answer.',
  },
  internal: {},
} as const;

/** What went wrong in the page itself. */
export type UiErrorCode = keyof typeof errorTable.codes;

/** What the worker reports: an error of its own, or of a room that it asked. */
export type EngineErrorCode = UiErrorCode | ProfileError['code'] | LeaksError['code'] | ReportError['code'];
