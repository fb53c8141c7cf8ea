// Follows a stream over as many connections as it takes: each goes on from the last cursor that came.
import { setTimeout as pause } from "node:timers/promises";

export const follow = async (subscribe, after, heard) => {
  for (;;) {
    const reason = await new Promise((ended) => {
      const next = (update) => {
        after = update.cursor;
        heard(update);
      };
      subscribe({ after }, { next, ended });
    });
    // A list of errors is Dateline's answer; anything else is a connection that was lost.
    if (Array.isArray(reason)) return reason;
    await pause(100);
  }
};
