// The public face of the cli room.
export {};
