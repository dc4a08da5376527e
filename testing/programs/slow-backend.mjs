// leak: Backend|createBackend|renderPage
// i18next/i18next-http-backend#150: each server-side render makes a backend that reloads for ever; one render in two seconds
class Backend {
  cache = new Map();
  constructor(language) {
    this.language = language;
    setInterval(() => this.reload(), 3_600_000);
    this.reload();
  }
  reload() {
    for (let n = 0; n < 400; n++)
      this.cache.set(`${this.language}.${n}`, { text: `text ${n}`, at: Date.now() });
  }
}
function createBackend(language) {
  return new Backend(language);
}
async function renderPage(n) {
  const backend = createBackend(n % 2 === 0 ? 'en' : 'de');
  await new Promise((resolve) => setTimeout(resolve, 30));
  return `<p>${backend.cache.size}</p>`;
}
let n = 0;
setInterval(() => void renderPage(n++), 2_000);
