// As in a browser, whose own EventSource cannot be given headers.
import { EventSource } from "eventsource";
import { events } from "./documents.js";

export const connect = (url) => (variables, { next, ended }) => {
  const given = new URLSearchParams({ query: events, variables: JSON.stringify(variables) });
  const source = new EventSource(`${url}?${given}`);
  // It connects again of its own accord, and says by Last-Event-ID what it heard last.
  source.addEventListener("next", (event) => {
    const { data, errors } = JSON.parse(event.data);
    if (errors) ended(errors);
    else next(data.events);
  });
  // What is over would be asked for again and again, too.
  source.addEventListener("complete", () => {
    source.close();
    ended();
  });
};
