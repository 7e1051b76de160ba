// @ts-check
/** A file that is left out for a reason of ours; the message is a clause without a final full stop. */
export class Refused extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.name = "Refused";
  }
}
