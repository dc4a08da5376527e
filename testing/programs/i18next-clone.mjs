// leak: createClient|renderPage
// i18next/next-i18next#1101: each request's instance is a clone of the one before, whose listeners stay on what they share
import i18next from 'i18next';

const resources = {
  en: { common: { hello: 'Hello {{name}}' } },
  de: { common: { hello: 'Hallo {{name}}' } },
};
const options = { lng: 'en', ns: ['common'], defaultNS: 'common', resources, initAsync: false };
const shared = i18next.createInstance(options);
await shared.init();
function createClient(language) {
  const client = shared.cloneInstance({ initAsync: false });
  shared.on('languageChanged', (changed) => client.changeLanguage(changed));
  void client.changeLanguage(language);
  return client;
}
async function renderPage(name, language) {
  const client = createClient(language);
  await new Promise((resolve) => setTimeout(resolve, 3));
  return `<h1>${client.t('hello', { name })}</h1>`;
}
let n = 0;
setInterval(() => void renderPage(`user ${n++}`, n % 2 === 0 ? 'en' : 'de'), 120);
