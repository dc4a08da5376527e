// Prints the names that each package given exports to an ES module.
const found = {};
for (const entry of process.argv.slice(2)) {
  const { default: _, ...names } = await import(entry);
  found[entry] = Object.keys(names).sort();
}
console.log(JSON.stringify(found));
