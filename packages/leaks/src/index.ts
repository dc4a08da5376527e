// The public face of the leaks room.
export {};
