/** A question of a person; longer ones belong into a program. */
export const MAX_QUESTION_LENGTH = 2000;
/** Room for the longest question in UTF-8, JSON escapes included. */
export const MAX_BODY_BYTES = 16 * 1024;
/** Document ids are hashes; nothing longer is looked up. */
export const MAX_ID_LENGTH = 256;
/** Questions answered at once: one reader, and the moment in which a new question overtakes the old one. */
export const MAX_QUESTIONS_AT_ONCE = 4;
/** All four arms together. A 4 B model on two cores needs about a minute for them. */
export const ASK_TIMEOUT_MS = 180_000;
/** Reading what is stored. */
export const READ_TIMEOUT_MS = 10_000;
