// The public face of the agent room.
export {};
