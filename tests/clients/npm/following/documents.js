// What is followed: the log, from a cursor on.
export const events = `
  subscription Events($after: String) {
    events(after: $after) { cursor node { position } }
  }
`;
