// Follows a stream over as many connections as it takes: each goes on from the last cursor that came.
import { setTimeout as pause } from "node:timers/promises";

const SHORTEST = 100;
const LONGEST = 30_000;

export const follow = async (subscribe, after, heard) => {
  let milliseconds = SHORTEST;
  for (;;) {
    const reason = await new Promise((ended) => {
      const next = (update) => {
        after = update.cursor;
        milliseconds = SHORTEST;
        heard(update);
      };
      subscribe({ after }, { next, ended });
    });
    // A list of errors is Dateline's answer; anything else is a connection that was lost.
    if (Array.isArray(reason)) return reason;
    await pause(milliseconds);
    milliseconds = Math.min(2 * milliseconds, LONGEST);
  }
};
