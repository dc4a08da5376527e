// trap: much garbage and nothing that stays: documents are parsed, summed up and thrown away
const text = JSON.stringify(
  Array.from({ length: 4_000 }, (_, id) => ({ id, tags: ['a', 'b'], at: `2024-01-${id % 28}` })),
);
let sum = 0;
function summarize(document) {
  for (const { id, tags } of document) sum += id * tags.length;
}
setInterval(() => {
  for (let i = 0; i < 4; i++) summarize(JSON.parse(text));
}, 100);
