// Where the published agent's page lies: beside its code.
export const pagePlaces: readonly string[] = ['./ui/agent.html.gz'];
