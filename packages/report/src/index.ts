// The public face of the report room.
export {};
