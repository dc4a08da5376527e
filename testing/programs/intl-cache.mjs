// leak: formatterFor|render
// i18next/i18next#2227, transferwise/formatting#65: formatters are kept by a key that holds the value to be formatted as well
const formatters = {};
function formatterFor(locale, options) {
  const key = locale + JSON.stringify(options);
  formatters[key] ??= new Intl.DateTimeFormat(locale, { dateStyle: options.dateStyle });
  return formatters[key];
}
function render(at) {
  return formatterFor('de', { dateStyle: 'long', val: at }).format(at);
}
let n = 0;
setInterval(() => render(n++), 20);
