// leak: compile|render|Templates
// pugjs/pug#2972, mde/ejs#401: the text to be compiled holds the data already, and what was compiled is kept by its text
class Templates {
  #compiled = new Map();
  compile(text) {
    let made = this.#compiled.get(text);
    if (made === undefined) {
      // oxlint-disable-next-line typescript/no-implied-eval -- what template engines do
      made = new Function('data', `return [${JSON.stringify(text)}, data.name, ${text.length}].join(' ');`);
      this.#compiled.set(text, made);
    }
    return made;
  }
}
const templates = new Templates();
function render(mail) {
  return templates.compile(`Dear ${mail.name}, your order ${mail.order} is on its way.`)(mail);
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 3; i += 1) render({ name: `customer ${n % 90}`, order: n++ });
}, 25);
