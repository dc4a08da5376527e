// What a room sees in place of a room that it must not import (see the rooms' src/tsconfig.json): nothing at all.
export {};
