// The part of gifenc that is used. Its file of ES modules is named in full: its `main` is CommonJS, which no bundle takes.
declare module 'gifenc/dist/gifenc.esm.js' {
  export function GIFEncoder(): {
    /** `indexes` into the palette, one a pixel; `repeat` of -1 leaves out what only animations have. */
    writeFrame(
      indexes: Uint8Array,
      width: number,
      height: number,
      options: { readonly palette: readonly (readonly number[])[]; readonly repeat: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array;
  };
}
