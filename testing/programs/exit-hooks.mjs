// leak: createWorkspace|runJob
// electrovir/catch-exit#2, mike-marcacci/fs-capacitor#30: each job adds a hook to the end of the process, also when it is long done
process.setMaxListeners(0);
function createWorkspace(id) {
  const files = new Array(60).fill(id + 0.5);
  process.on('exit', () => files.splice(0));
  process.on('SIGTERM', () => files.splice(0));
  return files;
}
async function runJob(id) {
  const files = createWorkspace(id);
  await new Promise((resolve) => setTimeout(resolve, 30));
  return files.length;
}
let n = 0;
setInterval(() => void runJob(n++), 50);
