// Where the page lies from here: in the workspace's build, and where it is built. packed/page-places.ts is for the published agent.
export const pagePlaces: readonly string[] = ['../ui/agent.html.gz', '../../../ui/dist/agent.html.gz'];
