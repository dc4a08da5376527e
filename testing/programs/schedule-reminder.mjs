// leak: remind|onOrder
// node-schedule/node-schedule#478, node-schedule/node-schedule#140: jobs of days to come, replaced and not cancelled
import { scheduleJob } from 'node-schedule';

const reminders = new Map();
function remind(user, text) {
  const job = scheduleJob(new Date(Date.now() + 3 * 86_400_000), () => console.log(user, text.join(' ')));
  reminders.set(user, job); // the one before stays scheduled
}
function onOrder(user, id) {
  remind(user, new Array(400).fill(`order ${id}`));
}
let n = 0;
setInterval(() => onOrder(`user-${n % 15}`, n++), 150);
