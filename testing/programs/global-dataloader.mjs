// leak: loadUser|resolveAuthor|UserLoader
// graphql-hive/gateway#1085, OpenCTI-Platform/opencti#2878: one loader for the whole process, whose cache is meant for one request
import DataLoader from 'dataloader';

const userLoader = new DataLoader(async (keys) =>
  keys.map(({ id }) => ({ id, name: `user ${id}`, roles: [id] })),
);
async function loadUser(id) {
  return userLoader.load({ id });
}
async function resolveAuthor(post) {
  const user = await loadUser(post.author);
  return user.name;
}
let n = 0;
setInterval(() => void resolveAuthor({ author: n++ % 50 }), 15);
