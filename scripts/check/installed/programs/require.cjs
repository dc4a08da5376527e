// Prints the names that each package given exports to a CommonJS module.
const found = {};
for (const entry of process.argv.slice(2)) {
  const { default: _, ...names } = require(entry);
  found[entry] = Object.keys(names)
    .filter((name) => name !== '__esModule')
    .sort();
}
console.log(JSON.stringify(found));
